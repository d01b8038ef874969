"""One request in each API shape that answers, and how each shape's answers look: for what must hold in all of them."""

import json
from typing import Any

import httpx

from tests.live import Gateway

HELLO: Any = [{"role": "user", "content": "Say hello."}]

SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat.completions": ("/v1/chat/completions", {"messages": HELLO}),
    "responses": ("/v1/responses", {"input": "Say hello."}),
    "messages": ("/v1/messages", {"messages": HELLO, "max_tokens": 50}),
    "completions": ("/v1/completions", {"prompt": "Say hello.", "max_tokens": 50}),
}

_ENDS = {
    "chat.completions": "data: [DONE]",
    "responses": "event: response.completed",
    "messages": "event: message_stop",
    "completions": "data: [DONE]",
}


def ask(gateway: Gateway, shape: str, **more: Any) -> httpx.Response:
    path, body = SHAPES[shape]
    return httpx.post(gateway.url + path, json={"model": "auto", **body, **more}, timeout=30)


def ends_as_whole(shape: str, stream: str) -> bool:
    """Whether a streamed answer says of itself that it is complete."""
    return _ENDS[shape] in stream


def events_in(stream: str) -> list[dict[str, Any]]:
    """The JSON of all events."""
    data = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in data]


def text_in(shape: str, answer: httpx.Response) -> str:
    """The text of an answer, streamed or not."""
    if answer.headers["content-type"].startswith("application/json"):
        return _text_of_whole(shape, answer.json())
    return "".join(_text_of_event(shape, event) for event in events_in(answer.text))


def _text_of_whole(shape: str, answer: Any) -> str:
    if shape == "responses":
        parts = [part for item in answer["output"] if item["type"] == "message" for part in item["content"]]
    elif shape == "messages":
        parts = [block for block in answer["content"] if block["type"] == "text"]
    else:
        parts = [choice.get("message") or choice for choice in answer["choices"]]
    return "".join(part.get("text") or part.get("content") or "" for part in parts)


def _text_of_event(shape: str, event: dict[str, Any]) -> str:
    if shape == "responses":
        return str(event["delta"]) if event["type"] == "response.output_text.delta" else ""
    if shape == "messages":
        return str((event.get("delta") or {}).get("text") or "")
    choices = event.get("choices") or [{}]
    return str(
        (choices[0].get("delta") or choices[0]).get("text") or (choices[0].get("delta") or {}).get("content") or ""
    )
