"""The seed prompts, written for slimgate: everyday errands and hard requests. See `router/data/README.md`.

Each label is a published average for that kind of request, not a measurement of the prompt: good for fitting, not for
judging.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from router.decision import Prompt, Turn

FOLDER = Path(__file__).parents[1] / "data"

SOURCE = "written"
"""Their source in artifacts and tables, the shipped ones included."""

DONE_WELL_IN_OTHER_LANGUAGES = 0.8
"""Of what a small model does well in English, the share that it does well in another language."""

DEV_SHARE = 0.15
"""Share held back for judging, as in the public data."""


def seed_prompts(split: str) -> list[tuple[Prompt, float]]:
    """Prompts of `split` (``train`` or ``dev``), and how likely a small model fails each."""
    lines = (FOLDER / "prompts.jsonl").read_text("utf-8").splitlines()
    kinds = json.loads((FOLDER / "kinds.json").read_text("utf-8"))
    rows = [json.loads(line) for line in lines if _split_of(line) == split]
    return [(_prompt(row), _failure(row, kinds)) for row in rows]


def _split_of(line: str) -> str:
    share = int.from_bytes(hashlib.sha256(line.encode()).digest()[:4]) / 2**32
    return "dev" if share < DEV_SHARE else "train"


def _prompt(row: Mapping[str, Any]) -> Prompt:
    if "prompt" in row:
        return Prompt.from_text(row["prompt"])
    return Prompt(tuple(Turn(message["role"], message["content"]) for message in row["messages"]))


def _failure(row: Mapping[str, Any], kinds: Mapping[str, Any]) -> float:
    failure: float = kinds[row["kind"]]["failure"]
    if row["language"] == "en":
        return failure
    return 1 - (1 - failure) * DONE_WELL_IN_OTHER_LANGUAGES
