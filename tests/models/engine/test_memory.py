"""How much memory a model takes, reckoned before it is loaded."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.catalogue.bundled import bundled_model_path
from models.engine.errors import ModelLoadError
from models.engine.loading.gguf_file import MAX_TEXT_BYTES
from models.engine.loading.header import Header, read_header
from models.engine.loading.memory import plan_memory
from models.engine.native import machine
from models.engine.options import EngineOptions
from tests.models.engine.live import running_engine
from tests.models.engine.tiny import N_CTX, N_EMBD, N_LAYER, tiny_model

PHI3 = Header(
    weights_bytes=2_150_000_000,
    n_ctx_train=4096,
    n_ctx_short=None,
    cell_numbers=196_608,
    n_heads=32,
    n_embd=3072,
    n_ff=8192,
    n_vocab=32_064,
    repacked_bytes=2_000_000_000,
)
GB = 1_000_000_000


def plan(free_gb: float, *, repack: bool = False, **options: Any) -> Any:
    chosen = EngineOptions(Path("phi3.gguf"), **options)
    return plan_memory(chosen, PHI3, repack=repack, free_bytes=int(free_gb * GB))


def test_a_header_is_read() -> None:
    header = read_header(tiny_model())
    assert (header.n_ctx_train, header.n_embd, header.cell_numbers) == (N_CTX, N_EMBD, 2 * N_LAYER * N_EMBD)
    assert header.weights_bytes == tiny_model().stat().st_size


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"GGUF", b"GGUF" + b"\xff" * 4096, b"no model" * 100),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, MAX_TEXT_BYTES + 1) + bytes(MAX_TEXT_BYTES + 64),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 2**40, 0),
        b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
    ],
)
def test_what_is_no_header_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"odd\.gguf cannot be loaded"):
        read_header(path)


@pytest.mark.parametrize(
    ("free_gb", "n_ctx", "n_cells"),
    [(3, 1024, 1024), (4, 3328, 3328), (8, 4096, 4096), (24, 4096, 4096), (40, 4096, 8192), (300, 4096, 16384)],
)
def test_the_context_follows_free_memory(free_gb: float, n_ctx: int, n_cells: int) -> None:
    chosen = plan(free_gb)
    assert (chosen.n_ctx, chosen.n_cells) == (n_ctx, n_cells)
    assert chosen.total_bytes <= 0.9 * free_gb * GB


@pytest.mark.parametrize("options", [{}, {"n_ctx": 4096}, {"n_cells": 4096}, {"n_ctx": 512}])
def test_what_does_not_fit_is_refused_with_numbers(options: dict[str, Any]) -> None:
    free_gb = 2.5 if options.get("n_ctx") != 4096 and "n_cells" not in options else 4
    with pytest.raises(ModelLoadError, match=r"needs [\d.]+ GB: 2\.1 for its weights.* GB can be used"):
        plan(free_gb, **options)


def test_a_repacked_copy_counts() -> None:
    assert plan(20, repack=True).total_bytes - plan(20).total_bytes == PHI3.repacked_bytes


def test_an_extended_context_stays_within_the_first_one() -> None:
    extended = replace(PHI3, n_ctx_train=131_072, n_ctx_short=4096)
    assert plan_memory(EngineOptions(Path("m.gguf")), extended, repack=False, free_bytes=300 * GB).n_cells == 4096


@pytest.mark.parametrize("version", [1, 2])
def test_a_control_groups_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    """Also that of a group around this one; the pages of files are free."""
    monkeypatch.setattr(machine, "_GROUP_FOLDER", tmp_path)
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "groups")
    outer = tmp_path / ("memory/outer" if version == 1 else "outer")
    (outer / "inner").mkdir(parents=True)
    (tmp_path / "groups").write_text("4:memory:/outer/inner\n" if version == 1 else "0::/outer/inner\n")
    limit, used = "memory.max", "memory.current"
    if version == 1:
        limit, used = "memory.limit_in_bytes", "memory.usage_in_bytes"
    (outer / limit).write_text("900000000\n")
    (outer / used).write_text("500000000\n")
    (outer / "memory.stat").write_text("inactive_file 100000000\ntotal_inactive_file 100000000\n")
    assert (machine.memory_bytes(), machine.free_memory_bytes()) == (900_000_000, 500_000_000)


@pytest.mark.engine
def test_the_plan_agrees_with_the_process(tmp_path: Path) -> None:
    with running_engine(tmp_path, model_path=bundled_model_path(), n_ctx=8192, max_sequences=8) as engine:
        info = engine.ready()
        assert info.planned_bytes == pytest.approx(info.resident_bytes, rel=0.15)
