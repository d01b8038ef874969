"""What may not leave never does: not a byte reaches the cloud, whatever fails here."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.config.sections.cloud import CloudSettings
from gateway.config.sections.routing import PrivacySettings
from gateway.config.sections.spending import BudgetSettings
from gateway.config.settings import Settings
from gateway.dispatch.cloud import make_cloud
from gateway.dispatch.privacy import BY_FAILURE, BY_FINDING, BY_HEADER, BY_MEDIA, BY_SETTING, PrivacyLane
from models.wire.chat import ChatRequest
from models.wire.errors import ExtraMissingError
from router.errors import MustStayLocal
from router.sensitive import Detector, Sensitive
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, unwatched, wait_for
from tests.models.engine.tiny import tiny_model
from tests.provider import Provider, running_provider
from tests.test_end_to_end import engine_pids

PRIVATE = {"x-slimgate-privacy": "local"}
TO_CLOUD = {"x-slimgate-threshold": "0"}
MAIL = "Answer to anna.svensson@example.se, please."
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}


def user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


class Lane:
    """A gateway between a local server and a cloud that must see nothing."""

    def __init__(self, gateway: Gateway, local: Provider, cloud: Provider) -> None:
        self.gateway, self.local, self.cloud = gateway, local, cloud

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return httpx.post(f"{self.gateway.url}/v1/{path}", json=body, headers=headers, timeout=150)

    def chat(self, headers: dict[str, str], **body: Any) -> httpx.Response:
        return self.post("chat/completions", {"model": "auto", "messages": user("Hello!"), **body}, **headers)

    def kept(self) -> None:
        """Assert that the cloud has seen nothing since it was last asked."""
        assert (self.cloud.connections, self.cloud.requests) == (0, [])


def running_lane(folder: Path, **settings: Any) -> Iterator[Lane]:
    with running_provider() as local, running_provider() as cloud, pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.dispatch.dispatcher.NOTICE_S", 0.05)  # no engine here whose death is to be noticed
        sides = {
            "local": {"base_url": local.base_url, "first_byte_timeout_s": 0.5, "total_timeout_s": 0.5},
            "cloud": {"base_url": cloud.base_url, "retries": 0, "breaker_failures": 1000},
            "embeddings": {"backend": "cloud", "model": "vectors"},
        }
        with running_gateway(Settings(state_dir=folder, **{**sides, **settings})) as gateway:
            gateway.wait_ready()
            yield Lane(gateway, local, cloud)


@pytest.fixture(scope="module")
def _lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    yield from running_lane(tmp_path_factory.mktemp("lane"))


@pytest.fixture(scope="module")
def _watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    yield from running_lane(tmp_path_factory.mktemp("watched"), privacy={"detect": ["email", "card"]})


@pytest.fixture
def lane(_lane: Lane) -> Lane:
    """Nothing is looked for; the header decides."""
    _lane.cloud.connections = 0
    _lane.cloud.requests.clear()
    return _lane


@pytest.fixture
def watched(_watched: Lane) -> Lane:
    """E-mail addresses and card numbers are looked for."""
    _watched.cloud.connections = 0
    _watched.cloud.requests.clear()
    return _watched


def test_without_the_header_it_goes_to_the_cloud(lane: Lane) -> None:
    assert lane.chat(TO_CLOUD).headers["x-slimgate-route"] == "cloud"
    assert lane.cloud.connections == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_header_keeps_it_here_whatever_the_score(lane: Lane, stream: bool) -> None:
    answer = lane.chat(PRIVATE | TO_CLOUD, stream=stream)
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "local")
    assert answer.headers["x-slimgate-reason"] == "privacy"
    assert lane.gateway.row()["reason"] == "privacy"
    lane.kept()


@pytest.mark.parametrize("value", ["cloud", "yes", "", "locale"])
def test_another_value_is_an_error_that_names_header_and_cure(lane: Lane, value: str) -> None:
    answer = lane.chat({"x-slimgate-privacy": value})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, "x-slimgate-privacy", "invalid_value")
    assert "must be 'local'" in error["message"]
    lane.kept()


@pytest.mark.parametrize("model", ["cloud", "gpt-4.1"])
def test_pinned_to_the_cloud_it_is_refused(lane: Lane, model: str) -> None:
    answer = lane.chat(PRIVATE, model=model)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "privacy_required")
    assert "use 'auto' or 'local'" in answer.json()["error"]["message"]
    row = lane.gateway.row()
    assert (row["route"], row["reason"], row["error_code"]) == ("none", "privacy", "privacy_required")
    lane.kept()


def test_a_picture_that_only_the_cloud_could_see_is_refused(lane: Lane) -> None:
    answer = lane.chat(PRIVATE, messages=user([PICTURE]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unsupported_capability")
    assert "images" in answer.json()["error"]["message"]
    lane.kept()


def test_what_does_not_fit_here_is_refused(lane: Lane) -> None:
    answer = lane.chat(PRIVATE, messages=user("many words " * 5000))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "context_length_exceeded")
    lane.kept()


def test_embeddings_that_the_cloud_would_make_are_refused(lane: Lane) -> None:
    answer = lane.post("embeddings", {"model": "vectors", "input": "Hello!"}, **PRIVATE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "privacy_required")
    lane.kept()


def test_route_says_so_and_why(lane: Lane) -> None:
    explained = lane.post("route", {"prompt": "Hello!"}, **PRIVATE, **TO_CLOUD).json()
    assert (explained["route"], explained["reason"], explained["private"]) == ("local", "privacy", BY_HEADER)
    assert lane.post("route", {"prompt": "Hello!"}).json()["private"] is None
    lane.kept()


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["error_503", "reset", "silence", "context_length", "rate_limited"])
def test_a_local_side_that_fails_is_never_replaced(tmp_path: Path, fault: str, stream: bool) -> None:
    for lane in running_lane(tmp_path):
        lane.local.always = fault
        answer = lane.chat(PRIVATE, stream=stream)
        assert answer.status_code >= 400
        assert (answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]) == ("local", "privacy")
        lane.kept()
        assert lane.chat({"x-slimgate-threshold": "1.0001"}, stream=stream).headers["x-slimgate-route"] == "cloud"


def test_the_cloud_itself_takes_nothing_that_must_stay(provider: Provider) -> None:
    request = replace(ChatRequest.parse({"model": "auto", "messages": user("Hello!")}), private=BY_HEADER)

    async def ask() -> None:
        cloud = make_cloud(CloudSettings(base_url=provider.base_url), unwatched)
        assert cloud is not None
        with pytest.raises(MustStayLocal):
            await cloud.ask(request, lambda backend: backend.chat(request))
        await cloud.aclose()

    asyncio.run(ask())
    assert provider.connections == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"messages": user(MAIL)}),
        ("chat/completions", {"messages": user([{"type": "text", "text": MAIL}])}),
        ("chat/completions", {"messages": [{"role": "system", "content": MAIL}, *user("Hello!")]}),
        ("chat/completions", {"messages": user("Hello!"), "user": "anna@example.se"}),
        ("chat/completions", {"messages": user("Hello!"), "metadata": {"card": 4111111111111111}}),
        (
            "chat/completions",
            {
                "messages": [
                    *user("Look it up."),
                    {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [
                            {
                                "id": "call_1",
                                "type": "function",
                                "function": {"name": "find", "arguments": '{"mail": "anna@example.se"}'},
                            }
                        ],
                    },
                    {"role": "tool", "tool_call_id": "call_1", "content": "nobody"},
                ]
            },
        ),
        (
            "chat/completions",
            {
                "messages": [
                    *user("Look it up."),
                    {"role": "tool", "tool_call_id": "call_1", "content": "4111 1111 1111 1111"},
                ]
            },
        ),
        ("chat/completions", {"messages": user("word " * 30_000 + MAIL + " word" * 30_000), "model": "cloud"}),
        ("chat/completions", {"messages": user([PICTURE])}),
        ("completions", {"prompt": MAIL}),
        ("completions", {"prompt": [1, 2, 3]}),
        ("responses", {"input": MAIL}),
        ("responses", {"input": "Hello!", "instructions": MAIL}),
        ("responses", {"input": [{"type": "function_call_output", "call_id": "call_1", "output": MAIL}]}),
        ("messages", {"messages": user(MAIL), "max_tokens": 5}),
        ("messages", {"messages": user("Hello!"), "system": MAIL, "max_tokens": 5}),
        ("messages/count_tokens", {"messages": user(MAIL)}),
        ("embeddings", {"model": "vectors", "input": ["Hello!", MAIL]}),
        ("embeddings", {"model": "vectors", "input": [1, 2, 3]}),
    ],
)
def test_what_is_found_anywhere_stays(watched: Lane, path: str, body: dict[str, Any]) -> None:
    watched.post(path, {"model": "auto", **body}, **TO_CLOUD)
    watched.kept()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(("type", "text", "x")), inner),
    max_leaves=20,
)


@given(before=JSON, after=JSON, wrap=st.lists(st.sampled_from((list, dict)), max_size=30))
@settings(deadline=None)
def test_no_depth_or_neighbour_hides_it(before: Any, after: Any, wrap: list[type]) -> None:
    inner: Any = MAIL
    for kind in wrap:
        inner = [before, inner, after] if kind is list else {"type": before, "x": inner, "text": after}
    why = asyncio.run(PrivacyLane(PrivacySettings(detect=[Sensitive.EMAIL])).why({"messages": inner}))
    assert why == BY_FINDING.format("email")


def found_in(body: dict[str, Any], **settings: Any) -> str | None:
    lane = PrivacyLane(PrivacySettings(**{"detect": list(Sensitive), **settings}))
    return asyncio.run(lane.why(body))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ([{"type": "text", "text": "4111 1111"}, {"type": "text", "text": "1111 1111"}], "card"),
        ([{"type": "text", "text": "4111 11"}, {"type": "text", "text": "11 1111 1111"}], "card"),
        ([{"type": "text", "text": "anna@exam"}, {"type": "text", "text": "ple.se"}], "email"),
        ([4111, 1111, 1111, 1111], "card"),
        (4111111111111111.0, "card"),
        ("data: 4111 1111 1111 1111", "card"),
        ("data:text/plain,4111%201111%201111%201111", "card"),
        ("data:image/png;base64,AAAA is my picture, 4111 1111 1111 1111 my card", "card"),
        ("many words\u200b" * 3_000 + "4111 1111 1111 1111".replace(" ", "\u2063" * 300), "card"),
    ],
)
def test_no_way_of_writing_hides_it_where_media_may_leave(content: Any, kind: str) -> None:
    assert found_in({"messages": user(content)}, media_may_leave=True) == BY_FINDING.format(kind)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_video", "video": "clip"},
        {"type": "hologram", "data": "AAAA"},
        {"type": "text", "text": "QUJD" * 300},
        {"type": "text", "text": "data:application/pdf;base64,QUJD"},
    ],
)
def test_what_cannot_be_read_stays_whatever_it_is_called(part: dict[str, Any]) -> None:
    assert found_in({"messages": user([part])}) == BY_MEDIA
    assert found_in({"messages": user([part])}, media_may_leave=True) is None


def test_what_a_provider_encrypted_may_go_back_to_it() -> None:
    reasoning = {"type": "reasoning", "encrypted_content": "QUJD" * 300, "summary": []}
    thinking = {"type": "thinking", "thinking": "Well.", "signature": "QUJD" * 300}
    assert found_in({"input": [reasoning, {"role": "user", "content": "Go on."}]}) is None
    assert found_in({"messages": [{"role": "assistant", "content": [thinking]}]}) is None


@pytest.mark.parametrize("body", ["[" * 900 + "]" * 900, "[" + "[]," * 1_000_000 + "[]]", '["x", 1, 2.5]'])
def test_depth_and_width_cost_no_more_than_their_length(body: str) -> None:
    longest_s = 0.0

    async def watch() -> None:
        nonlocal longest_s
        while True:
            before = time.monotonic()
            await asyncio.sleep(0)
            longest_s = max(longest_s, time.monotonic() - before)

    async def look() -> str | None:
        watching = asyncio.create_task(watch())
        lane = PrivacyLane(PrivacySettings(detect=list(Sensitive)))
        why = await lane.why({"messages": orjson.loads(body)})
        watching.cancel()
        return why

    assert asyncio.run(look()) is None
    assert longest_s < 1


def test_what_holds_nothing_goes_where_it_would(watched: Lane) -> None:
    tools = [
        {
            "type": "function",
            "function": {"name": "f", "parameters": {"type": ["string", "null"], "enum": [1, 2.5, None]}},
        }
    ]
    assert watched.chat(TO_CLOUD, tools=tools).headers["x-slimgate-route"] == "cloud"
    assert watched.post("embeddings", {"model": "vectors", "input": "Hello!"}).headers["x-slimgate-route"] == "cloud"


def test_route_names_what_was_found_and_never_the_text(watched: Lane) -> None:
    explained = watched.post("route", {"prompt": MAIL}).json()
    assert explained["private"] == "the detector found: email"
    assert watched.post("route", {"messages": user([PICTURE])}).json()["error"]["code"] == "unsupported_capability"


def test_a_detector_that_fails_keeps_everything(watched: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Detector, text: str) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Detector, "find", fail)
    answer = watched.chat(TO_CLOUD)
    assert (answer.status_code, answer.headers["x-slimgate-reason"]) == (200, "privacy")
    assert watched.post("route", {"prompt": "Hello!"}).json()["private"] == BY_FAILURE
    watched.kept()


def test_media_may_be_trusted(tmp_path: Path) -> None:
    trusting = {"detect": ["email"], "media_may_leave": True}
    for lane in running_lane(tmp_path, privacy=trusting):
        assert lane.chat({}, messages=user([PICTURE])).headers["x-slimgate-route"] == "cloud"
        lane.cloud.connections = 0
        lane.cloud.requests.clear()
        assert lane.chat({}, messages=user([PICTURE, {"type": "text", "text": MAIL}])).status_code == 400
        lane.kept()


def test_media_are_told_as_the_reason(watched: Lane) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    answer = watched.chat({}, messages=user([picture]))
    assert BY_MEDIA in answer.json()["error"]["message"]
    watched.kept()


def test_a_setting_keeps_everything_here(tmp_path: Path) -> None:
    for lane in running_lane(tmp_path, privacy={"local_only": True}):
        assert lane.chat(TO_CLOUD).headers["x-slimgate-reason"] == "privacy"
        assert lane.post("route", {"prompt": "Hello!"}).json()["private"] == BY_SETTING
        lane.kept()


def test_a_reload_takes_over_what_may_not_leave_and_what_may_be_spent(tmp_path: Path) -> None:
    for lane in running_lane(tmp_path):
        reloader = lane.gateway.app.state.lifecycle.reloader
        assert lane.chat(TO_CLOUD).headers["x-slimgate-reason"] == "score"
        poor = lane.gateway.settings.model_copy(update={"budget": BudgetSettings(usd_per_day=Decimal(0))})
        asyncio.run(reloader.apply(poor))
        assert lane.chat(TO_CLOUD).headers["x-slimgate-reason"] == "budget"
        asyncio.run(reloader.apply(poor.model_copy(update={"privacy": PrivacySettings(local_only=True)})))
        assert lane.chat(TO_CLOUD).headers["x-slimgate-reason"] == "privacy"


def test_without_stdnum_the_cure_is_named_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stdnum.luhn", None)
    PrivacyLane(PrivacySettings(detect=[Sensitive.EMAIL, Sensitive.PHONE, Sensitive.SECRET_KEY]))
    with pytest.raises(ExtraMissingError, match=r"pip install 'slimgate\[privacy\]'"):
        PrivacyLane(PrivacySettings(detect=[Sensitive.CARD]))


def test_local_only_needs_a_local_side() -> None:
    with pytest.raises(ValidationError, match=r"privacy\.local_only is set"):
        Settings(privacy={"local_only": True}, local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})


def test_without_a_local_side_it_is_refused(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.connections = 0
    lane = Lane(shared_gateway, shared_provider, shared_provider)
    answer = lane.chat(PRIVATE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "privacy_required")
    assert "No local model" in answer.json()["error"]["message"]
    lane.kept()


@pytest.mark.engine
def test_an_engine_that_is_killed_is_waited_for(make_gateway: MakeGateway, provider: Provider) -> None:
    before = set(engine_pids())
    gateway = make_gateway(
        cloud={"base_url": provider.base_url}, local={"model_path": tiny_model(), "ready_timeout_s": 120}
    )
    lane = Lane(gateway, provider, provider)
    assert lane.chat(PRIVATE, max_tokens=2).headers["x-slimgate-reason"] == "privacy"  # while it starts
    (pid,) = set(engine_pids()) - before
    os.kill(pid, signal.SIGKILL)
    answers = [lane.chat(PRIVATE | TO_CLOUD, max_tokens=2, stream=stream) for stream in (False, True)]
    assert {answer.headers["x-slimgate-reason"] for answer in answers} == {"privacy"}
    lane.kept()
    wait_for(lambda: set(engine_pids()) - before - {pid}, 60)
