"""The ways in which what must stay is asked, and the controls that must leave: the cases of `tests/lane.py`."""

import os
import signal
import threading
from collections.abc import Sequence
from typing import Any

import httpx

from tests.lane import Ask, Case, Scene, Stage, behind_a_proxy, between_servers, with_an_engine
from tests.live import wait_for
from tests.models.engine.tiny import NEVER_ENDS
from tests.test_end_to_end import engine_pids

PRIVATE = {"x-slimgate-privacy": "local"}
TO_CLOUD = {"x-slimgate-threshold": "0"}
MAIL = "Answer to anna.svensson@example.se, please."
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}
FOR_CLOUD = {"model": "cloud", "input": "Hello!"}
WHO = {"metadata": {"who": "anna@example.se"}}


def after(*faults: str, headers: dict[str, str] | None = None, **fields: Any) -> Ask:
    """A chat whose local side shows these faults."""

    def ask(scene: Scene) -> httpx.Response:
        scene.fails(*faults)
        return scene.chat(headers or {}, **fields)

    return ask


def posted(path: str, body: Any, headers: dict[str, str]) -> Ask:
    return lambda scene: scene.send("POST", path, body, **headers)


def by_key(*headers: dict[str, str], fault: str = "none", **fields: Any) -> Ask:
    """A chat with a new key of which nothing may leave, and whose local side shows a fault."""

    def ask(scene: Scene) -> httpx.Response:
        scene.fails(fault)
        made = scene.send("POST", "keys", {"name": "at home", "terms": {"local_only": True}}).json()
        return scene.chat({"authorization": f"Bearer {made['secret']}"}, *headers, **fields)

    return ask


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


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def killed(scene: Scene) -> httpx.Response:
    """The engine is killed while it answers."""
    pids = engine_pids()
    kill = threading.Timer(0.3, _kill, [pids])
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
            Case("control: the local model fails", after("error_503"), leaves=True),
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
        "by key",
        lambda folder: between_servers(folder, api_key="sk-an-administrators-own-key"),
        (
            Case("control: another key", lambda scene: scene.chat(TO_CLOUD), leaves=True),
            Case("scored for the cloud", by_key(TO_CLOUD)),
            Case("streamed", by_key(TO_CLOUD, stream=True)),
            Case("pinned to the cloud", by_key(model="cloud")),
            Case("failover: 503", by_key(fault="error_503")),
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
            Case("local model fails", after("reset", content=MAIL)),
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
            Case("local model fails", after("error_503")),
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
