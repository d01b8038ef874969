"""The kinds of output item, each written piece by piece. What writing causes is given back as events."""

import secrets
from collections.abc import Iterator
from typing import Any, Protocol

Emitted = tuple[str, dict[str, Any]]
"""An event's type, and its fields."""

Logprobs = list[dict[str, Any]]


def new_id(prefix: str) -> str:
    """An id of ours."""
    return f"{prefix}_{secrets.token_hex(20)}"


class Item(Protocol):
    """One output item while it is being written."""

    index: int
    status: str

    def json(self) -> dict[str, Any]:
        """The item as it stands."""
        ...

    def end(self) -> Iterator[Emitted]:
        """What is to be said before the item itself is done."""
        ...


class _Part:
    """One content part: answer text, a refusal, or a stretch of reasoning."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.field = "refusal" if kind == "refusal" else "text"
        self.text = ""
        self.logprobs: Logprobs = []

    def json(self) -> dict[str, Any]:
        extra = {"annotations": [], "logprobs": list(self.logprobs)} if self.kind == "output_text" else {}
        return {"type": self.kind, self.field: self.text, **extra}

    def with_logprobs(self, logprobs: Logprobs) -> dict[str, Any]:
        return {"logprobs": list(logprobs)} if self.kind == "output_text" else {}


class WrittenItem:
    """A message of the assistant, or its reasoning: an item of content parts."""

    def __init__(self, index: int, *, reasoning: bool) -> None:
        self.index = index
        self.status = "in_progress"
        self.reasoning = reasoning
        self._id = new_id("rs" if reasoning else "msg")
        self._parts: list[_Part] = []

    def json(self) -> dict[str, Any]:
        kind = {"type": "reasoning", "summary": []} if self.reasoning else {"type": "message", "role": "assistant"}
        content = [part.json() for part in self._parts]
        return {"id": self._id, **kind, "status": self.status, "content": content}

    def write(self, kind: str, text: str, logprobs: Logprobs) -> Iterator[Emitted]:
        if not self._parts or self._parts[-1].kind != kind:
            yield from self._end_part()
            yield from self._begin_part(kind)
        part = self._parts[-1]
        part.text += text
        part.logprobs += logprobs
        yield f"response.{kind}.delta", self._where(delta=text, **part.with_logprobs(logprobs))

    def end(self) -> Iterator[Emitted]:
        if not self._parts:  # the model had nothing to say; clients look for a text all the same
            yield from self._begin_part("output_text")
        yield from self._end_part()

    def _begin_part(self, kind: str) -> Iterator[Emitted]:
        self._parts.append(_Part(kind))
        yield "response.content_part.added", self._where(part=self._parts[-1].json())

    def _end_part(self) -> Iterator[Emitted]:
        if not self._parts:
            return
        part = self._parts[-1]
        whole = {part.field: part.text, **part.with_logprobs(part.logprobs)}
        yield f"response.{part.kind}.done", self._where(**whole)
        yield "response.content_part.done", self._where(part=part.json())

    def _where(self, **fields: Any) -> dict[str, Any]:
        place = {"item_id": self._id, "output_index": self.index, "content_index": len(self._parts) - 1}
        return {**place, **fields}
