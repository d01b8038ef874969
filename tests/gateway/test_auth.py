"""With a key set, nothing works without it, and a page of somebody else's cannot act."""

from typing import Any

import anthropic
import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import Provider

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]
PATHS = ["/v1/models", "/v1/savings", "/v1/decisions", "/metrics", "/dashboard", "/docs", "/openapi.json", "/nowhere",
         "/models", "/openai/models", "/openai/v1/models", "/openai/deployments/m/chat/completions"]  # fmt: skip


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"api_key": "sk-gate"}


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["", "Bearer wrong", "Bearer", "sk-gate", "Basic !", "Bearer sk-gate2"])
def test_no_key_no_entry(gateway: Gateway, path: str, value: str) -> None:
    response = httpx.get(gateway.url + path, headers={"authorization": value} if value else {})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"


def test_the_key_opens(gateway: Gateway, provider: Provider) -> None:
    client = gateway.client(api_key="sk-gate")
    assert client.chat.completions.create(model="auto", messages=HELLO).choices
    assert "sk-gate" not in str(provider.headers)
    with pytest.raises(openai.AuthenticationError):
        gateway.client(api_key="sk-other").chat.completions.create(model="auto", messages=HELLO)
    assert len(provider.requests) == 1


def test_anthropics_header_opens_too(gateway: Gateway, provider: Provider) -> None:
    options: dict[str, Any] = {"base_url": gateway.url, "max_retries": 0}
    ask: dict[str, Any] = {"model": "auto", "max_tokens": 8, "messages": HELLO}
    with anthropic.Anthropic(api_key="sk-gate", **options) as client:
        assert client.messages.create(**ask).content
    with (
        anthropic.Anthropic(api_key="sk-other", **options) as client,
        pytest.raises(anthropic.AuthenticationError) as no,
    ):
        client.messages.create(**ask)
    assert isinstance(no.value.body, dict)
    assert no.value.body["type"] == "error"
    assert no.value.body["error"]["type"] == "authentication_error"
    assert len(provider.requests) == 1
    assert "sk-gate" not in str(provider.headers)


def test_no_other_url_of_an_answer_goes_without_a_key(gateway: Gateway, provider: Provider) -> None:
    for path in ("/chat/completions", "/openai/v1/chat/completions", "/openai/deployments/m/chat/completions"):
        body = {"model": "auto", "messages": HELLO}
        assert httpx.post(gateway.url + path, json=body).status_code == 401
        assert httpx.post(gateway.url + path, json=body, headers={"api-key": "wrong"}).status_code == 401
    assert not provider.requests


def test_azures_header_opens_too(gateway: Gateway, provider: Provider) -> None:
    client = openai.AzureOpenAI(
        azure_endpoint=gateway.url, api_key="sk-gate", api_version="2024-10-21", max_retries=0, timeout=60
    )
    with client:
        assert client.chat.completions.create(model="auto", messages=HELLO).choices
        assert client.models.list().data
    assert "sk-gate" not in str(provider.headers)


def test_probes_need_no_key(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/health/live").status_code == 200
    assert httpx.get(f"{gateway.url}/health/ready").status_code == 200


def test_without_a_key_a_page_of_another_site_can_spend_nothing(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    url, body = f"{gateway.url}/v1/chat/completions", {"model": "auto", "messages": HELLO}
    refused = httpx.post(url, json=body, headers={"sec-fetch-site": "cross-site", "content-type": "text/plain"})
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "forbidden"
    assert not provider.requests
    assert httpx.post(url, json=body, headers={"sec-fetch-site": "same-origin"}).status_code == 200
