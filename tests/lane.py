"""What may not leave this machine, asked in every way that might make it leave; and controls, which must.

`python -m benchmarks.lane` runs all of it and prints a table; `tests/gateway/test_lane.py` runs the quick scenes.
"""

import hashlib
import os
import signal
import threading
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
from tests.models.engine.tiny import NEVER_ENDS, tiny_model
from tests.provider import Provider, running_provider
from tests.proxy import NAMES
from tests.test_end_to_end import engine_pids

PRIVATE = {"x-slimgate-privacy": "local"}
TO_CLOUD = {"x-slimgate-threshold": "0"}
MAIL = "Answer to anna.svensson@example.se, please."
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}
FOR_CLOUD = {"model": "cloud", "input": "Hello!"}
WHO = {"metadata": {"who": "anna@example.se"}}
NO_NAMES = dict.fromkeys(("NO_PROXY", "no_proxy"), "")


@dataclass
class Scene:
    """A gateway between a local side and a cloud that captures."""

    gateway: Gateway
    capture: Capture
    local: Provider | None = None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return httpx.request(method, f"{self.gateway.url}/v1/{path}", json=body, headers=headers, timeout=150)

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
    bytes: int
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
    return Result(case, answer.status_code, capture.connections, capture.bytes, _fault(case, scene, answer))


def _fault(case: Case, scene: Scene, answer: httpx.Response) -> str:
    """What is wrong, in words."""
    if not case.leaves and (scene.capture.connections or scene.capture.bytes):
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


def after(*faults: str, headers: dict[str, str], stream: bool = False) -> Ask:
    """A chat whose local side shows these faults."""

    def ask(scene: Scene) -> httpx.Response:
        scene.fails(*faults)
        return scene.chat(headers, stream=stream)

    return ask


def posted(path: str, body: Any, headers: dict[str, str]) -> Ask:
    return lambda scene: scene.send("POST", path, body, **headers)


def asked(method: str, rest: str, body: Any = None, **headers: str) -> Ask:
    """A call to or below /v1/responses."""
    return lambda scene: scene.send(method, f"responses/{rest}".rstrip("/"), body, **headers)


def follow_up(scene: Scene) -> httpx.Response:
    """The second turn of a private conversation, which says nothing of privacy itself."""
    first = scene.send("POST", "responses", {"model": "auto", "input": "Hello!"}, **PRIVATE).json()
    body = {"model": "auto", "input": "Go on.", "previous_response_id": first["id"]}
    return scene.send("POST", "responses", body, **TO_CLOUD)


def deleted(scene: Scene) -> httpx.Response:
    """A private answer that is kept, read, and deleted."""
    first = scene.send("POST", "responses", {"model": "auto", "input": "Hello!"}, **PRIVATE).json()
    scene.send("GET", f"responses/{first['id']}/input_items")
    return scene.send("DELETE", f"responses/{first['id']}")


def killed(scene: Scene) -> httpx.Response:
    """The engine is killed while it answers."""
    pids = engine_pids()
    kill = threading.Timer(0.3, lambda: [os.kill(pid, signal.SIGKILL) for pid in pids])
    kill.start()
    answer = scene.chat(PRIVATE, max_tokens=2000, **NEVER_ENDS)
    kill.join()
    wait_for(lambda: set(engine_pids()) - set(pids), 60)
    return answer


