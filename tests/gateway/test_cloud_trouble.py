"""What only the operator can mend is told to the operator: by /v1/status, a metric and one line of the log."""

import logging
from typing import Any

import httpx
import pytest

from tests.live import Gateway
from tests.provider import Provider


def ask(gateway: Gateway) -> int:
    body = {"model": "cloud", "messages": [{"role": "user", "content": "Hello"}]}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body).status_code


def state(gateway: Gateway) -> tuple[Any, tuple[str, ...]]:
    """The trouble of the only model, and the values of the two metrics."""
    (model,) = httpx.get(f"{gateway.url}/v1/status").json()["cloud"]["models"]
    lines = httpx.get(f"{gateway.url}/metrics").text.splitlines()
    wanted = ("slimgate_cloud_up ", "slimgate_cloud_key_refused ")
    return model["trouble"], tuple(line.split()[1] for name in wanted for line in lines if line.startswith(name))


def test_a_refused_key_is_told_until_a_call_succeeds(
    shared_gateway: Gateway, shared_provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    assert state(shared_gateway) == (None, ("1.0", "0.0"))
    shared_provider.always = "bad_key"
    with caplog.at_level(logging.INFO, "models.remote.trouble"):
        assert [ask(shared_gateway) for _ in range(3)] == [503, 503, 503]
        first, _ = state(shared_gateway)
        assert ask(shared_gateway) == 503
        trouble, metrics = state(shared_gateway)
    assert trouble["message"].startswith("the provider refused the gateway's credentials (status 401")
    assert (trouble["since"], trouble["key_refused"]) == (first["since"], True)
    assert metrics == ("0.0", "1.0")
    told = [record.levelname for record in caplog.records if record.name == "models.remote.trouble"]
    assert told == ["ERROR"]

    shared_provider.always = "none"
    assert ask(shared_gateway) == 200
    assert state(shared_gateway) == (None, ("1.0", "0.0"))


@pytest.mark.parametrize(("fault", "is_trouble"), [("error_500", True), ("context_length", False)])
def test_only_what_is_wrong_with_the_provider_counts(
    fault: str, is_trouble: bool, shared_gateway: Gateway, shared_provider: Provider
) -> None:
    shared_provider.faults.append(fault)
    ask(shared_gateway)
    trouble, metrics = state(shared_gateway)
    assert (trouble is not None) == is_trouble
    assert metrics == ("0.0" if is_trouble else "1.0", "0.0")
    assert ask(shared_gateway) == 200
