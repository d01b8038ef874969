"""Request fields that some servers and models need renamed or dropped. It is data, so a new model needs only a setting.

What is not known here is learnt from the server's refusals (`models.remote.learnt_quirks`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

MAX_TOKENS = "max_tokens"
MAX_COMPLETION_TOKENS = "max_completion_tokens"


@dataclass(frozen=True, slots=True)
class Quirks:
    """How requests for one model at one server differ from the standard.

    Parameters
    ----------
    rename : mapping of str to str
        Fields that it knows by another name; an existing field of the new name is kept.
    drop : frozenset of str
        Fields that it refuses.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request with these changes."""
        if not self.rename and not self.drop:
            return body
        changed = {name: value for name, value in body.items() if name not in self.drop and name not in self.rename}
        for old, new in self.rename.items():
            if old in body:
                changed.setdefault(new, body[old])
        return changed

    def told(self, rename: Mapping[str, str] | None, drop: Iterable[str] | None) -> "Quirks":
        """These, but for what somebody who knows better says; None leaves it as it is."""
        return Quirks(
            self.rename if rename is None else rename,
            self.drop if drop is None else frozenset(drop),
        )


NO_QUIRKS = Quirks()

# OpenAI's reasoning models refuse `max_tokens`, wherever they are served.
_NEW_LIMIT = Quirks(rename={MAX_TOKENS: MAX_COMPLETION_TOKENS})

# The first of them refuse every sampling parameter but its default as well. Later ones take some at some efforts.
_REASONING = Quirks(
    rename=_NEW_LIMIT.rename,
    drop=frozenset(
        {"temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias"}
    ),
)

KNOWN: dict[str, Quirks] = {
    **dict.fromkeys(("o1*", "o3*", "o4*", "gpt-5", "gpt-5-20*", "gpt-5-mini*", "gpt-5-nano*"), _REASONING),
    "gpt-5*": _NEW_LIMIT,
}
"""By model name, where ``*`` matches any text. The first match counts."""

_OLD_LIMIT = Quirks(rename={MAX_COMPLETION_TOKENS: MAX_TOKENS})
"""Mistral refuses OpenAI's new name of the limit, Ollama ignores it and answers without end; all know the old one."""

NEW_LIMIT_HOSTS = ("api.openai.com", "*.api.openai.com", "*.azure.com", "api.cerebras.ai")
"""Hosts that take the new name for every model."""


def quirks_of(model: str, base_url: str) -> Quirks:
    """The quirks of `model` at `base_url`, whatever provider it is named with (``openai/o3`` is ``o3``).

    >>> quirks_of("openai/o3-mini", "https://openrouter.ai/api/v1").rename
    {'max_tokens': 'max_completion_tokens'}
    >>> quirks_of("mistral-large-latest", "https://api.mistral.ai/v1").rename
    {'max_completion_tokens': 'max_tokens'}
    >>> quirks_of("gpt-4.1", "https://api.openai.com/v1") is NO_QUIRKS
    True
    """
    name = model.rpartition("/")[2]
    known = next((quirks for pattern, quirks in KNOWN.items() if fnmatchcase(name, pattern)), None)
    if known is not None:
        return known
    host = urlsplit(base_url).hostname or ""
    return NO_QUIRKS if any(fnmatchcase(host, pattern) for pattern in NEW_LIMIT_HOSTS) else _OLD_LIMIT
