"""Learns from a server's refusals which fields its model does not take, so that no caller has to know.

Only fields that ask for a nuance or give a hint are left out; a limit on the answer is sent by its other name. What
decides on the answer (tools, formats, stops) never is: there the refusal is the caller's to hear. Whatever is left out
is told with the answer (`models.wire.notes`).
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from models.redaction.server_words import ServerWords
from models.remote.quirks import MAX_COMPLETION_TOKENS, MAX_TOKENS, NO_QUIRKS, Quirks

OTHER_NAME = {MAX_TOKENS: MAX_COMPLETION_TOKENS, MAX_COMPLETION_TOKENS: MAX_TOKENS}

MAY_BE_LEFT_OUT = frozenset({
    "frequency_penalty", "metadata", "min_p", "parallel_tool_calls", "prediction", "presence_penalty",
    "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "safety_identifier",
    "seed", "service_tier", "store", "stream_options", "temperature", "top_k", "top_p", "user", "verbosity",
})  # fmt: skip

NO_LOSS: Mapping[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "logit_bias": {},
    "store": False,
    "parallel_tool_calls": True,
}
"""Values that ask for what happens anyway: leaving them out changes nothing."""

MOST_LEARNT = 200
"""More than there are fields and efforts; the oldest are forgotten."""

_EFFORT_CHARS = 20

MOST_CHANGES = 6
"""How often one request is sent again with other fields: a server may name one of them at a time."""

_REFUSED = re.compile(
    r"unsupported|not supported|(does|do) not (support|accept)|unrecogni[sz]ed|unknown|unexpected|not permitted|"
    r"not allowed|cannot find field|deprecated",
    re.IGNORECASE,
)
_ONLY_THIS_VALUE = re.compile(
    r"unsupported value|supported values|must be (one of|at|less|greater|between)", re.IGNORECASE
)
_ONLY_THE_DEFAULT = re.compile(r"only the default", re.IGNORECASE)
"""Another value would be taken: that is for the caller to know, unless the one that is taken is the default."""


class LearntQuirks:
    """The changes that requests for one model at one server need: those that are known, then those that it taught.

    What it taught holds for one reasoning effort, since a model may take a temperature at one and not at another. It is
    remembered once a request was accepted with it: a refusal may quote a caller, who must not decide for the others.
    """

    def __init__(self, known: Quirks) -> None:
        self._known = known
        self._learnt: OrderedDict[tuple[str, str], str | None] = OrderedDict()

    def apply(
        self, asked: dict[str, Any], taught: Mapping[str, str | None] = MappingProxyType({})
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The request as the server takes it, and the fields that are left out though they may make a difference.

        `taught` are changes that this request's own refusals asked for.
        """
        changes = self._changes(asked, taught)
        changed = changes.apply(self._known.apply(asked))
        lost = (self._known.drop | changes.drop) & asked.keys()
        return changed, tuple(sorted(name for name in lost if asked[name] not in (None, NO_LOSS.get(name))))

    def taught_by(
        self, words: ServerWords, sent: Mapping[str, Any], taught: Mapping[str, str | None]
    ) -> dict[str, str | None]:
        """What the refusal of `sent` asks for beyond `taught`: new names of fields, None for one to be left out."""
        return {
            name: OTHER_NAME.get(name)
            for name in refused_fields(words, sent)
            if name not in taught
            and OTHER_NAME.get(name) not in taught  # both names of the limit: then neither is known
        }

    def remember(self, asked: Mapping[str, Any], taught: Mapping[str, str | None]) -> None:
        """Change further requests like `asked` in this way."""
        effort = _effort(asked)
        for name, new in taught.items():
            self._learnt[name, effort] = new
        while len(self._learnt) > MOST_LEARNT:
            self._learnt.popitem(last=False)

    def _changes(self, asked: Mapping[str, Any], taught: Mapping[str, str | None]) -> Quirks:
        """What was learnt for a request like this."""
        if not self._learnt and not taught:
            return NO_QUIRKS
        effort = _effort(asked)
        found = {name: new for (name, at), new in self._learnt.items() if at == effort} | dict(taught)
        renamed = {name: new for name, new in found.items() if new is not None}
        return Quirks(renamed, frozenset(found.keys() - renamed.keys()))


def refused_fields(words: ServerWords, sent: Mapping[str, Any]) -> list[str]:
    """Fields of `sent` that the server says it does not take, of those that may be changed.

    >>> refused_fields(ServerWords("Unsupported parameter: 'max_tokens'"), {"max_tokens": 5, "model": "m"})
    ['max_tokens']
    >>> refused_fields(ServerWords("temperature must be between 0 and 1", param="temperature"), {"temperature": 2})
    []
    """
    message = words.message
    if _ONLY_THIS_VALUE.search(message) and not _ONLY_THE_DEFAULT.search(message):
        return []
    if not _REFUSED.search(message) and words.code not in ("unsupported_parameter", "unknown_parameter"):
        return []
    return [name for name in sent if _may_change(name) and _is_meant(words, name)]


def _is_meant(words: ServerWords, name: str) -> bool:
    """Whether it is this field that is refused; a server that names the field beside its message means no other."""
    return words.param == name if words.param is not None else _names(words.message, name)


def _may_change(name: str) -> bool:
    return name in MAY_BE_LEFT_OUT or name in OTHER_NAME


def _names(message: str, name: str) -> bool:
    """Whether a message means the field and not the word: in quotes, by its path, or by a name that is no word."""
    return any(re.search(pattern, message) for pattern in _patterns(re.escape(name), is_word="_" not in name))


def _patterns(name: str, *, is_word: bool) -> Iterator[str]:
    yield rf"[\"'`]{name}[\"'`]"
    yield rf"(?<![\w.])body\.{name}(?![\w.])"
    yield rf"(?<![\w.]){name}: "
    if not is_word:
        yield rf"(?<![\w.]){name}(?![\w-])"


def _effort(body: Mapping[str, Any]) -> str:
    reasoning = body.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else body.get("reasoning_effort")
    return effort[:_EFFORT_CHARS] if isinstance(effort, str) else ""
