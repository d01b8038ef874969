"""One request as the ledger keeps it. Never any text of the prompt or the answer."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import orjson

from models.redaction.plain_text import plain_text
from models.usage.shapes import MAX_TOKENS
from models.wire.first_tokens import FIRST_TOKENS

TEXT_CHARS = 200
"""The most kept of a name: callers invent model names, providers error codes."""

TAGS_CHARS = 1000
"""The most kept of a key's tags, as JSON: they are in an index."""

MAX_MS = 2**53
"""The largest time or duration, in milliseconds."""

MAX_NUSD = 10**15
"""The largest cost of one request, in nano-dollars: a million US dollars."""

NO_ROUTE = "none"
"""Route of a request that was refused before one was chosen."""

INVALID = "invalid"
"""Reason of such a request, if the request itself was invalid and no rule refused it."""

EMBEDDINGS = "embeddings"
"""The endpoint whose requests are not routed: they have no score."""

_TEXTS = (
    "id", "endpoint", "requested_model", "route", "reason", "served_model",
    "key_id", "session_id", "outcome", "error_code", "baseline_model", "artifact", "backend_model", "team", "end_user",
)  # fmt: skip
_OPTIONAL = frozenset(_TEXTS[6:])
_JSON_TEXTS = ("contributions", "second_look", "usage_details", "egress")
_TOKENS = ("prompt_tokens", "completion_tokens", "cached_tokens")
_FLOATS = (
    "score", "threshold", "first_token_ms", "total_ms", "overhead_ms",
    "first_logprob", "first_least_logprob", "first_margin", "first_entropy",
)  # fmt: skip
_FLAGS = ("stream", "usage_estimated")
_BOUNDS = {
    "created_ms": MAX_MS, "cost_nusd": MAX_NUSD, "baseline_nusd": MAX_NUSD, "deciding_nusd": MAX_NUSD,
    "abandoned_nusd": MAX_NUSD,
    "estimated_first_token_ms": MAX_MS, "estimated_answer_ms": MAX_MS,
    "first_n": FIRST_TOKENS,
}  # fmt: skip
_EARLIER_NAMES = {"asked_model": "backend_model", "traits": "contributions"}
_EARLIER_KEYS = {"familiarity": "vocabulary_coverage", "pushes": "features"}
_ZERO = frozenset({"score", "threshold", "created_ms", "deciding_nusd", "abandoned_nusd"})


class Outcome(StrEnum):
    """How a request ended: a closed list, the same in ledger, log and metrics."""

    OK = "ok"
    REJECTED = "rejected"  # the request was at fault; the caller got a 4xx
    FAILED = "failed"  # no backend could answer; the caller got a 5xx
    INTERRUPTED = "interrupted"  # the answer broke off after it had begun
    CANCELLED = "cancelled"  # the caller disconnected
    LOST = "lost"  # the gateway process died before the request ended


ERRORS = frozenset({Outcome.FAILED, Outcome.INTERRUPTED, Outcome.LOST})
"""Outcomes that are the gateway's or a backend's fault: no bad requests, no callers who disconnected."""


