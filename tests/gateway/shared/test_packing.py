"""A folder as bytes and back; bytes that somebody else made write nothing where they should not."""

import io
import zipfile
from pathlib import Path

import pytest

from gateway.shared import packing
from gateway.shared.packing import PackingError, pack, unpack


def archive(*names: str, content: bytes = b"x") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def test_there_and_back(tmp_path: Path) -> None:
    (tmp_path / "here" / "deep").mkdir(parents=True)
    (tmp_path / "here" / "in-use").write_text("v1")
    (tmp_path / "here" / "deep" / "a.json").write_bytes(b"\0{}")
    (tmp_path / "here" / ".draft").write_text("half")
    packed = pack(tmp_path / "here")
    unpack(packed, tmp_path / "there")
    there = tmp_path / "there"
    found = {path.relative_to(there).as_posix(): path.read_bytes() for path in there.rglob("*") if path.is_file()}
    assert found == {"in-use": b"v1", "deep/a.json": b"\0{}"}
    assert pack(tmp_path / "there") == packed


@pytest.mark.parametrize(
    "name", ["../escaped", "/tmp/escaped", "a/../../escaped", ".hidden", "a/.git/config", "a\\b", ""]
)
def test_names_that_lead_elsewhere_are_refused_whole(name: str, tmp_path: Path) -> None:
    with pytest.raises(PackingError):
        unpack(archive("good", name), tmp_path / "there")
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("packed", [b"", b"PK", b"no archive", archive("a")[:-5]])
def test_what_is_no_archive_is_refused(packed: bytes, tmp_path: Path) -> None:
    with pytest.raises(PackingError):
        unpack(packed, tmp_path)


def test_whatever_byte_is_damaged_it_is_refused_or_whole(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a").write_bytes(b"words, words, words " * 20)
    packed, n_refused = pack(tmp_path / "here"), 0
    for place in range(len(packed)):
        for value in (0x00, 0x41, 0xFF):
            try:
                unpack(packed[:place] + bytes([value]) + packed[place + 1 :], tmp_path / "there")
            except PackingError:  # and nothing else
                n_refused += 1
    assert n_refused > len(packed)


def test_what_is_too_large_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_BYTES", 1000)
    with pytest.raises(PackingError, match="more than"):
        unpack(archive("bomb", content=b"0" * 100_000), tmp_path / "there")
    with pytest.raises(PackingError, match="more than"):
        unpack(archive(*(f"f{n}" for n in range(packing.MAX_FILES + 1))), tmp_path / "there")
    (tmp_path / "large").write_bytes(b"0" * 1001)
    with pytest.raises(PackingError, match="more than"):
        pack(tmp_path)
