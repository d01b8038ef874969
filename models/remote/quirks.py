"""Request fields that some models need renamed or dropped. It is data, so a new model needs only a setting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a model's requests differ from the standard.

    Parameters
    ----------
    rename : mapping of str to str
        Fields that the model knows by another name; an existing field of the new name is kept.
    drop : frozenset of str
        Fields that the model refuses.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request with this model's changes."""
        if not self.rename and not self.drop:
            return body
        changed = {name: value for name, value in body.items() if name not in self.drop and name not in self.rename}
        for old, new in self.rename.items():
            if old in body:
                changed.setdefault(new, body[old])
        return changed


NO_QUIRKS = Quirks()

# OpenAI's reasoning models refuse `max_tokens` and every sampling parameter but its default.
_REASONING = Quirks(
    rename={"max_tokens": "max_completion_tokens"},
    drop=frozenset(
        {"temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias"}
    ),
)

KNOWN: dict[str, Quirks] = {"o1*": _REASONING, "o3*": _REASONING, "o4*": _REASONING, "gpt-5*": _REASONING}
"""By model name, where ``*`` matches any text. The first match counts."""


def quirks_of(model: str) -> Quirks:
    """The quirks of `model`, whatever provider it is named with (``openai/o3`` is ``o3``).

    >>> quirks_of("openai/o3-mini").rename
    {'max_tokens': 'max_completion_tokens'}
    >>> quirks_of("gpt-4.1") is NO_QUIRKS
    True
    """
    name = model.rpartition("/")[2]
    return next((quirks for pattern, quirks in KNOWN.items() if fnmatchcase(name, pattern)), NO_QUIRKS)
