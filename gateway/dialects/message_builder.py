"""Building the messages of a chat request from the turns of another API shape."""

from typing import Any

Part = dict[str, Any]
Message = dict[str, Any]


class Conversation:
    """Chat messages, added turn by turn.

    The chat format keeps the calls of one turn together in one assistant message, and takes nothing but text as the
    result of a tool: pictures that a tool returned follow in a user message, once all results of the turn are there.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._reasoning = ""
        self._media: list[Part] = []

    def say(self, role: str, content: str | list[Part]) -> None:
        """Text or content parts of one role."""
        self._flush()
        message: Message = {"role": role, "content": _simplest(content)}
        self._messages.append(self._reasoned(message) if role == "assistant" else message)
        self._reasoning = ""

    def reason(self, text: str) -> None:
        """What the assistant thought before its next turn; some providers want it back."""
        self._flush()
        self._reasoning += text

    def call(self, tool_call: dict[str, Any]) -> None:
        """A tool call of the assistant; it belongs to the turn that has just begun, if one has."""
        self._flush()
        if not self._messages or self._messages[-1]["role"] != "assistant" or self._reasoning:
            self._messages.append(self._reasoned({"role": "assistant", "content": None}))
        self._messages[-1].setdefault("tool_calls", []).append(tool_call)

    def result(self, call_id: str, content: str | list[Part]) -> None:
        """What the tool of one call returned."""
        texts = content
        if isinstance(content, list):
            texts = [part for part in content if part["type"] == "text"]
            media = [part for part in content if part["type"] != "text"]
            if media:
                self._media += [{"type": "text", "text": f"What tool call {call_id} returned:"}, *media]
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": _simplest(texts)})

    def messages(self) -> list[Message]:
        """All of them so far."""
        self._flush()
        return self._messages

    def _reasoned(self, message: Message) -> Message:
        if self._reasoning:
            message["reasoning_content"] = self._reasoning
            self._reasoning = ""
        return message

    def _flush(self) -> None:
        if self._media:
            self._messages.append({"role": "user", "content": self._media})
            self._media = []


def _simplest(content: str | list[Part]) -> str | list[Part]:
    """A string where that says all: many servers take nothing else from some roles."""
    if isinstance(content, list) and len(content) < 2 and all(set(part) == {"type", "text"} for part in content):
        return "".join(part["text"] for part in content)
    return content
