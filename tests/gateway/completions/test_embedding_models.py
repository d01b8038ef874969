"""Who makes embeddings: OpenAI where its key is all there is; token numbers reach only a model that they are for."""

from typing import Any

import httpx
import openai
import pytest

from gateway.dispatch.embeddings import OPENAI_MODELS
from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import Provider

TOKENS: list[Any] = [[9906, 1917], [[9906, 1917], [9906]]]


@pytest.fixture
def openai_gateway(make_gateway: MakeGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """A gateway whose provider is OpenAI, as far as it knows, and no settings for embeddings."""
    monkeypatch.setattr("gateway.dispatch.backends.OPENAI_BASE_URL", provider.base_url)
    provider.always = "embeds"
    aliases = {"vectors": "auto", "here": "local", "gpt-*": "auto"}
    return make_gateway(
        local={"enabled": False}, cloud={"base_url": provider.base_url, "api_key": "sk-x"}, router={"aliases": aliases}
    )


def embed(gateway: Gateway, model: str, value: Any) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/embeddings", json={"model": model, "input": value}, timeout=30)


def names(gateway: Gateway) -> list[str]:
    return [item["id"] for item in httpx.get(f"{gateway.url}/v1/models").json()["data"]]


def test_openais_key_is_enough(openai_gateway: Gateway, provider: Provider) -> None:
    for name in OPENAI_MODELS:
        assert embed(openai_gateway, name, "hi").headers["x-slimgate-model"] == name
    for name in ("auto", "cloud", "vectors"):
        assert embed(openai_gateway, name, ["hi"]).headers["x-slimgate-model"] == "text-embedding-3-small"
    assert [body["model"] for body in provider.requests] == [*OPENAI_MODELS, *["text-embedding-3-small"] * 3]
    for name in ("gpt-4.1", "text-embedding-9", "here"):
        assert embed(openai_gateway, name, "hi").json()["error"]["code"] == "model_not_found"


def test_the_list_has_every_name_and_each_is_found(openai_gateway: Gateway) -> None:
    listed = names(openai_gateway)
    assert {"auto", "cloud", "gpt-4.1", "vectors", *OPENAI_MODELS} <= set(listed)
    assert len(listed) == len(set(listed))
    assert not {"here", "local", "gpt-*"} & set(listed)
    client = openai_gateway.client()
    for name in [*listed, "auto:0.4", "gpt-9"]:
        assert client.models.retrieve(name).id == name
    for name in ("nobody", "auto:x", "local", "here"):
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(name)


def test_a_model_for_embeddings_answers_no_chat(openai_gateway: Gateway, provider: Provider) -> None:
    with pytest.raises(openai.NotFoundError):
        openai_gateway.client().chat.completions.create(
            model=OPENAI_MODELS[0], messages=[{"role": "user", "content": "hi"}]
        )
    assert not provider.requests


@pytest.mark.parametrize("value", TOKENS)
@pytest.mark.parametrize("model", [*OPENAI_MODELS, "auto", "cloud"])
def test_openais_tokens_reach_openais_models(
    openai_gateway: Gateway, provider: Provider, model: str, value: Any
) -> None:
    assert embed(openai_gateway, model, value).status_code == 200
    assert provider.requests[0]["input"] == value


@pytest.mark.parametrize("value", TOKENS)
@pytest.mark.parametrize("backend", ["local", "cloud"])
def test_others_never_read_them(make_gateway: MakeGateway, provider: Provider, backend: str, value: Any) -> None:
    """LangChain's default: cl100k's numbers would be other words to this model, and nobody would notice."""
    provider.always = "embeds"
    side = {"base_url": provider.base_url}
    gateway = make_gateway(
        local=side if backend == "local" else {"enabled": False},
        cloud=side,
        embeddings={"backend": backend, "model": "nomic"},
        router={"aliases": {"text-embedding-ada-002": "auto"}},
    )
    if backend == "local":
        gateway.wait_ready()
    for model in ("nomic", "auto", backend, "text-embedding-ada-002"):
        error = embed(gateway, model, value).json()["error"]
        assert (error["param"], error["code"]) == ("input", "unsupported_value")
        assert "check_embedding_ctx_length=False" in error["message"]
        assert embed(gateway, model, ["text"]).status_code == 200
    assert "nomic" in names(gateway)


def test_the_engine_behind_the_gateway_never_reads_them(local_gateway: Gateway) -> None:
    for value in TOKENS:
        assert embed(local_gateway, "auto", value).json()["error"]["code"] == "unsupported_value"


@pytest.mark.parametrize("value", [5, "", [], {}, None, [None], ["a", 1], [[1], "a"], [True], [[1.5]], [["a"]]])
def test_what_is_neither_text_nor_tokens(openai_gateway: Gateway, provider: Provider, value: Any) -> None:
    error = embed(openai_gateway, "auto", value).json()["error"]
    assert error["param"] == "input"
    assert "a non-empty array of strings or of tokens" in error["message"]
    assert not provider.requests
