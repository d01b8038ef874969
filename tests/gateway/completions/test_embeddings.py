"""POST /v1/embeddings."""

from typing import Any

import httpx
import openai
import pytest

from gateway.config.settings import SettingsError, load_settings
from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import Provider

MODEL = "text-embedding-3-small"


MORE: dict[str, Any] = {
    "embeddings": {"backend": "cloud", "model": MODEL},
    "router": {"aliases": {"ada": "auto"}},
    "prices": {MODEL: {"input_usd_per_mtok": "0.02", "output_usd_per_mtok": "0"}},
}


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return MORE


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    shared_provider.always = "embeds"
    return shared_provider


@pytest.fixture
def gateway(shared_gateway: Gateway, provider: Provider) -> Gateway:
    return shared_gateway


@pytest.mark.parametrize("encoding", ["float", "base64", None])
@pytest.mark.parametrize("model", [MODEL, "auto", "cloud", "ada"])
def test_vectors(gateway: Gateway, provider: Provider, encoding: Any, model: str) -> None:
    options = {"encoding_format": encoding} if encoding else {}
    raw = gateway.client().embeddings.with_raw_response.create(model=model, input=["one", "two"], **options)
    answer = raw.parse()
    vectors: list[Any] = [item.embedding for item in answer.data]
    if encoding == "base64":
        assert vectors == ["AACAPgAAAL8="] * 2
    else:
        assert vectors == [[0.25, -0.5]] * 2
    assert provider.paths == ["/v1/embeddings"]
    assert provider.requests[0]["model"] == MODEL
    assert (raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"]) == ("cloud", "pinned")
    assert raw.headers["x-slimgate-model"] == MODEL


def test_one_row_that_claims_no_saving(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url}, **MORE)
    gateway.client().embeddings.create(model=MODEL, input="one")
    (row,) = gateway.rows()
    assert (row["endpoint"], row["route"], row["outcome"]) == ("embeddings", "cloud", "ok")
    assert (row["prompt_tokens"], row["completion_tokens"]) == provider.billed[0]
    assert row["cost_usd"] == row["baseline_usd"] == "0.000000120"
    assert (row["requested_model"], row["served_model"], row["baseline_model"]) == (MODEL, MODEL, MODEL)
    metrics = httpx.get(f"{gateway.url}/metrics").text
    assert "slimgate_score_count 0.0" in metrics
    assert 'slimgate_tokens_total{kind="prompt",route="cloud"} 6.0' in metrics


def test_unknown_fields_are_passed_on(gateway: Gateway, provider: Provider) -> None:
    gateway.client().embeddings.create(model=MODEL, input="one", dimensions=2, extra_body={"truncate": "END"})
    assert (provider.requests[0]["dimensions"], provider.requests[0]["truncate"]) == (2, "END")


@pytest.mark.parametrize(
    ("body", "param"),
    [({"input": "x"}, "model"), ({"model": "auto"}, "input"), ({"model": "auto", "input": []}, "input"), ([], None)],
)
def test_the_field_at_fault_is_named(gateway: Gateway, provider: Provider, body: Any, param: str | None) -> None:
    response = httpx.post(f"{gateway.url}/v1/embeddings", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
    assert not provider.requests
    assert gateway.row()["outcome"] == "rejected"


@pytest.mark.parametrize("model", ["text-embedding-9", "gpt-4.1"])
def test_another_model_is_never_substituted(gateway: Gateway, provider: Provider, model: str) -> None:
    with pytest.raises(openai.NotFoundError):
        gateway.client().embeddings.create(model=model, input="one")
    assert not provider.requests


def test_a_provider_that_fails(gateway: Gateway, provider: Provider) -> None:
    provider.always = "error_500"
    with pytest.raises(openai.InternalServerError) as caught:
        gateway.client().embeddings.create(model=MODEL, input="one")
    assert caught.value.status_code == 503
    assert gateway.row()["outcome"] == "failed"
    provider.always = "html_200"
    with pytest.raises(openai.InternalServerError) as caught:
        gateway.client().embeddings.create(model=MODEL, input="one")
    assert caught.value.status_code == 502


def test_a_local_server(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"base_url": provider.base_url}, embeddings={"backend": "local", "model": "nomic"})
    gateway.wait_ready()
    assert gateway.client().embeddings.create(model="nomic", input="one").data[0].embedding == [0.25, -0.5]
    row = gateway.row()
    assert (row["route"], row["cost_usd"], row["baseline_usd"]) == ("local", "0.000000000", "0.000000000")


def test_nobody_says_what_to_set(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    with pytest.raises(openai.BadRequestError, match="SLIMGATE_EMBEDDINGS__BACKEND") as caught:
        gateway.client().embeddings.create(model="auto", input="one")
    assert caught.value.code == "unsupported_capability"


@pytest.mark.parametrize(
    ("embeddings", "words"),
    [
        ({"backend": "cloud"}, "embeddings.model"),
        ({"backend": "cloud", "model": "m"}, "no cloud is configured"),
        ({"backend": "local", "model": "m"}, "local.base_url"),
    ],
)
def test_settings_that_cannot_work(embeddings: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(embeddings=embeddings)
