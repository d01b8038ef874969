"""Calls of tools as output items: of a function, or of a custom tool, whose input is any text."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gateway.dialects.call_arguments import CallArguments
from gateway.dialects.responses.output_item import Emitted, Item, new_id
from gateway.dialects.responses.tool_names import SEARCH, OwnTool, ToolNames

SEARCH_CALL = "tool_search_call"

INPUT = "input"
"""The one argument of the function that stands for a custom tool."""


def new_call(index: int, piece: Mapping[str, Any], names: ToolNames) -> "CallItem":
    """The item for a call that begins with `piece`."""
    if piece.get("type") == "custom":
        return CustomCall(index, piece, OwnTool(_name(piece.get("custom"))))
    tool = names.own(_name(piece.get("function")))
    kinds = {"custom": DisguisedCall, SEARCH: SearchCall}
    return kinds.get(tool.kind, FunctionCall)(index, piece, tool)


def _name(inner: Any) -> str:
    return str((inner or {}).get("name") or "")


class CallItem(Item):
    """What the kinds of call share: who is called, and the text that the caller's tool gets."""

    kind = ""
    prefix = ""
    field = ""
    event = ""

    def __init__(self, index: int, piece: Mapping[str, Any], tool: OwnTool) -> None:
        self.index = index
        self.status = "in_progress"
        self._tool = tool
        self._id = new_id(self.prefix)
        self._call_id = str(piece.get("id") or new_id("call"))
        self._text = ""

    def json(self) -> dict[str, Any]:
        call = {"call_id": self._call_id, "name": self._tool.name, self.field: self._text}
        namespace = {} if self._tool.namespace is None else {"namespace": self._tool.namespace}
        return {"id": self._id, "type": self.kind, "status": self.status, **call, **namespace}

    @abstractmethod
    def write(self, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        """Add what the next piece of the call brings."""

    def end(self) -> Iterator[Emitted]:
        yield f"{self.event}.done", self._where(**{self.field: self._text})

    def _emit(self, text: str) -> Iterator[Emitted]:
        if text:
            self._text += text
            yield f"{self.event}.delta", self._where(delta=text)

    def _where(self, **fields: Any) -> dict[str, Any]:
        return {"item_id": self._id, "output_index": self.index, **fields}


class FunctionCall(CallItem):
    """A call of a function."""

    kind, prefix, field = "function_call", "fc", "arguments"
    event = "response.function_call_arguments"

    def __init__(self, index: int, piece: Mapping[str, Any], tool: OwnTool) -> None:
        super().__init__(index, piece, tool)
        self._arguments = CallArguments()

    def write(self, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        yield from self._emit(self._arguments.add((piece.get("function") or {}).get("arguments")))

    def end(self) -> Iterator[Emitted]:
        yield from self._emit(self._arguments.rest())
        yield from super().end()


class CustomCall(CallItem):
    """A call of a custom tool by a provider that knows them."""

    kind, prefix, field = "custom_tool_call", "ctc", "input"
    event = "response.custom_tool_call_input"

    def write(self, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        yield from self._emit((piece.get("custom") or {}).get("input") or "")


class DisguisedCall(CustomCall):
    """A call of the function that stands for a custom tool. Its text is known when all of the JSON is there."""

    def __init__(self, index: int, piece: Mapping[str, Any], tool: OwnTool) -> None:
        super().__init__(index, piece, tool)
        self._arguments = ""

    def write(self, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        self._arguments += (piece.get("function") or {}).get("arguments") or ""
        yield from ()

    def end(self) -> Iterator[Emitted]:
        yield from self._emit(_input_in(self._arguments))
        yield from super().end()


class SearchCall(CallItem):
    """A search for more tools by the caller. Its arguments are an object, which is known when all of it is there."""

    kind, prefix = SEARCH_CALL, "tsc"

    def json(self) -> dict[str, Any]:
        item = {"id": self._id, "type": self.kind, "status": self.status, "call_id": self._call_id}
        return {**item, "execution": "client", "arguments": _object_in(self._text)}

    def write(self, piece: Mapping[str, Any]) -> Iterator[Emitted]:
        self._text += (piece.get("function") or {}).get("arguments") or ""
        yield from ()

    def end(self) -> Iterator[Emitted]:
        yield from ()


def _object_in(arguments: str) -> dict[str, Any]:
    try:
        value = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _input_in(arguments: str) -> str:
    """The text for the tool; a model that does not keep to the form has written it as it is."""
    try:
        value = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    text = value.get(INPUT) if isinstance(value, dict) else value
    return text if isinstance(text, str) else arguments
