"""Converts chat exports to messages: ChatGPT's own format, and the widespread ShareGPT format."""

from collections.abc import Mapping
from typing import Any

_SPEAKERS = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bing", "bard", "model"), "assistant"),
    "system": "system",
    **dict.fromkeys(("tool", "function", "observation"), "tool"),
    "function_call": "assistant",
}


def sharegpt_messages(conversation: list[Any]) -> list[dict[str, Any]]:
    """``[{"from": "human", "value": "…"}, …]`` as messages.

    Raises
    ------
    ValueError
        Naming the bad turn.
    """
    return [_sharegpt_message(turn, f"conversations[{index}]") for index, turn in enumerate(conversation)]


def _sharegpt_message(turn: Any, where: str) -> dict[str, Any]:
    if not isinstance(turn, dict) or not isinstance(turn.get("value"), str):
        raise ValueError(f"{where} must be an object with 'from' and 'value'")
    if (role := _SPEAKERS.get(str(turn.get("from")))) is None:
        raise ValueError(f"{where}.from is {turn.get('from')!r}, which is not a known speaker")
    return {"role": role, "content": turn["value"]}


def chatgpt_messages(conversation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The last shown branch of an exported ChatGPT conversation; the output of its tools is part of the answer.

    Raises
    ------
    ValueError
        If the tree of messages is broken.
    """
    messages: list[dict[str, Any]] = []
    for message in _branch(conversation["mapping"], conversation.get("current_node")):
        role, content = _author(message), _content(message)
        if role not in ("system", "user", "assistant") or not content:
            continue
        if role == "assistant" and messages and messages[-1]["role"] == role:
            messages[-1]["content"] += content
        else:
            messages.append({"role": role, "content": content})
    return messages


def _branch(mapping: Mapping[str, Any], last: Any) -> list[Mapping[str, Any]]:
    """The messages from the root to `last`; the root itself has none."""
    branch: list[Any] = []
    while last is not None:
        node = mapping.get(last) if isinstance(last, str) else None
        if not isinstance(node, dict) or len(branch) > len(mapping):
            raise ValueError("'mapping' and 'current_node' do not form a conversation")
        branch.append(node.get("message"))
        last = node.get("parent")
    return [message for message in reversed(branch) if isinstance(message, dict)]


def _author(message: Mapping[str, Any]) -> Any:
    author = message.get("author")
    return author.get("role") if isinstance(author, dict) else None


def _content(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Text and image parts; an answer's code for its tools is a text without parts."""
    content = message.get("content")
    if not isinstance(content, dict):
        return []
    parts = content.get("parts")
    if not isinstance(parts, list):
        parts = [content.get("text")]
    return [converted for part in parts if (converted := _part(part)) is not None]


def _part(part: Any) -> dict[str, Any] | None:
    if isinstance(part, dict) and part.get("content_type") == "image_asset_pointer":
        return {"type": "image_url", "image_url": {"url": "data:"}}
    text = part.get("text") if isinstance(part, dict) else part
    return {"type": "text", "text": text} if isinstance(text, str) and text else None
