"""Prompts without a chat: texts, or the same as token numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.request.sampling import SamplingParams
from models.wire.json_reader import JsonReader

MAX_PROMPTS = 256

Prompt = str | list[int]


@dataclass(frozen=True, slots=True)
class CompletionJob:
    """A completion request, checked. There are `n` answers to each of `prompts`, in their order."""

    prompts: Sequence[Prompt]
    sampling: SamplingParams
    stops: tuple[str, ...]
    max_tokens: int
    stream: bool
    include_usage: bool
    n: int
    n_alternatives: int | None


def read_prompts(prompts: JsonReader, most: int = MAX_PROMPTS) -> list[Prompt]:
    """One text, up to `most` of them, or the same as tokens.

    Raises
    ------
    RequestError
        If it is neither.
    """
    value = prompts.value
    several = value if isinstance(value, list) and not _is_tokens(value) else [value]
    if not several or len(several) > most or not all(isinstance(p, str) or _is_tokens(p) for p in several):
        raise prompts.wrong(f"a non-empty string, an array of token numbers, or an array of up to {most} of either")
    if not all(several):
        raise prompts.must_be("more than an empty string: there is nothing to go by", "invalid_value")
    return several


def _is_tokens(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(t, int) and not isinstance(t, bool) for t in value)
    )
