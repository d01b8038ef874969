"""An engine that cannot be had: the gateway goes on without it, and says so."""

import os
import signal
from pathlib import Path

import openai
import pytest

from tests.conftest import MakeGateway
from tests.live import Gateway, wait_for
from tests.models.engine.tiny import tiny_model
from tests.provider import WORDS, Provider
from tests.test_end_to_end import EASY, engine_pids

pytestmark = pytest.mark.engine


@pytest.fixture
def corrupt(tmp_path: Path) -> Path:
    path = tmp_path / "corrupt.gguf"
    path.write_bytes(b"GGUF" + b"\xff" * 4096)
    return path


def trouble(gateway: Gateway) -> str:
    """What the status says of the local side."""
    return str(gateway.get("/v1/status").json()["local"])


def test_a_corrupt_model_leaves_the_cloud(make_gateway: MakeGateway, provider: Provider, corrupt: Path) -> None:
    gateway = make_gateway(local={"model_path": corrupt}, cloud={"base_url": provider.base_url})
    wait_for(lambda: "cannot be loaded" in trouble(gateway), 60)
    raw = gateway.client().chat.completions.with_raw_response.create(model="auto", messages=EASY)
    assert raw.parse().choices[0].message.content == "".join(WORDS)
    assert raw.headers["x-slimgate-route"] == "cloud"
    ready = gateway.get("/health/ready")
    assert (ready.status_code, ready.json()["local"]) == (200, "down")
    with pytest.raises(openai.InternalServerError, match="cannot be loaded") as caught:
        gateway.client().chat.completions.create(model="local", messages=EASY)
    assert caught.value.status_code == 503


def test_a_corrupt_model_and_no_cloud_is_said(make_gateway: MakeGateway, corrupt: Path) -> None:
    gateway = make_gateway(local={"model_path": corrupt})
    with pytest.raises(openai.InternalServerError, match=r"corrupt\.gguf cannot be loaded") as caught:
        gateway.client().chat.completions.create(model="auto", messages=EASY)
    assert (caught.value.status_code, caught.value.code) == (503, "backend_unavailable")
    assert gateway.get("/health/ready").status_code == 503
    assert gateway.get("/health/live").status_code == 200


def test_a_crash_loop_ends_in_cloud_only(
    make_gateway: MakeGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.engine.process.supervisor.CRASH_LOOP", 2)
    before = set(engine_pids())
    gateway = make_gateway(cloud={"base_url": provider.base_url}, local={"model_path": tiny_model()})
    for _ in range(2):
        gateway.wait_ready()
        (pid,) = set(engine_pids()) - before
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: gateway.get("/health/ready").json()["local"] == "down")
    wait_for(lambda: "died 2 times" in trouble(gateway))
    assert "killed by SIGKILL while serving" in trouble(gateway)
    assert set(engine_pids()) == before
    chat = gateway.client().chat.completions.with_raw_response
    assert chat.create(model="auto", messages=EASY).headers["x-slimgate-route"] == "cloud"
    with pytest.raises(openai.InternalServerError, match="died 2 times"):
        chat.create(model="local", messages=EASY)
    assert "slimgate_local_up 0.0" in gateway.get("/metrics").text
