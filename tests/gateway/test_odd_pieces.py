"""Pieces of answers that are not quite OpenAI's: cut characters, arguments of other types, thinking, encodings."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import httpx
import pytest
import zstandard

from tests.answers import streamed, tool_call, whole
from tests.live import Gateway
from tests.provider import FAULTS, WORDS, Call, Provider, fault
from tests.shapes import SHAPES, ask, ends_as_whole, events_in, text_in

SMILE = "😀"
TEXT = f"a{SMILE}b"
FUNCTIONS: Any = [{"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}]
TOOLS: Any = {
    "chat.completions": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
    "responses": FUNCTIONS,
    "messages": [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}],
}


async def says_raw(call: Call, pieces: list[bytes], stop: str = "stop") -> None:
    """Pieces of JSON strings, as they stand between the quotes."""
    await call.begin_stream()
    for piece in pieces:
        chunk = json.dumps(call.chunk({"content": "PIECE"})).encode()
        await call.send(b"data: " + chunk.replace(b"PIECE", piece) + b"\n\n")
    await call.event(call.chunk({}, stop))
    await call.event({**call.chunk({}), "choices": [], "usage": call.usage()})
    await call.done()


@fault
async def cuts_surrogates(call: Call) -> None:
    if not call.streams:
        await whole(call, {"content": TEXT}, "stop")
        return
    await says_raw(call, [rb"a\ud83d", rb"\ude00b"])


@fault
async def cuts_bytes(call: Call) -> None:
    first, last = SMILE.encode()[:2], SMILE.encode()[2:]
    await says_raw(call, [b"a" + first, last[:1], last[1:] + b"b"])


@fault
async def cuts_off_within_a_character(call: Call) -> None:
    if call.streams:
        await says_raw(call, [rb"a\ud83d"], "length")
        return
    answer = {"choices": [{"index": 0, "message": {"content": "a\ud83d"}, "finish_reason": "length"}]}
    await call.answer("200 OK", json.dumps({**answer, "usage": call.usage()}).encode())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["cuts_surrogates", "cuts_bytes"])
def test_a_character_cut_into_two_deltas_is_one(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, shape: str
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, shape, stream=True)
    assert (text_in(shape, answer), ends_as_whole(shape, answer.text)) == (TEXT, True)
    assert shared_gateway.row()["outcome"] == "ok"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_half_a_character_at_the_end_breaks_nothing(
    shared_gateway: Gateway, shared_provider: Provider, shape: str, stream: bool
) -> None:
    shared_provider.always = "cuts_off_within_a_character"
    answer = ask(shared_gateway, shape, stream=stream)
    assert (answer.status_code, text_in(shape, answer)) == (200, "a" if stream else "a\ufffd")
    assert shared_gateway.row()["outcome"] == "ok"


ARGUMENTS: dict[str, tuple[Any, str]] = {
    "object": ({"city": "Lund"}, '{"city":"Lund"}'),
    "null_as_text": ("null", "{}"),
    "null": (None, "{}"),
    "nothing": ("", "{}"),
    "text": ('{"city":"Lund"}', '{"city":"Lund"}'),
}


def calling(name: str, arguments: Any) -> None:
    async def calls(call: Call) -> None:
        one = tool_call(0)
        one["function"]["arguments"] = arguments
        if call.streams:
            await streamed(call, [{"tool_calls": [one]}], "tool_calls")
        else:
            await whole(call, {"content": None, "tool_calls": [one]}, "tool_calls")

    FAULTS[f"arguments_{name}"] = calls


for _name, (_given, _) in ARGUMENTS.items():
    calling(_name, _given)


def arguments_in(shape: str, answer: httpx.Response, stream: bool) -> str:
    if shape == "responses":
        done = events_in(answer.text)[-1]["response"] if stream else answer.json()
        arguments: str = done["output"][-1]["arguments"]
        if stream:
            pieces = [event for event in events_in(answer.text) if event["type"].endswith("arguments.delta")]
            assert "".join(piece["delta"] for piece in pieces) == arguments
        return arguments
    if shape == "messages":
        if not stream:
            return json.dumps(answer.json()["content"][-1]["input"], separators=(",", ":"))
        deltas = [event["delta"] for event in events_in(answer.text) if event["type"] == "content_block_delta"]
        return "".join(delta["partial_json"] for delta in deltas) or "{}"
    chunks = events_in(answer.text) if stream else [answer.json()]
    choices = [choice.get("delta") or choice.get("message") or {} for chunk in chunks for choice in chunk["choices"]]
    calls = [call for choice in choices for call in choice.get("tool_calls") or ()]
    return "".join(call["function"]["arguments"] for call in calls)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("shape", TOOLS)
@pytest.mark.parametrize("kind", ARGUMENTS)
def test_arguments_are_a_string_of_json_whatever_came(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, shape: str, stream: bool
) -> None:
    shared_provider.always = f"arguments_{kind}"
    answer = ask(shared_gateway, shape, stream=stream, tools=TOOLS[shape])
    assert answer.status_code == 200
    if shape == "chat.completions" and isinstance(ARGUMENTS[kind][0], str):  # passed on as it is
        assert arguments_in(shape, answer, stream) == ARGUMENTS[kind][0]
    elif not (shape == "chat.completions" and stream and kind == "null"):  # no piece yet
        assert arguments_in(shape, answer, stream) == ARGUMENTS[kind][1]
    assert shared_gateway.row()["outcome"] == "ok"


THOUGHT = "Let me think."


def thinking_part(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


@fault
async def thinks_in_parts(call: Call) -> None:
    """Mistral's way."""
    answer = {"type": "text", "text": TEXT}
    if not call.streams:
        await whole(call, {"content": [thinking_part(THOUGHT), answer]}, "stop")
        return
    thoughts = [{"content": [thinking_part(text)]} for text in ("Let me", " think.")]
    await streamed(call, [*thoughts, {"content": [answer]}], "stop")


