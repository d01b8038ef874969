"""What is examined is known by its content or its address: another model has another key, a copy the same one."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.config.sections.local import LocalSettings
from gateway.marks import examinee as module
from gateway.marks.examinee import SAMPLE_BYTES, SAMPLES, WORKERS_ENGINE, Examinee, examinee_of
from gateway.marks.record import ExamFolder
from models.catalogue.bundled import bundled_model_path
from models.engine.errors import ModelLoadError
from models.engine.loading.gguf_file import read_gguf
from tests.models.engine.tiny import write_phi3


def examined(**settings: Any) -> Examinee:
    found = examinee_of(LocalSettings(**settings))
    assert found is not None
    return found


def key_of(path: Path, **settings: Any) -> str:
    return examined(model_path=path, **settings).key


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_phi3(tmp_path / "model.gguf")


def test_of_a_file_its_name_quantisation_and_template_are_told() -> None:
    found = examined()
    assert (found.name, found.quantisation) == ("SmolLM2-135M-Instruct.Q4_1", "Q4_1")
    assert found.size_bytes == bundled_model_path().stat().st_size
    assert found.template is not None
    assert found.url is None
    assert len(found.key) == 16


def test_a_copy_is_the_same_model(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.gguf"
    copy.write_bytes(model.read_bytes())
    assert key_of(copy) == key_of(model)


def test_other_weights_or_another_template_are_another_model(model: Path, tmp_path: Path) -> None:
    others = [
        write_phi3(tmp_path / "weights.gguf", seed=1),
        write_phi3(tmp_path / "template.gguf", template="{{ messages[0]['content'] }}"),
    ]
    assert len({key_of(path) for path in (model, *others)}) == 3


@pytest.mark.parametrize("place", ["first weight", "last weight", "token in the header"])
def test_a_changed_byte_is_seen(model: Path, tmp_path: Path, place: str) -> None:
    content = bytearray(model.read_bytes())
    n_header_bytes = read_gguf(model).n_header_bytes
    position = {
        "first weight": n_header_bytes + 64,
        "last weight": len(content) - 1,
        "token in the header": content.index(b"hello"),
    }[place]
    content[position] ^= 1
    changed = tmp_path / "changed.gguf"
    changed.write_bytes(content)
    assert key_of(changed) != key_of(model)


def test_samples_are_spread_over_the_whole_file() -> None:
    starts = list(module._sample_starts(1000, 5_000_000_000))
    assert (len(starts), starts[0], starts[-1]) == (SAMPLES, 1000, 5_000_000_000 - SAMPLE_BYTES)
    gaps = {after - before for before, after in pairwise(starts)}
    assert max(gaps) - min(gaps) <= 1


def test_a_coarse_cache_is_another_examinee_and_a_place_is_not(model: Path) -> None:
    assert key_of(model, kv_cache_type="q8_0") != key_of(model)
    assert key_of(model, kv_cache_type="bf16") == key_of(model)
    assert key_of(model, n_ctx=512, n_threads=1, max_sequences=2) == key_of(model)


def test_another_version_of_the_exam_has_other_keys(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(model)
    monkeypatch.setattr(module, "EXAM_VERSION", "next")
    assert key_of(model) != before


def test_a_file_that_is_missing_or_no_model_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF\x03")
    for path in (tmp_path / "gone.gguf", broken):
        with pytest.raises(ModelLoadError, match=path.name):
            examined(model_path=path)


def test_a_server_is_known_by_its_address_and_its_model() -> None:
    one = examined(base_url="http://127.0.0.1:9/v1", model="a")
    assert (one.name, one.url, one.path) == ("a", "http://127.0.0.1:9/v1", None)
    assert examined(base_url="http://127.0.0.1:9/v1/", model="a").key == one.key
    others = [("http://127.0.0.1:8/v1", "a"), ("http://127.0.0.1:9/v1", "b")]
    assert one.key not in {examined(base_url=url, model=name).key for url, name in others}


def test_secrets_in_an_address_are_not_kept() -> None:
    found = examined(base_url="http://me:hunter2@127.0.0.1:9/v1", model="a")
    assert found.url == "http://me:***@127.0.0.1:9/v1"
    assert "hunter2" not in str(found.to_json())


def test_a_server_that_has_not_said_which_model_it_has_had_it_last_time(tmp_path: Path) -> None:
    settings = LocalSettings(base_url="http://127.0.0.1:9/v1")
    folder = ExamFolder(tmp_path)
    assert folder.examinee(settings) is None
    for begun, name in enumerate(("old", "new")):
        told = examinee_of(settings, name)
        assert told is not None
        folder.record(told.key).begin(told, begun)
    assert folder.examinee(settings) == examinee_of(settings, "new")
    assert folder.examinee(settings, "old") == examinee_of(settings, "old")
    assert folder.examinee(LocalSettings(base_url="http://127.0.0.1:8/v1")) is None


def test_no_local_model_is_none() -> None:
    assert examinee_of(LocalSettings(enabled=False)) is None


def test_a_worker_knows_the_file_behind_the_engine_that_all_share(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"unix:{tmp_path / 'engine.sock'}"
    monkeypatch.setenv(WORKERS_ENGINE, url)
    assert key_of(model, base_url=url) == key_of(model)
    assert examined(model_path=model, base_url="unix:/run/another.sock", model="a").url == "unix:/run/another.sock"