@dataclass(slots=True)  # not frozen: creating one would take three times as long, twice a request
class LedgerRow:
    """A request and how it ended. Times are UTC, money is in nano-dollars (1e-9 USD).

    `outcome` is None while the request is in progress. `backend_model` is the model that a backend was asked for last:
    its price counts where `served_model` has none. `cost_nusd` and `baseline_nusd` are None where no price is known,
    which is not the same as free. `usage_estimated` says that the backend reported no usage, so tokens are a guess.
    `baseline_model` is what savings are measured against; before the row is priced, only where its key has one of its
    own. `artifact` is the version of the classifier that scored the request: scores of two classifiers do not compare.
    JSON objects, each None where there is none: `contributions` to the score by feature; `second_look`, a
    `CascadeResult`; `usage_details`, further counts that decide the price. `deciding_nusd` is the cost of a local
    answer that a second look threw away; `abandoned_nusd` that of clouds that timed out or broke off before another
    model answered, part of `cost_nusd` and, whoever answered, of budgets. `estimated_first_token_ms` and
    `estimated_answer_ms` are the time that the local model would take from the decision to its first token and to
    the end of its answer, as estimated with it, whoever answered; None where nothing was estimated. `first_n` to
    `first_entropy` say how sure a local model was of the first tokens of its answer, as `FirstTokens` has them;
    None where it does not tell. `key_id`, `team` and `tags` (a JSON array of strings) say
    whose request it was, `session_id` and `end_user` are what the caller called the
    session and the person behind it; `egress` is a JSON object that says what left this machine, None where nothing
    did and nothing had to stay.
    """

    id: str
    created_ms: int
    endpoint: str
    requested_model: str
    route: str
    reason: str
    score: float
    threshold: float
    stream: bool
    served_model: str = ""
    key_id: str | None = None
    session_id: str | None = None
    outcome: str | None = None
    error_code: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    usage_estimated: bool = False
    cost_nusd: int | None = None
    baseline_model: str | None = None
    baseline_nusd: int | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    overhead_ms: float | None = None
    contributions: str | None = None
    artifact: str | None = None
    second_look: str | None = None
    deciding_nusd: int = 0
    backend_model: str | None = None
    usage_details: str | None = None
    estimated_first_token_ms: int | None = None
    estimated_answer_ms: int | None = None
    first_n: int | None = None
    first_logprob: float | None = None
    first_least_logprob: float | None = None
    first_margin: float | None = None
    first_entropy: float | None = None
    team: str | None = None
    tags: str | None = None
    end_user: str | None = None
    egress: str | None = None
    abandoned_nusd: int = 0

    def to_line(self) -> bytes:
        """One line of the spool."""
        return orjson.dumps(self, option=orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` wrote; unknown fields are ignored, missing ones get their default.

        Raises
        ------
        ValueError
            If the line is cut off or is not a row; the message says why.
        """
        values = orjson.loads(line)
        if isinstance(values, dict):
            _rename_earlier(values)
        try:
            row = cls(**{name: values[name] for name in values.keys() & cls.__slots__})
        except (TypeError, AttributeError) as exc:
            raise ValueError("it is not a row of the ledger") from exc
        if not _is_count(row.created_ms, MAX_MS):
            raise ValueError("created_ms is not a time")
        row.bring_into_bounds()
        return row

    def bring_into_bounds(self) -> None:
        """Correct values out of bounds: an older version may have written some, and they must not block other rows."""
        for name in _TEXTS:
            text = getattr(self, name)
            if not (isinstance(text, str) or (text is None and name in _OPTIONAL)):
                setattr(self, name, text := "" if text is None else str(text))
            if text and (len(text) > TEXT_CHARS or not text.isprintable()):
                setattr(self, name, plain_text(text, TEXT_CHARS))
        for name in _JSON_TEXTS:
            if (text := getattr(self, name)) is not None and not _is_object(text):
                setattr(self, name, None)
        if self.tags is not None and not _are_tags(self.tags):
            self.tags = None
        for name in _FLAGS:
            setattr(self, name, bool(getattr(self, name)))
        self._bound_numbers()

    def _bound_numbers(self) -> None:
        """A token count that cannot be true becomes 0, and the row `usage_estimated`."""
        for name in _TOKENS:
            if not _is_count(getattr(self, name), MAX_TOKENS):
                setattr(self, name, 0)
                self.usage_estimated = True
        self.cached_tokens = min(self.cached_tokens, self.prompt_tokens)
        for name, most in _BOUNDS.items():
            if not _is_count(getattr(self, name), most):
                setattr(self, name, 0 if name in _ZERO else None)
        for name in _FLOATS:
            if not _is_finite(getattr(self, name)):
                setattr(self, name, 0.0 if name in _ZERO else None)

    def to_columns(self) -> dict[str, Any]:
        """Column values for the database."""
        return {name: getattr(self, name) for name in self.__slots__}  # asdict() would copy each value


def _rename_earlier(values: dict[str, Any]) -> None:
    """Give fields of a line the names of now: an earlier version may have left lines in its spool."""
    for earlier, name in _EARLIER_NAMES.items():
        if earlier in values:
            values.setdefault(name, values.pop(earlier))
    contributions = values.get("contributions")
    if isinstance(contributions, str):
        for earlier, name in _EARLIER_KEYS.items():
            contributions = contributions.replace(f'"{earlier}":', f'"{name}":')
        values["contributions"] = contributions


def _is_count(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most  # not isinstance: True is an int, but not a count


def _is_object(text: Any) -> bool:
    """Whether `text` is a JSON object."""
    try:
        return isinstance(text, str) and isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _are_tags(text: Any) -> bool:
    """Whether `text` is a JSON array of tags."""
    try:
        tags = orjson.loads(text) if isinstance(text, str) and len(text) <= TAGS_CHARS else None
    except orjson.JSONDecodeError:
        return False
    return isinstance(tags, list) and all(isinstance(tag, str) and len(tag) <= TEXT_CHARS for tag in tags)


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
