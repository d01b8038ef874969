"""Files that are no chat models, or not whole: the first thing that llama.cpp says of each is the reason."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gguf
import httpx
import numpy as np
import openai
import pytest

from models.engine.errors import ModelLoadError
from models.engine.loading.loading import load
from models.engine.native.llama import Model
from models.engine.options import EngineOptions
from models.engine.scheduling.embeddings import CHUNK_TOKENS, EmbeddingContext, normalise
from tests.conftest import MakeGateway
from tests.live import wait_for
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.tiny import tiny_model, write_bert, write_phi3

pytestmark = pytest.mark.engine


def odd_file(path: Path, architecture: str, *, big_endian: bool = False, **fields: Any) -> Path:
    """A file with one tensor that is no model."""
    order = gguf.GGUFEndian.BIG if big_endian else gguf.GGUFEndian.LITTLE
    writer = gguf.GGUFWriter(path, architecture, endianess=order)
    for name, value in fields.items():
        if isinstance(value, str):
            writer.add_string(name.replace("__", "."), value)
        else:
            writer.add_uint16(name.replace("__", "."), value)
    writer.add_tensor("x.weight", np.zeros((32, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def half(path: Path) -> Path:
    whole = tiny_model().read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def page(path: Path) -> Path:
    path.write_text("<html>Not found</html>")
    return path


FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "projector": (lambda path: odd_file(path, "clip", general__type="mmproj"), "CLIP cannot be used as main model"),
    "adapter": (lambda path: odd_file(path, "llama", general__type="adapter"), "key not found in model: llama"),
    "truncated": (half, "not within the file bounds, model is corrupted or incomplete"),
    "wrong endian": (lambda path: odd_file(path, "llama", big_endian=True), "mismatch .* endianness"),
    "no GGUF": (page, "invalid magic characters: '<htm'"),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_first_error_is_the_reason(tmp_path: Path, kind: str) -> None:
    write, reason = FILES[kind]
    with pytest.raises(ModelLoadError, match=rf"odd\.gguf cannot be loaded: (?!llama_).*{reason}"):
        Model(write(tmp_path / "odd.gguf"))


def test_a_missing_part_of_a_split_model_is_named(tmp_path: Path) -> None:
    path = odd_file(tmp_path / "a-00001-of-00002.gguf", "llama", split__count=2, split__no=0)
    with pytest.raises(ModelLoadError, match=r"failed to open GGUF file .*a-00002-of-00002\.gguf"):
        Model(path)


def test_an_encoder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"bert\.gguf is an encoder-only model \(bert\): .*cannot chat"):
        load(EngineOptions(write_bert(tmp_path / "bert.gguf")), use_extra_bufts=False)


def test_the_gateway_says_why(make_gateway: MakeGateway, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reason = "CLIP cannot be used as main model"
    gateway = make_gateway(local={"model_path": FILES["projector"][0](tmp_path / "projector.gguf")})
    wait_for(lambda: reason in str(gateway.get("/v1/status").json()["local"]["trouble"]), 60)
    assert reason in gateway.get("/health/ready").json()["local_trouble"]
    assert any(reason in record.getMessage() and "given up" in record.getMessage() for record in caplog.records)
    with pytest.raises(openai.InternalServerError, match=reason):
        gateway.client().chat.completions.create(model="auto", messages=[{"role": "user", "content": "hi"}])


@pytest.fixture(scope="module")
def last_pooling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    """An engine whose model says that the vector of the last token is the embedding."""
    folder = tmp_path_factory.mktemp("pooling")
    with running_engine(folder, model_path=write_phi3(folder / "last.gguf", pooling=3)) as engine:
        engine.ready()
        yield engine


def embeddings(engine: LiveEngine, texts: list[str]) -> list[list[float]]:
    answer: httpx.Response = engine.post({"model": "local", "input": texts}, "/v1/embeddings")
    return [item["embedding"] for item in answer.raise_for_status().json()["data"]]


@pytest.mark.parametrize("text", ["hello", "hello the sea " * 40])
def test_the_declared_pooling_is_used(last_pooling: LiveEngine, text: str) -> None:
    model = Model(tiny_model())  # the same weights
    context = EmbeddingContext(model, n_threads=1)
    try:
        tokens = model.tokenize(text, add_special=True)
        for start in range(0, len(tokens), CHUNK_TOKENS):
            vectors = context.embed_chunk(tokens[start : start + CHUNK_TOKENS], start)
    finally:
        context.close()
        model.close()
    assert np.allclose(embeddings(last_pooling, [text])[0], normalise(vectors[-1]), atol=1e-3)


def test_as_many_inputs_as_openai_takes(last_pooling: LiveEngine) -> None:
    assert len(embeddings(last_pooling, ["a"] * 2048)) == 2048
    refused = last_pooling.post({"model": "local", "input": ["a"] * 2049}, "/v1/embeddings")
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "input")
