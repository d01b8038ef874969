"""The content blocks of one message, built up from the deltas of a chat answer.

A whole answer is one large delta: so what is streamed and what is not cannot differ.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from gateway.dialects.call_arguments import CallArguments
from gateway.dialects.tool_call_index import CallNumbers
from models.wire.chat import reasoning_of, text_of

Emitted = dict[str, Any]
"""One event's payload, its `type` in it."""


class MessagesOutput:
    """All blocks so far, one of them open at most. Each method gives the events that it causes."""

    def __init__(self, *, shows_thinking: bool) -> None:
        self._shows_thinking = shows_thinking
        self._count = 0
        self._open = ""
        self._numbers = CallNumbers()
        self._streaming: int | None = None
        self._waiting: dict[int, list[Mapping[str, Any]]] = {}
        self._arguments = CallArguments()
        self.called = False
        self.refused = False

    def take(self, delta: Mapping[str, Any]) -> Iterator[Emitted]:
        """Add what one delta of the chat answer (or one whole message) brings."""
        if self._shows_thinking and (thought := reasoning_of(delta)):
            yield from self._write("thinking", thought)
        if text := text_of(delta):
            yield from self._write("text", text)
        if refusal := delta.get("refusal"):
            self.refused = True
            yield from self._write("text", str(refusal))
        for position, piece in enumerate(delta.get("tool_calls") or ()):
            self.called = True
            yield from self._call(self._numbers.of(piece, position), piece)

    def close(self) -> Iterator[Emitted]:
        """End the open block, and let those follow that waited for it."""
        if self._open:
            yield {"type": "content_block_stop", "index": self._count - 1}
        self._open, self._streaming = "", None
        waiting, self._waiting = self._waiting, {}
        for pieces in waiting.values():
            yield from self._begin_call(pieces[0])
            for piece in pieces:
                yield from self._add_arguments(piece)
            yield {"type": "content_block_stop", "index": self._count - 1}
        self._open = ""

    def _write(self, kind: str, text: str) -> Iterator[Emitted]:
        if self._open != kind:
            yield from self.close()
            signature = {"signature": ""} if kind == "thinking" else {}
            yield self._begin({"type": kind, kind: "", **signature})
        yield self._delta({"type": f"{kind}_delta", kind: text})

    def _call(self, number: int, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        """Blocks come one after the other, so pieces of a second call wait until the first is over."""
        if self._open != "tool_use":
            yield from self.close()
            self._streaming = number
            yield from self._begin_call(piece)
        if number == self._streaming:
            yield from self._add_arguments(piece)
        else:
            self._waiting.setdefault(number, []).append(piece)

    def _begin_call(self, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        self._arguments = CallArguments()
        call_id, name = piece.get("id") or f"toolu_{secrets.token_hex(12)}", _function(piece).get("name") or ""
        yield self._begin({"type": "tool_use", "id": str(call_id), "name": str(name), "input": {}})

    def _add_arguments(self, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        if arguments := self._arguments.add(_function(piece).get("arguments")):
            yield self._delta({"type": "input_json_delta", "partial_json": arguments})

    def _begin(self, block: dict[str, Any]) -> Emitted:
        self._open = block["type"]
        self._count += 1
        return {"type": "content_block_start", "index": self._count - 1, "content_block": block}

    def _delta(self, delta: dict[str, Any]) -> Emitted:
        return {"type": "content_block_delta", "index": self._count - 1, "delta": delta}


def assemble(events: Iterable[Emitted], *, cut_short: bool) -> list[dict[str, Any]]:
    """The blocks that `events` tell of.

    Raises
    ------
    ValueError
        If the input of a tool is not a JSON object, unless the answer was `cut_short` before its end.
    """
    blocks: list[dict[str, Any]] = []
    inputs: dict[int, str] = {}
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append(event["content_block"])
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            if delta["type"] == "input_json_delta":
                inputs[event["index"]] = inputs.get(event["index"], "") + delta["partial_json"]
            else:
                field = delta["type"].removesuffix("_delta")
                blocks[event["index"]][field] += delta[field]
    for index, text in inputs.items():
        blocks[index]["input"] = _tool_input(text, cut_short=cut_short)
    return blocks


def _tool_input(text: str, *, cut_short: bool) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return value
    if cut_short:
        return {}
    raise ValueError("the input of a tool call is not a JSON object")


def _function(piece: Mapping[str, Any]) -> Mapping[str, Any]:
    return piece.get("function") or {}
