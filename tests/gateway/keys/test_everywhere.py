"""Keys hold in every worker of every gateway over one database."""

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from gateway.config.settings import Settings
from tests.live import running_gateway, wait_for
from tests.process import running_command
from tests.provider import Provider

ADMIN = {"authorization": "Bearer sk-admin"}
CONNECTIONS = 20
"""So many new connections reach both of two workers, but in one of half a million tests."""


def statuses(url: str, secret: str) -> set[int]:
    """What a key is told by all workers behind a port."""
    with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), headers={"x-api-key": secret}) as client:
        return {client.get(f"{url}/v1/models").status_code for _ in range(CONNECTIONS)}


@pytest.mark.slow
def test_in_every_worker(provider: Provider, tmp_path: Path) -> None:
    environment = {
        "SLIMGATE_LOCAL__ENABLED": "false",
        "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
        "SLIMGATE_API_KEY": "sk-admin",
    }
    with running_command("--workers", "2", state_dir=tmp_path, **environment) as command:
        made = httpx.post(f"{command.url}/v1/keys", json={"name": "n"}, headers=ADMIN, timeout=30).json()
        wait_for(lambda: statuses(command.url, made["secret"]) == {200})
        httpx.delete(f"{command.url}/v1/keys/{made['id']}", headers=ADMIN, timeout=30).raise_for_status()
        wait_for(lambda: statuses(command.url, made["secret"]) == {401})
        limited = {"name": "n", "terms": {"requests_per_minute": 10}}
        made = httpx.post(f"{command.url}/v1/keys", json=limited, headers=ADMIN, timeout=30).json()
        wait_for(lambda: statuses(command.url, made["secret"]) == {200})
        told = httpx.post(
            f"{command.url}/v1/chat/completions",
            json={"model": "auto", "messages": [{"role": "user", "content": "hi"}]},
            headers={"authorization": f"Bearer {made['secret']}"},
            timeout=30,
        ).headers
        assert told["x-ratelimit-limit-requests"] == "5", "each of two workers gives out its part"


def test_in_every_gateway_over_one_database(postgres: tuple[str, Engine], provider: Provider, tmp_path: Path) -> None:
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(
                running_gateway(
                    Settings(
                        state_dir=tmp_path / name,
                        secret="one secret for all gateways over a database",
                        api_key="sk-admin",
                        local={"enabled": False},
                        cloud={"base_url": provider.base_url},
                        ledger={"url": postgres[0]},
                    )
                )
            )
            for name in ("one", "other")
        )
        made = httpx.post(f"{one.url}/v1/keys", json={"name": "n"}, headers=ADMIN).json()
        assert statuses(one.url, made["secret"]) == {200}
        wait_for(lambda: statuses(other.url, made["secret"]) == {200})
        httpx.delete(f"{other.url}/v1/keys/{made['id']}", headers=ADMIN).raise_for_status()
        assert statuses(other.url, made["secret"]) == {401}
        wait_for(lambda: statuses(one.url, made["secret"]) == {401})
        ids = [httpx.post(f"{one.url}/v1/keys", json={"name": "n"}, headers=ADMIN).json()["id"] for _ in range(2)]
        first = httpx.get(f"{other.url}/v1/keys", params={"limit": 1}, headers=ADMIN).json()
        rest = httpx.get(f"{other.url}/v1/keys", params={"after": first["next"]}, headers=ADMIN).json()
        assert [key["id"] for key in (*first["data"], *rest["data"])] == ids[::-1]