@fault
async def thinks_in_a_field(call: Call) -> None:
    """OpenRouter's way."""
    if not call.streams:
        await whole(call, {"reasoning": THOUGHT, "content": TEXT}, "stop")
        return
    await streamed(call, [{"reasoning": "Let me"}, {"reasoning": " think."}, {"content": TEXT}], "stop")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["thinks_in_parts", "thinks_in_a_field"])
def test_thinking_is_a_reasoning_item_and_a_thinking_block(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, stream: bool
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, "responses", stream=stream)
    reasoning, message = (events_in(answer.text)[-1]["response"] if stream else answer.json())["output"]
    assert reasoning["content"] == [{"type": "reasoning_text", "text": THOUGHT}]
    assert message["content"][0]["text"] == TEXT

    answer = ask(shared_gateway, "messages", stream=stream, thinking={"type": "adaptive"})
    if stream:
        deltas = [event["delta"] for event in events_in(answer.text) if event["type"] == "content_block_delta"]
        assert "".join(delta.get("thinking", "") for delta in deltas) == THOUGHT
    else:
        assert answer.json()["content"][0] == {"type": "thinking", "thinking": THOUGHT, "signature": ""}
    assert text_in("messages", answer) == text_in("completions", ask(shared_gateway, "completions")) == TEXT
    assert shared_gateway.row()["outcome"] == "ok"


REFUSAL = json.dumps({"error": {"message": "the field is wrong", "type": "invalid_request_error", "code": "odd"}})


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw_deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "unknown": ("exi", bytes),
    "identity": ("identity", bytes),
}


