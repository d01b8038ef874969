"""Pages of other sites in a browser: those that the setting names may call the gateway, with its key, and no others."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings, SettingsError, load_settings
from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import Provider

APP = "http://localhost:3000"
CHAT = {"model": "cloud", "messages": [{"role": "user", "content": "Say hello."}]}
KEY = {"authorization": "Bearer sk-gate"}
PATHS = ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/models", "/v1/threshold", "/nowhere"]


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"api_key": "sk-gate", "allowed_origins": ["http://localhost:3000/", "https://App.example.org:443"]}


def preflight(gateway: Gateway, path: str, origin: str, **headers: str) -> httpx.Response:
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    return httpx.options(gateway.url + path, headers={"origin": origin, **asks, **headers})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [APP, "https://app.example.org"])
def test_a_preflight_needs_no_key(shared_gateway: Gateway, path: str, origin: str) -> None:
    response = preflight(shared_gateway, path, origin, **{"access-control-request-private-network": "true"})
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:3001", "https://localhost:3000", "null"])
def test_a_preflight_of_anybody_else(shared_gateway: Gateway, origin: str) -> None:
    response = preflight(shared_gateway, "/v1/chat/completions", origin)
    assert response.status_code == 403
    assert "allowed_origins" in response.json()["error"]["message"]
    assert not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.parametrize("stream", [False, True])
def test_the_page_reads_the_answer(shared_gateway: Gateway, shared_provider: Provider, stream: bool) -> None:
    headers = {**KEY, "origin": APP, "sec-fetch-site": "cross-site"}
    url = f"{shared_gateway.url}/v1/chat/completions"
    response = httpx.post(url, json={**CHAT, "stream": stream}, headers=headers, timeout=30)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == APP
    assert response.headers["vary"] == "Origin"
    readable = response.headers["access-control-expose-headers"].split(", ")
    ours = [name for name in response.headers if name.startswith(("x-slimgate-", "x-request-id", "x-ratelimit"))]
    assert len(ours) > 4
    assert set(ours) <= set(readable)
    assert "access-control-allow-credentials" not in response.headers


def test_it_reads_errors_too(shared_gateway: Gateway) -> None:
    response = httpx.post(f"{shared_gateway.url}/v1/chat/completions", json=CHAT, headers={"origin": APP})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, APP)


def test_other_pages_spend_nothing_even_with_the_key(shared_gateway: Gateway, shared_provider: Provider) -> None:
    headers = {**KEY, "origin": "http://evil.example"}
    response = httpx.post(f"{shared_gateway.url}/v1/chat/completions", json=CHAT, headers=headers)
    assert response.status_code == 403
    assert "allowed_origins" in response.json()["error"]["message"]
    assert "access-control-allow-origin" not in response.headers
    assert not shared_provider.requests


def test_programs_are_answered_as_ever(shared_gateway: Gateway, shared_provider: Provider) -> None:
    response = httpx.post(f"{shared_gateway.url}/v1/chat/completions", json=CHAT, headers=KEY, timeout=30)
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


def test_without_the_setting_nobody_may(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(api_key="sk-gate", local={"enabled": False}, cloud={"base_url": provider.base_url})
    assert preflight(gateway, "/v1/chat/completions", APP).status_code == 401


def test_any_page_with_a_key(make_gateway: MakeGateway, provider: Provider) -> None:
    cloud = {"base_url": provider.base_url}
    gateway = make_gateway(api_key="sk-gate", local={"enabled": False}, cloud=cloud, allowed_origins=["*"])
    response = preflight(gateway, "/v1/models", "https://any.example")
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (204, "*")
    headers = {**KEY, "origin": "null"}
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json=CHAT, headers=headers, timeout=30).status_code == 200


@pytest.mark.parametrize(
    "origin", ["localhost:3000", "https://a.example/path", "null", "https://", "https://u@a.example"]
)
def test_what_is_no_origin(origin: str) -> None:
    with pytest.raises(ValueError, match="should be an origin"):
        Settings(allowed_origins=[origin])


def test_any_page_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="SLIMGATE_API_KEY"):
        Settings(allowed_origins=["*"])


def test_a_found_file_opens_nothing_to_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "slimgate.toml"
    path.write_text('allowed_origins = ["https://evil.example"]\n', "utf-8")
    with pytest.raises(SettingsError, match="allowed_origins is set only by"):
        load_settings()
    assert load_settings(path).allowed_origins == ["https://evil.example"]
    monkeypatch.setenv("SLIMGATE_API_KEY", "sk-gate")
    assert load_settings().allowed_origins == ["https://evil.example"]
