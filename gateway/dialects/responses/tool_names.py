"""What the tools of a Responses request are called in the chat format, and back.

The chat format has neither namespaces nor, at most providers, custom tools. A tool of a namespace is called
`namespace__tool` there, and a custom tool is a function with one text.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_NAME_CHARS = 64
"""OpenAI's limit on a function's name; longer ones are shortened, and end in a part of their hash."""

SEARCH = "tool_search"
SEARCH_OUTPUT = "tool_search_output"

_HASH_CHARS = 8

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class OwnTool:
    """A tool as the caller knows it. `kind` is its type: function, custom or tool_search."""

    name: str
    namespace: str | None = None
    kind: str = "function"


class ToolNames:
    """The names of one request's tools.

    `tools` are those that it offers, as they came; what is no tool is passed over. `searchable` says that a model may
    be offered a tool only when a search has found it.

    >>> names = ToolNames([{"type": "namespace", "name": "docs", "tools": [{"type": "function", "name": "find"}]}])
    >>> names.in_chat("find", "docs"), names.own("docs__find").namespace, names.own("find").namespace
    ('docs__find', 'docs', None)
    """

    def __init__(self, tools: list[Any]) -> None:
        self.searchable = any(isinstance(tool, Mapping) and tool.get("type") == SEARCH for tool in tools)
        self._own: dict[str, OwnTool] = {}
        self._in_chat: dict[tuple[str | None, str], str] = {}
        # Names without a namespace stay as they are: one of a namespace must not take theirs.
        for tool in sorted(_own_tools(tools), key=lambda tool: tool.namespace is not None):
            self._add(tool)

    def in_chat(self, name: str, namespace: str | None = None) -> str:
        """What a tool is called in the chat format, also one that is offered no more."""
        return self._in_chat.get((namespace, name)) or _flat(name, namespace)

    def own(self, chat_name: str) -> OwnTool:
        """The tool that a model calls by this name; one that was not offered has no other."""
        return self._own.get(chat_name) or OwnTool(chat_name)

    def _add(self, tool: OwnTool) -> None:
        if (tool.namespace, tool.name) in self._in_chat:
            return
        name = _flat(tool.name, tool.namespace)
        if name in self._own:
            name = _shortened(name, f"{tool.namespace}\n{tool.name}")
        self._own[name] = tool
        self._in_chat[tool.namespace, tool.name] = name


def _own_tools(tools: Any, namespace: str | None = None) -> Iterator[OwnTool]:
    for tool in tools if isinstance(tools, list) else ():
        if not isinstance(tool, Mapping):
            continue
        kind, name = tool.get("type"), tool.get("name")
        if is_client_search(tool):
            yield OwnTool(SEARCH, kind=SEARCH)
        elif kind == "namespace" and namespace is None and isinstance(name, str):
            yield from _own_tools(tool.get("tools"), name)
        elif kind in ("function", "custom") and isinstance(name, str):
            yield OwnTool(name, namespace, kind)


def is_client_search(tool: Mapping[str, Any]) -> bool:
    """Whether a tool is the search for more tools, which the caller runs itself."""
    return tool.get("type") == SEARCH and tool.get("execution") == "client"


def offered(request_body: Mapping[str, Any]) -> list[Any]:
    """All tools of a request as they came: those in `tools`, and those that earlier searches have found."""
    tools, given = request_body.get("tools"), request_body.get("input")
    items = given if isinstance(given, list) else ()
    found = [item.get("tools") for item in items if isinstance(item, dict) and item.get("type") == SEARCH_OUTPUT]
    return [tool for some in (tools, *found) if isinstance(some, list) for tool in some]


def _flat(name: str, namespace: str | None) -> str:
    if namespace is None:
        return name
    joined = f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"
    flat = _NOT_IN_NAMES.sub("_", joined)
    return flat if len(flat) <= MAX_NAME_CHARS else _shortened(flat, f"{namespace}\n{name}")


def _shortened(name: str, whole: str) -> str:
    digest = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:_HASH_CHARS]
    return f"{name[: MAX_NAME_CHARS - _HASH_CHARS - 1]}_{digest}"
