"""The output items of one response, built up from the deltas of a chat answer.

A whole answer is one large delta: so what is streamed and what is not cannot differ.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.dialects.responses.call_item import CallItem, new_call
from gateway.dialects.responses.output_item import Emitted, Item, Logprobs, WrittenItem
from gateway.dialects.responses.tool_names import ToolNames
from gateway.dialects.tool_call_index import CallNumbers
from models.wire.chat import reasoning_of, text_of


class ResponsesOutput:
    """All items so far. Each method gives the events that it causes. `names` are those of the request's tools."""

    def __init__(self, names: ToolNames) -> None:
        self._names = names
        self._items: list[Item] = []
        self._open: list[Item] = []
        self._numbers = CallNumbers()
        self._calls: dict[int, CallItem] = {}

    def items(self) -> list[dict[str, Any]]:
        """The items as they stand, in order."""
        return [item.json() for item in self._items]

    def take(self, delta: Mapping[str, Any], logprobs: Logprobs) -> Iterator[Emitted]:
        """Add what one delta of the chat answer (or one whole message) brings."""
        if text := reasoning_of(delta):
            yield from self._write("reasoning_text", text, [])
        if text := text_of(delta):
            yield from self._write("output_text", text, logprobs)
        if refusal := delta.get("refusal"):
            yield from self._write("refusal", str(refusal), [])
        for position, piece in enumerate(delta.get("tool_calls") or ()):
            yield from self._call(self._numbers.of(piece, position), piece)

    def close(self, status: str) -> Iterator[Emitted]:
        """End what is still being written, with `status`."""
        if not self._items:
            yield from self._begin(WrittenItem(0, reasoning=False))
        yield from self._end_open(status)

    def break_off(self) -> None:
        """Leave what is being written as it is."""
        for item in self._open:
            item.status = "incomplete"

    def _write(self, part: str, text: str, logprobs: Logprobs) -> Iterator[Emitted]:
        reasoning = part == "reasoning_text"
        current = self._open[-1] if self._open else None
        if not isinstance(current, WrittenItem) or current.reasoning is not reasoning:
            yield from self._end_open("completed")
            current = WrittenItem(len(self._items), reasoning=reasoning)
            yield from self._begin(current)
        yield from current.write(part, text, logprobs)

    def _call(self, number: int, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        """Calls of one turn stay open side by side, since providers may send their pieces in turns."""
        call = self._calls.get(number)
        if call is None:
            if self._open and not self._calls:
                yield from self._end_open("completed")
            call = self._calls[number] = new_call(len(self._items), piece, self._names)
            yield from self._begin(call)
        yield from call.write(piece)

    def _begin(self, item: Item) -> Iterator[Emitted]:
        self._items.append(item)
        self._open.append(item)
        yield "response.output_item.added", {"output_index": item.index, "item": item.json()}

    def _end_open(self, status: str) -> Iterator[Emitted]:
        for item in self._open:
            yield from item.end()
            item.status = status
            yield "response.output_item.done", {"output_index": item.index, "item": item.json()}
        self._open.clear()
        self._calls.clear()