def refusing(name: str, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    async def refuses(call: Call) -> None:
        header = f"content-encoding: {encoding}"
        await call.answer("422 Unprocessable Entity", pack(REFUSAL.encode()), header)

    FAULTS[f"refuses_in_{name}"] = refuses


for _name, (_encoding, _pack) in PACKERS.items():
    refusing(_name, _encoding, _pack)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", PACKERS)
def test_a_compressed_refusal_can_be_read(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, stream: bool
) -> None:
    shared_provider.always = f"refuses_in_{kind}"
    answer = ask(shared_gateway, "chat.completions", stream=stream)
    assert answer.status_code == 422
    error = answer.json()["error"]
    if kind == "unknown":
        assert "compressed in an unknown way" in error["message"]
    else:
        assert (error["message"], error["code"]) == ("the field is wrong", "odd")


@fault
async def answers_in_gzip(call: Call) -> None:
    """Although it was asked not to: the whole, and each piece of a stream."""
    parts: list[bytes] = []
    send = call.send

    async def keep(data: bytes) -> None:
        parts.append(data)

    call.send = keep  # type: ignore[method-assign]
    await FAULTS["none"](call)
    call.send = send  # type: ignore[method-assign]
    body = b"".join(parts).partition(b"\r\n\r\n")[2]
    kind = "text/event-stream" if call.streams else "application/json"
    await call.answer("200 OK", gzip.compress(body), "content-encoding: gzip", content_type=kind)


@fault
async def explodes(call: Call) -> None:
    await call.answer("503 Service Unavailable", gzip.compress(b"a" * 50_000_000), "content-encoding: gzip")


@fault
async def explodes_in_zstd(call: Call) -> None:
    await call.answer("503 Service Unavailable", zstandard.compress(b"a" * 50_000_000), "content-encoding: zstd")


@fault
async def explodes_in_br(call: Call) -> None:
    await call.answer("503 Service Unavailable", brotli.compress(b"a" * 5_000_000), "content-encoding: br")


@fault
async def damaged_gzip(call: Call) -> None:
    await call.answer("200 OK", b"\x1f\x8b\x08\x00nonsense" * 9, "content-encoding: gzip")


@pytest.mark.parametrize("stream", [False, True])
def test_a_compressed_answer_is_read_all_the_same(
    shared_gateway: Gateway, shared_provider: Provider, stream: bool
) -> None:
    shared_provider.always = "answers_in_gzip"
    answer = ask(shared_gateway, "chat.completions", stream=stream)
    assert text_in("chat.completions", answer) == "".join(WORDS)


@pytest.mark.parametrize(
    ("kind", "status"), [("explodes", 503), ("explodes_in_zstd", 503), ("explodes_in_br", 503), ("damaged_gzip", 502)]
)
def test_a_compressed_body_is_neither_trusted_nor_inflated_whole(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, status: int
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, "chat.completions")
    assert (answer.status_code, len(answer.content) < 2000) == (status, True)


@fault
async def redirects(call: Call) -> None:
    body = gzip.compress(b"<html>moved</html>")
    await call.answer("301 Moved Permanently", body, "location: https://elsewhere.example/v1", "content-encoding: gzip")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_redirection_says_what_to_set(
    shared_gateway: Gateway, shared_provider: Provider, shape: str, stream: bool
) -> None:
    shared_provider.always = "redirects"
    answer = ask(shared_gateway, shape, stream=stream)
    message = answer.json()["error"]["message"]
    assert answer.status_code == 502
    assert "status 301" in message
    assert "base_url" in message
    assert "https://elsewhere.example/v1" in message


@fault
async def says_odd_types(call: Call) -> None:
    await whole(call, {"content": None, "tool_calls": [{"id": 7, "function": "weather"}]}, "tool_calls")


@fault
async def calls_no_custom_tool(call: Call) -> None:
    await whole(call, {"content": None, "tool_calls": [{"type": "custom", "custom": "patch"}]}, "tool_calls")


@fault
async def ends_for_no_reason(call: Call) -> None:
    await whole(call, {"content": "Hi."}, ["stop"])  # type: ignore[arg-type]


@fault
async def says_no_object(call: Call) -> None:
    await call.answer("200 OK", {"choices": [{"index": 0, "message": "hello", "finish_reason": "stop"}]})


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["says_odd_types", "says_no_object", "calls_no_custom_tool", "ends_for_no_reason"])
def test_an_answer_of_other_types_is_the_providers_fault_not_ours(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, shape: str
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, shape)
    assert answer.status_code == 502
    assert shared_gateway.row()["outcome"] == "failed"
