"""Callers killed at eight points of a stream: the provider is let go at once, and the ledger has its count."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.kills import KILLS, PROMPT, Kill, kill
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import PROMPT_TOKENS, Provider, running_provider

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider]]:
    """Nothing here runs into a limit: whatever ends, ends because its caller did."""
    with running_provider() as provider:
        cloud = {"base_url": provider.base_url}
        settings = Settings(state_dir=tmp_path_factory.mktemp("kills"), local={"enabled": False}, cloud=cloud)
        with running_gateway(settings) as gateway:
            yield gateway, provider


@pytest.mark.parametrize("at", KILLS, ids=lambda at: at.point)
def test_the_ledger_has_the_providers_own_count(patient: tuple[Gateway, Provider], at: Kill) -> None:
    gateway, provider = patient
    provider.billed.clear()
    kill(gateway, provider, at)
    row = gateway.row()
    assert row["outcome"] == "cancelled"
    assert provider.billed == ([(PROMPT_TOKENS, at.words)] if at.fault else [])
    assert [(row["prompt_tokens"], row["completion_tokens"])] == (provider.billed or [(0, 0)])
    assert row["usage_estimated"] is (at.fault not in ("", "hangs_before_done"))


SHAPES = [
    ("chat/completions", {"messages": [{"role": "user", "content": PROMPT}]}),
    ("responses", {"input": PROMPT}),
    ("messages", {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": 50}),
    ("completions", {"prompt": PROMPT}),
]


@pytest.mark.parametrize(("path", "body"), SHAPES, ids=[path for path, _ in SHAPES])
def test_a_caller_of_any_shape_who_waits_for_a_whole_answer(
    patient: tuple[Gateway, Provider], path: str, body: dict[str, Any]
) -> None:
    gateway, provider = patient
    provider.billed.clear()
    provider.always = "silence"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{gateway.url}/v1/{path}", json={"model": "auto", **body}, timeout=0.5)
    wait_for(lambda: provider.billed and provider.at_once == 0)
    wait_for(lambda: (gateway.row()["endpoint"], gateway.row()["outcome"]) == (path.replace("/", "."), "cancelled"))
    row = gateway.row()
    assert [(row["prompt_tokens"], row["completion_tokens"])] == provider.billed
    assert row["usage_estimated"] is True