STAGES = (
    Stage(
        "by header",
        between_servers,
        (
            Case("control: scored for the cloud", lambda scene: scene.chat(TO_CLOUD), leaves=True),
            Case("control: streamed", lambda scene: scene.chat(TO_CLOUD, stream=True), leaves=True),
            Case("control: embeddings", posted("embeddings", {"model": "vectors", "input": "Hello!"}, {}), leaves=True),
            Case("control: the local model fails", after("error_503", headers={}), leaves=True),
            Case("scored for the cloud", lambda scene: scene.chat(PRIVATE, TO_CLOUD)),
            Case("streamed", lambda scene: scene.chat(PRIVATE, TO_CLOUD, stream=True)),
            Case("pinned to the cloud", lambda scene: scene.chat(PRIVATE, model="cloud")),
            Case("a picture", lambda scene: scene.chat(PRIVATE, content=[PICTURE])),
            Case("longer than the context", lambda scene: scene.chat(PRIVATE, content="words " * 9000)),
            Case("embeddings", posted("embeddings", {"model": "vectors", "input": "Hello!"}, PRIVATE)),
            Case("text completion", posted("completions", {"model": "auto", "prompt": ["a", "b"]}, PRIVATE | TO_CLOUD)),
            Case(
                "Anthropic's Messages",
                posted(
                    "messages",
                    {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello!"}]},
                    PRIVATE | TO_CLOUD,
                ),
            ),
            Case("failover: 503", after("error_503", headers=PRIVATE)),
            Case("failover: 503, streamed", after("error_503", headers=PRIVATE, stream=True)),
            Case("failover: connection reset", after("reset", headers=PRIVATE)),
            Case("failover: silence", after("silence", headers=PRIVATE)),
            Case("failover: too long for it", after("context_length", headers=PRIVATE)),
            Case("failover: cut in mid-stream", after("cut_stream", headers=PRIVATE, stream=True)),
            Case("local server has no room", after("rate_limited_briefly", "none", headers=PRIVATE)),
            Case("follow-up of a private response", follow_up),
            Case("a kept private response read and deleted", deleted, is_recorded=False),
        ),
    ),
    Stage(
        "by the detector",
        lambda folder: between_servers(folder, privacy={"detect": ["email", "card"]}),
        (
            Case("control: nothing found", lambda scene: scene.chat(TO_CLOUD), leaves=True),
            Case("an address", lambda scene: scene.chat(TO_CLOUD, content=MAIL)),
            Case("a field beside the messages", lambda scene: scene.chat(TO_CLOUD, user="anna@example.se")),
            Case("embeddings", posted("embeddings", {"model": "vectors", "input": [MAIL]}, {})),
            Case("local model fails", lambda scene: (scene.fails("reset"), scene.chat(content=MAIL))[1]),
            Case("compacted", posted("responses/compact", {"model": "auto", "input": MAIL}, {})),
        ),
    ),
    Stage(
        "from a cloud that keeps responses",
        lambda folder: between_servers(folder, privacy={"detect": ["email"]}, native=True),
        (
            Case("control: a kept response read", asked("GET", "resp_1"), leaves=True, is_recorded=False),
            Case("control: counted", asked("POST", "input_tokens", FOR_CLOUD), leaves=True, is_recorded=False),
            Case("control: compacted", asked("POST", "compact", FOR_CLOUD), leaves=True),
            Case("a kept response read", asked("GET", "resp_1", **PRIVATE), is_recorded=False),
            Case("a kept response deleted", asked("DELETE", "resp_1", **PRIVATE), is_recorded=False),
            Case("counted", asked("POST", "input_tokens", FOR_CLOUD, **PRIVATE), is_recorded=False),
            Case("compacted", asked("POST", "compact", FOR_CLOUD, **PRIVATE)),
            Case("an address beside what is compacted", asked("POST", "compact", FOR_CLOUD | WHO)),
            Case("an address beside what is answered", asked("POST", "", FOR_CLOUD | WHO)),
        ),
    ),
    Stage(
        "by privacy.local_only",
        lambda folder: between_servers(folder, privacy={"local_only": True}),
        (
            Case("scored for the cloud", lambda scene: scene.chat(TO_CLOUD)),
            Case("pinned to the cloud", lambda scene: scene.chat(model="cloud")),
            Case("local model fails", after("error_503", headers={})),
        ),
    ),
    Stage(
        "with a proxy in the environment",
        behind_a_proxy,
        (
            Case("control: scored for the cloud", lambda scene: scene.chat(TO_CLOUD), leaves=True),
            Case("scored for the cloud", lambda scene: scene.chat(PRIVATE, TO_CLOUD)),
            Case("failover: 503", after("error_503", headers=PRIVATE)),
        ),
    ),
    Stage(
        "with the built-in engine",
        with_an_engine,
        (
            Case("control: an unsure answer", lambda scene: scene.chat(max_tokens=20), leaves=True),
            Case("second look: an unsure answer", lambda scene: scene.chat(PRIVATE, max_tokens=20)),
            Case("engine killed in mid-answer", killed),
        ),
    ),
)
