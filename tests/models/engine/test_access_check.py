"""An engine on a TCP port: its key, its host names, pages of other sites."""

from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.models.engine.live import LiveEngine, running_engine

pytestmark = pytest.mark.engine

CHAT: dict[str, Any] = {"model": "local", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_pages_of_other_sites_are_refused(engine: LiveEngine, headers: dict[str, str]) -> None:
    response = httpx.post(f"{engine.url}/v1/chat/completions", json=CHAT, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "forbidden")
    assert response.headers["cache-control"] == "no-store"


def test_every_endpoint_checks_the_host_name(engine: LiveEngine) -> None:
    for path in ("/health", "/metrics", "/v1/models", "/nowhere"):
        response = httpx.get(engine.url + path, headers={"host": "evil.example:80"})
        assert response.status_code == 403
        assert "--allowed-host" in response.json()["error"]["message"]
        assert httpx.get(engine.url + path).headers["x-content-type-options"] == "nosniff"


def test_a_request_without_the_key_is_refused(tmp_path: Path) -> None:
    with running_engine(tmp_path, api_key="sk-engine") as engine:
        engine.ready()
        client = OpenAI(base_url=f"{engine.url}/v1", api_key="sk-engine", max_retries=0)
        assert client.chat.completions.create(**CHAT).choices
        with pytest.raises(openai.AuthenticationError):
            engine.client().chat.completions.create(**CHAT)
        assert [httpx.get(engine.url + path).status_code for path in ("/metrics", "/v1/models")] == [401, 401]
        assert httpx.get(f"{engine.url}/health", headers={"host": "engine.svc"}).status_code == 200


def test_allowed_names_are_accepted(tmp_path: Path) -> None:
    with running_engine(tmp_path, allowed_hosts=["*.lan"]) as engine:
        engine.ready()
        names = ("gate.lan", "evil.example")
        assert [httpx.get(f"{engine.url}/health", headers={"host": name}).status_code for name in names] == [200, 403]
