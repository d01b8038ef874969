"""Re-encoded weights: made once, atomically, with nearly the same logits."""

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.catalogue.bundled import bundled_model_path
from models.engine.errors import ModelLoadError
from models.engine.loading.loading import load
from models.engine.loading.reencode import faster_weights
from models.engine.native.llama import Context, Model, StepBatch
from models.engine.options import EngineOptions

pytestmark = pytest.mark.engine

TEXT = "The harbour master keeps a list of all the ships that come in at night, and every morning he"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose modification time a test may change."""
    return Path(shutil.copy2(bundled_model_path(), tmp_path_factory.mktemp("original") / "small.gguf"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state") / "weights"


@pytest.fixture(scope="module")
def faster(original: Path, folder: Path) -> Path:
    return faster_weights(original, folder, n_threads=2)


def probabilities(path: Path) -> np.ndarray:
    """The logits after each token of `TEXT`: an array of tokens by vocabulary."""
    model = Model(path)
    context = Context(model, n_ctx=256, n_sequences=1, n_batch=1, n_ubatch=1, n_threads=1)
    batch, found = StepBatch(1, 1), []
    for position, token in enumerate(model.tokenize(TEXT, add_special=True)):
        batch.clear()
        batch.add(0, [token], position, wants_output=True)
        context.decode(batch)
        scores = context.logits(0).astype(np.float64)
        shifted = np.exp(scores - scores.max())
        found.append(shifted / shifted.sum())
    context.close()
    model.close()
    return np.array(found)


def test_the_file_is_written_to_the_folder(original: Path, folder: Path, faster: Path) -> None:
    assert faster != original
    assert [path.name for path in folder.iterdir()] == [faster.name]
    model = Model(faster)
    assert model.metadata("general.file_type") == "7"  # llama.cpp's number for Q8_0
    assert model.chat_template
    model.close()


def test_its_logits_are_close_to_the_originals(original: Path, faster: Path) -> None:
    before, after = probabilities(original), probabilities(faster)
    divergence = (before * np.log((before + 1e-12) / (after + 1e-12))).sum(axis=1)
    assert divergence.mean() < 0.02  # nats; the file as Q4_0 would be at 0.3


def test_a_later_start_reuses_it(original: Path, folder: Path, faster: Path) -> None:
    written = faster.stat().st_mtime_ns
    assert faster_weights(original, folder, n_threads=2) == faster
    assert faster.stat().st_mtime_ns == written


def test_the_engine_serves_it_under_the_originals_name(original: Path, folder: Path, faster: Path) -> None:
    options = EngineOptions(original, n_ctx=256, max_sequences=1, weights_dir=folder)
    loaded = load(options, use_extra_bufts=False)
    try:
        assert loaded.model.path == faster
    finally:
        loaded.close()
    loaded = load(EngineOptions(original, n_ctx=256, max_sequences=1), use_extra_bufts=False)
    try:
        assert loaded.model.path == original
    finally:
        loaded.close()


def test_a_fast_encoding_is_not_re_encoded(folder: Path, faster: Path, tmp_path: Path) -> None:
    assert faster_weights(faster, tmp_path, n_threads=2) == faster
    assert not list(tmp_path.iterdir())


def test_a_changed_file_of_the_same_name_replaces_it(original: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy2(original, tmp_path / "small.gguf"))
    folder = tmp_path / "weights"
    first = faster_weights(copy, folder, n_threads=2)
    os.utime(copy, ns=(1, 1))
    second = faster_weights(copy, folder, n_threads=2)
    assert first != second
    assert [path.name for path in folder.iterdir()] == [second.name]


def test_a_folder_that_cannot_be_used_costs_speed_only(
    original: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "weights").write_text("a file stands where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert faster_weights(original, tmp_path / "weights", n_threads=2) == original
    assert "are not re-encoded" in caplog.text


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(b"GGUF and nothing that follows from it")
    with pytest.raises(ModelLoadError, match="damaged"):
        faster_weights(damaged, tmp_path / "weights", n_threads=2)
    assert not (tmp_path / "weights").exists()
