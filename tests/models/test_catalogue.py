"""The catalogue: every row is whole, its file can be fetched by name, and its memory is reckoned before it is here."""

import os
import re
from pathlib import Path

import pytest

from gateway.cli.model_memory import memory_of
from models.catalogue.bundled import bundled_model_path
from models.catalogue.catalogue import TOLD, CatalogueError, CatalogueModel, catalogue, find_model
from models.engine.loading import memory
from models.engine.loading.catalogue_header import catalogue_header
from models.engine.loading.header import read_header
from models.engine.loading.memory import expected_memory
from models.engine.native.llama import repacked_encodings
from models.engine.options import EngineOptions
from models.engine.prompt import call_format
from tests import command
from tests.models.engine.tiny import tiny_model

GB = 1_000_000_000
WITH_FILE = [model for model in catalogue().values() if not model.served]
ALL = pytest.mark.parametrize("model", WITH_FILE, ids=[model.name for model in WITH_FILE])
URL = re.compile(r"https://huggingface\.co/[\w.-]+/[\w.-]+/resolve/(main|[0-9a-f]{40})/[\w.-]+\.gguf")


@pytest.mark.parametrize("name", catalogue())
def test_every_row_is_found_by_its_name(name: str) -> None:
    model = find_model(name)
    assert model is catalogue()[name] is find_model(name.replace(".", "_"))
    assert model.licence
    assert model.n_ctx > 0
    assert [model.url is not None, model.served is not None, model.bundled].count(True) == 1


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(CatalogueError, match=r"no model 'qwen3-4' .* did you mean 'qwen3-4b'"):
        find_model("qwen3-4")


@ALL
def test_every_row_says_what_can_be_fetched_and_checked(model: CatalogueModel) -> None:
    assert model.url is None or URL.fullmatch(model.url)
    assert model.size_bytes > 1_000_000
    assert model.sha256 is None or re.fullmatch("[0-9a-f]{64}", model.sha256)
    assert (model.exact_bytes is None) == (model.sha256 is None), "a file that was looked up has a size and a checksum"
    assert model.encoding
    assert model.encoding.lower() in model.title.lower()


def test_no_two_rows_have_the_same_file() -> None:
    for fact in ("url", "sha256", "file_name"):
        known = [value for model in WITH_FILE if (value := getattr(model, fact))]
        assert len(known) == len(set(known))


@ALL
def test_every_row_names_a_format_of_tool_calls_that_the_engine_has(model: CatalogueModel) -> None:
    names = {name.lower() for name, value in vars(call_format).items() if isinstance(value, call_format.CallFormat)}
    assert model.tools in names | {TOLD}


@ALL
def test_the_memory_of_every_row_is_reckoned(model: CatalogueModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the file, by what the file's context and its second copy can take, and not twice as much again."""
    monkeypatch.setattr(memory, "free_memory_bytes", lambda: 24 * GB)
    header = catalogue_header(model)
    assert header is not None
    plan = expected_memory(EngineOptions(Path("absent.gguf")), header)
    assert plan.n_ctx == min(model.n_ctx, header.n_ctx_short or model.n_ctx, memory.DEFAULT_MAX_CTX)
    assert plan.repacked_bytes <= model.size_bytes
    assert plan.states_bytes == 8 * header.state_bytes
    assert model.size_bytes < plan.total_bytes < 2 * model.size_bytes + 4.5 * GB
    if model.size_bytes > GB and header.cell_numbers > 100_000:
        assert plan.cells_bytes > GB / 2


@pytest.mark.engine
def test_the_estimate_agrees_with_the_file() -> None:
    model = find_model("smollm2-135m")
    told, read = catalogue_header(model), read_header(bundled_model_path())
    assert told is not None
    same = ("cell_numbers", "n_heads", "n_embd", "n_ff", "n_vocab", "n_ctx_train", "state_bytes")
    assert {name: getattr(told, name) for name in same} == {name: getattr(read, name) for name in same}
    assert told.weights_bytes == pytest.approx(read.weights_bytes, rel=0.05)


def test_an_encoding_that_is_repacked_counts_twice() -> None:
    header = catalogue_header(find_model("gemma-3-4b-qat"))
    assert header is not None
    rest = header.weights_bytes - header.repacked_bytes
    table = header.n_vocab * header.n_embd * 6.5625 / 8
    assert rest == pytest.approx(table, rel=0.01) or 14 in repacked_encodings()


def test_memory_is_that_of_the_file_where_it_is_here(tmp_path: Path) -> None:
    model = find_model("phi-3-mini-4k")
    absent = memory_of(model, tmp_path, tmp_path)
    assert absent is not None
    assert absent.plan.weights_bytes == model.size_bytes
    os.link(tiny_model(), tmp_path / str(model.file_name))
    here = memory_of(model, tmp_path, tmp_path)
    assert here is not None
    assert here.plan.weights_bytes == tiny_model().stat().st_size
    assert memory_of(find_model("phi-3-small-8k"), tmp_path, tmp_path) is None


def test_what_does_not_fit_is_told_with_one_whole_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory_bytes", lambda: GB)
    monkeypatch.setattr("gateway.cli.model_memory.memory_bytes", lambda: 8 * GB)
    expected = memory_of(find_model("phi-3-mini-4k"), tmp_path, tmp_path)
    assert expected is not None
    assert not expected.fits_now
    assert expected.fits_machine
    assert (expected.plan.n_cells, expected.plan.repacked_bytes) == (4096, 0)


def test_the_list_says_what_the_memory_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory_bytes", lambda: 24 * GB)
    done = command.run("models", "list", cwd=tmp_path, COLUMNS="250", SLIMGATE_STATE_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    row = re.search(r"^phi-3-mini-4k .*\n.*", done.stdout, re.MULTILINE)
    assert row is not None
    assert re.search(r"2\.39 GB\s+6\.\d GB\s+\S", row[0]), row[0]
    assert "memory for 4096 tokens, 8 answers; 4096 tokens of context; MIT; tool calls explained" in row[0]


def test_what_must_be_typed_is_whole_on_a_narrow_terminal(tmp_path: Path) -> None:
    done = command.run("models", "list", cwd=tmp_path, COLUMNS="80", SLIMGATE_STATE_DIR=str(tmp_path))
    lines = done.stdout.splitlines()
    assert [name for name in catalogue() if not any(line.split()[:1] == [name] for line in lines)] == []
    assert "…" not in done.stdout
    assert max(map(len, lines)) <= 80
