"""Reasoning that callers send back goes to providers that take it, and not to those that refuse it."""

from typing import Any

import pytest

from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import FAULTS, Call, Provider, fault
from tests.shapes import SHAPES, ask

HELLO = {"role": "user", "content": "Say hello."}
HISTORY: dict[str, dict[str, Any]] = {
    "chat.completions": {"messages": [HELLO, {"role": "assistant", "content": "Hi.", "reasoning": "Hm."}, HELLO]},
    "responses": {
        "input": [
            HELLO,
            {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]},
            {"role": "assistant", "content": "Hi."},
            HELLO,
        ]
    },
    "messages": {
        "messages": [
            HELLO,
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": ""},
                    {"type": "text", "text": "Hi."},
                ],
            },
            HELLO,
        ]
    },
}


def reasoning_in(body: dict[str, Any]) -> list[str]:
    return [name for message in body["messages"] for name in message if name.startswith("reasoning")]


@fault
async def refuses_reasoning_as_groq(call: Call) -> None:
    if names := reasoning_in(call.body):
        await call.error("400 Bad Request", f"'messages.1' : property '{names[0]}' is unsupported", None)
        return
    await FAULTS["none"](call)


@fault
async def refuses_reasoning_as_mistral(call: Call) -> None:
    if names := reasoning_in(call.body):
        place = ["body", "messages", 1, "assistant", names[0]]
        detail = [{"type": "extra_forbidden", "loc": place, "msg": "Extra inputs are not permitted", "input": "Hm."}]
        await call.answer("422 Unprocessable Entity", {"object": "error", "message": {"detail": detail}})
        return
    await FAULTS["none"](call)


@pytest.fixture
def gateway(make_gateway: MakeGateway, provider: Provider) -> Gateway:
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url, "retries": 0})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["refuses_reasoning_as_groq", "refuses_reasoning_as_mistral"])
def test_a_provider_that_refuses_it_is_asked_once(
    gateway: Gateway, provider: Provider, kind: str, stream: bool
) -> None:
    provider.always = kind
    for shape, history in HISTORY.items():
        assert ask(gateway, shape, stream=stream, **history).status_code == 200
    assert [bool(reasoning_in(body)) for body in provider.requests] == [True, False, False, False]
    assert [row["outcome"] for row in gateway.rows()] == ["ok"] * 3


@pytest.mark.parametrize("shape", HISTORY)
def test_any_other_provider_gets_it(shared_gateway: Gateway, shared_provider: Provider, shape: str) -> None:
    assert shape in SHAPES
    assert ask(shared_gateway, shape, **HISTORY[shape]).status_code == 200
    assert len(reasoning_in(shared_provider.requests[0])) == 1


def test_another_refusal_is_none_of_reasoning(gateway: Gateway, provider: Provider) -> None:
    provider.always = "content_filter"
    assert ask(gateway, "chat.completions", **HISTORY["chat.completions"]).status_code == 400
    assert len(provider.requests) == 1
