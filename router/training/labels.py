"""The user's own labels: a file with a prompt a line, and whether the local answer was good enough.

``{"prompt": "…" or "messages": […], "local_ok": true|false, "cloud_ok": true|false}``; `cloud_ok` may be left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.decision import Prompt, Turn
from router.errors import DatasetError
from router.training.json_lines import numbered_lines


@dataclass(frozen=True, slots=True)
class Label:
    """One prompt, and whether each model's answer was good enough; `cloud_ok` is None where nobody judged it."""

    prompt: Prompt
    local_ok: bool
    cloud_ok: bool | None = None


def read_labels(path: Path) -> list[Label]:
    """Read a labels file.

    Raises
    ------
    DatasetError
        Naming the first bad line and what is wrong with it: labels are few, so none is dropped silently.
    """
    try:
        labels = [_parsed(path, number, line) for number, line in numbered_lines(path)]
    except OSError as exc:
        raise DatasetError(f"{path}: {exc.strerror or exc}") from exc
    if not labels:
        raise DatasetError(f"{path} holds no labels")
    return labels


def _parsed(path: Path, number: int, line: bytes) -> Label:
    try:
        return parse_label(json.loads(line))
    except (ValueError, RecursionError) as exc:
        raise DatasetError(f"{path}:{number}: {exc}") from exc


def parse_label(body: Any) -> Label:
    """Check one decoded line.

    Raises
    ------
    ValueError
        Naming the field.
    """
    if not isinstance(body, dict):
        raise ValueError("a label must be a JSON object")
    if not isinstance(body.get("local_ok"), bool):
        raise ValueError("'local_ok' must be true or false")
    cloud_ok = body.get("cloud_ok")
    if cloud_ok is not None and not isinstance(cloud_ok, bool):
        raise ValueError("'cloud_ok' must be true or false, or left out")
    return Label(_prompt(body), body["local_ok"], cloud_ok)


def _prompt(body: Mapping[str, Any]) -> Prompt:
    if isinstance(body.get("prompt"), str):
        return Prompt.from_text(body["prompt"])
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("'prompt' (a string) or 'messages' (a non-empty array) is missing")
    return Prompt(tuple(_turn(message) for message in messages))


def _turn(message: Any) -> Turn:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise ValueError("each of 'messages' must be an object with 'role' and 'content'")
    content = message.get("content")
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return Turn(message["role"], "\n".join(text for text in texts if isinstance(text, str)))
    return Turn(message["role"], content if isinstance(content, str) else "")
