"""What may not leave this machine, asked in every way that might make it leave; and controls, which must.

`python -m benchmarks.lane` runs all of it and prints a table; `tests/gateway/test_lane.py` runs the quick scenes.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from gateway.config.settings import Settings
from tests.capture import MODEL, Capture, running_capture
from tests.live import Gateway, running_gateway, wait_for
from tests.models.engine.tiny import tiny_model
from tests.provider import Provider, running_provider
from tests.proxy import NAMES

NO_NAMES = dict.fromkeys(("NO_PROXY", "no_proxy"), "")


@dataclass
class Scene:
    """A gateway between a local side and a cloud that captures."""

    gateway: Gateway
    capture: Capture
    local: Provider | None = None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        key = self.gateway.settings.api_key
        admin = {} if key is None else {"authorization": f"Bearer {key.get_secret_value()}"}
        url = f"{self.gateway.url}/v1/{path}"
        return httpx.request(method, url, json=body, headers={**admin, **headers}, timeout=150)

    def chat(self, *headers: dict[str, str], content: Any = "Hello!", **fields: Any) -> httpx.Response:
        body = {"model": "auto", "messages": [{"role": "user", "content": content}], **fields}
        return self.send("POST", "chat/completions", body, **{k: v for given in headers for k, v in given.items()})

    def fails(self, *faults: str) -> None:
        """Let the local server show these faults next, the last one from then on."""
        assert self.local is not None
        self.local.faults.extend(faults)
        self.local.always = faults[-1] if faults else "none"

    def settle(self) -> None:
        """Wait until the local server behaves and is trusted again, whatever it did before."""
        if self.local is not None:
            self.local.faults.clear()
            self.local.always = "none"
            wait_for(lambda: self.chat(model="local").status_code == HTTPStatus.OK)

    def entries(self, request_id: str) -> list[dict[str, Any]]:
        """The request's entries in the audit chain."""
        answer = self.gateway.get("/v1/audit", request_id=request_id)
        entries: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return entries


Ask = Callable[[Scene], httpx.Response]


@dataclass(frozen=True)
class Case:
    """One request; `leaves` marks a control, of which the capture must have what the record says."""

    name: str
    ask: Ask
    leaves: bool = False
    is_recorded: bool = True


@dataclass(frozen=True)
class Result:
    """What came of one case; `fault` is empty where all is as it must be."""

    case: Case
    status: int
    connections: int
    n_bytes: int
    fault: str


@dataclass(frozen=True)
class Stage:
    """A gateway, and all that is asked of it."""

    name: str
    scene: Callable[[Path], AbstractContextManager[Scene]]
    cases: Sequence[Case] = field(default_factory=list)

    def results(self, folder: Path) -> Iterator[Result]:
        with self.scene(folder) as scene:
            for case in self.cases:
                yield _run(case, scene)


def _run(case: Case, scene: Scene) -> Result:
    scene.settle()
    scene.capture.forget()
    answer = case.ask(scene)
    capture = scene.capture
    return Result(case, answer.status_code, capture.connections, capture.n_bytes, _fault(case, scene, answer))


def _fault(case: Case, scene: Scene, answer: httpx.Response) -> str:
    """What is wrong, in words."""
    if not case.leaves and (scene.capture.connections or scene.capture.n_bytes):
        return "something left"
    if case.leaves and not scene.capture.bodies:
        return "nothing arrived, so the capture proves nothing"
    if not case.is_recorded:
        return ""
    entries = scene.entries(answer.headers["x-request-id"])
    calls = [call for entry in entries for call in entry["body"]["egress"]["calls"]]
    if not entries:
        return "there is no record"
    recorded = [(call["sha256"], call["bytes"]) for call in calls]
    arrived = [(hashlib.sha256(body).hexdigest(), len(body)) for body in scene.capture.bodies]
    return "" if recorded == arrived else f"recorded {recorded}, arrived {arrived}"


@contextmanager
def between_servers(folder: Path, *, native: bool = False, **settings: Any) -> Iterator[Scene]:
    """A local server that fails on demand; `native` says that the cloud keeps responses itself."""
    with (
        running_provider() as local,
        running_capture() as capture,
        patch("gateway.dispatch.dispatcher.NOTICE_S", 0.05),  # no engine here whose death is to be noticed
    ):
        sides = {
            "local": {"base_url": local.base_url, "first_byte_timeout_s": 0.5, "total_timeout_s": 0.5},
            "cloud": {
                "base_url": f"{capture.url}/v1",
                "model": MODEL,
                "breaker_failures": 1000,
                "responses": "native" if native else "translate",
            },
            "embeddings": {"backend": "cloud", "model": "vectors"},
        }
        with running_gateway(Settings(state_dir=folder, **{**sides, **settings})) as gateway:
            gateway.wait_ready()
            yield Scene(gateway, capture, local)


@contextmanager
def behind_a_proxy(folder: Path) -> Iterator[Scene]:
    """The cloud is reached by a proxy of the environment, which is the capture."""
    with running_provider() as local, running_capture() as proxy:
        settings = Settings(
            state_dir=folder,
            local={"base_url": local.base_url},
            cloud={"base_url": "http://cloud.example/v1", "model": MODEL},
        )
        with patch.dict(os.environ, {**dict.fromkeys(NAMES, proxy.url), **NO_NAMES}):
            gateway = running_gateway(settings)
            live = gateway.__enter__()
        try:
            live.wait_ready()
            yield Scene(live, proxy, local)
        finally:
            gateway.__exit__(None, None, None)


@contextmanager
def with_an_engine(folder: Path) -> Iterator[Scene]:
    """The built-in engine, of whose answers none is sure enough for the second look."""
    with running_capture() as capture:
        settings = Settings(
            state_dir=folder,
            local={"model_path": tiny_model(), "ready_timeout_s": 120, "reencode": False},
            cloud={"base_url": f"{capture.url}/v1", "model": MODEL},
            router={"threshold": 1, "second_look": {"band": 1, "n_tokens": 4, "least_confidence": 0.99}},
            exam={"enabled": False},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield Scene(gateway, capture)
