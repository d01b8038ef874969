"""Building the messages of a chat request from the turns of another API shape."""

from dataclasses import dataclass, field
from typing import Any

Part = dict[str, Any]
Message = dict[str, Any]


class Conversation:
    """Chat messages, added turn by turn.

    The chat format has one message for a turn of the assistant: its reasoning, its text and all its calls; the calls'
    results follow at once. Other shapes let text and reasoning stand between calls, and anything between a call and its
    result. The chat format also takes nothing but text as the result of a tool: pictures that a tool returned follow in
    a user message, once all results of the turn are there.
    """

    def __init__(self) -> None:
        self._turns: list[_Turn] = []
        self._reasoning = ""
        self._media: list[Part] = []
        self._awaited: dict[str, _Turn] = {}

    def say(self, role: str, content: str | list[Part]) -> None:
        """Text or content parts of one role."""
        if role == "assistant":
            message = self._assistant().message
            message["content"] = _joined(message["content"], _simplest(content))
            return
        self._flush()
        self._turns.append(_Turn({"role": role, "content": _simplest(content)}))
        self._reasoning = ""

    def reason(self, text: str) -> None:
        """What the assistant thought before its next words or calls; some providers want it back."""
        self._reasoning = _paragraphs(self._reasoning, text)

    def call(self, tool_call: dict[str, Any]) -> None:
        """A tool call of the assistant; it belongs to the turn that has begun, if one has."""
        turn = self._assistant()
        turn.message.setdefault("tool_calls", []).append(tool_call)
        turn.awaited.add(tool_call["id"])
        self._awaited[tool_call["id"]] = turn

    def result(self, call_id: str, content: str | list[Part]) -> None:
        """What the tool of one call returned."""
        texts = content
        if isinstance(content, list):
            texts = "\n".join(part["text"] for part in content if part["type"] == "text")
            media = [part for part in content if part["type"] != "text"]
            if media:
                self._media += [{"type": "text", "text": f"What tool call {call_id} returned:"}, *media]
        message = {"role": "tool", "tool_call_id": call_id, "content": texts}
        turn = self._awaited.pop(call_id, None)
        if turn is None:  # nobody here called it, and whoever answers says so
            self._turns.append(_Turn(message))
            return
        turn.results.append(message)
        turn.awaited.discard(call_id)

    def messages(self) -> list[Message]:
        """All of them so far."""
        self._flush()
        return [message for turn in self._turns for message in (turn.message, *turn.results)]

    def _assistant(self) -> "_Turn":
        """The assistant's turn that is being added to; one with calls is over when all their results are there."""
        if not self._turns or not self._turns[-1].open:
            self._flush()
            self._turns.append(_Turn({"role": "assistant", "content": None}))
        turn = self._turns[-1]
        if self._reasoning:
            earlier = turn.message.get("reasoning_content")
            turn.message["reasoning_content"] = _paragraphs(earlier, self._reasoning)
            self._reasoning = ""
        return turn

    def _flush(self) -> None:
        if self._media:
            self._turns.append(_Turn({"role": "user", "content": self._media}))
            self._media = []


@dataclass(slots=True)
class _Turn:
    """One message, and the results of its tool calls; `awaited` are the ids of those that are still to come."""

    message: Message
    results: list[Message] = field(default_factory=list)
    awaited: set[str] = field(default_factory=set)

    @property
    def open(self) -> bool:
        return self.message["role"] == "assistant" and (not self.results or bool(self.awaited))


def _joined(earlier: str | list[Part] | None, content: str | list[Part]) -> str | list[Part]:
    """The contents of one turn: paragraphs of a text, or parts."""
    if not earlier:
        return content
    if isinstance(earlier, str) and isinstance(content, str):
        return _paragraphs(earlier, content)
    return [*_parts(earlier), *_parts(content)]


def _paragraphs(*texts: str | None) -> str:
    return "\n\n".join(filter(None, texts))


def _parts(content: str | list[Part]) -> list[Part]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _simplest(content: str | list[Part]) -> str | list[Part]:
    """A string where that says all: many servers take nothing else from some roles."""
    if isinstance(content, list) and len(content) < 2 and all(set(part) == {"type", "text"} for part in content):
        return "".join(part["text"] for part in content)
    return content
