"""How sure a model was of the first tokens of its answer: a few numbers, told beside the answer and never in it.

The engine computes them from the whole distribution and tells them in a comment of a stream, or in a header of an
answer in one piece. Other servers tell less: there they follow from ``logprobs``, where an answer has them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, NamedTuple, Self, TypeGuard

import orjson

FIRST_TOKENS = 8
"""How many of an answer's first tokens count."""

HEADER = "x-slimgate-first-tokens"
"""The header of an answer in one piece."""

FIELD = "x_slimgate_first_tokens"
"""Its field instead, where the headers had gone out before: only for callers who take blanks before the JSON."""

LIMIT = 100.0
"""No number is further from 0: less than e^-100 is no probability that matters."""

MAX_ALTERNATIVES = 20
"""The most alternatives to a token that are read, as many as OpenAI tells."""

_COMMENT = b": first-tokens "
_MAX_COMMENT_BYTES = 500
_DIGITS = 6
_HUGE = 1e9


class TokenSignals(NamedTuple):
    """How sure a model was of one token.

    Attributes
    ----------
    logprob : float
        The natural logarithm of its probability, in [-LIMIT, 0].
    margin : float or None
        The distance in log-probability between the likeliest token and the next, in [0, LIMIT].
    entropy : float or None
        Of the distribution that it was chosen from, in nats, in [0, LIMIT].
    """

    logprob: float
    margin: float | None = None
    entropy: float | None = None


@dataclass(frozen=True, slots=True)
class FirstTokens:
    """How sure a model was of the first `FIRST_TOKENS` tokens of its answer, or of all if it has fewer.

    Attributes
    ----------
    n : int
        How many there were, at least 1.
    mean_logprob, least_logprob : float
        Mean and least of the natural logarithms of the chosen tokens' probabilities, in [-LIMIT, 0].
    mean_margin, mean_entropy : float or None
        Means over the tokens, as in `TokenSignals`; None where the server tells no alternatives.
    """

    n: int
    mean_logprob: float
    least_logprob: float
    mean_margin: float | None = None
    mean_entropy: float | None = None

    @classmethod
    def of(cls, signals: Sequence[TokenSignals]) -> Self | None:
        """What the signals of the tokens amount to; None if there are none.

        >>> FirstTokens.of([TokenSignals(-0.5, 2.0, 1.0), TokenSignals(-0.1, 4.0, 0.5)])
        FirstTokens(n=2, mean_logprob=-0.3, least_logprob=-0.5, mean_margin=3.0, mean_entropy=0.75)
        """
        if not signals:
            return None
        logprobs = [signal.logprob for signal in signals]
        return cls(
            len(signals),
            round(sum(logprobs) / len(logprobs), _DIGITS),
            round(min(logprobs), _DIGITS),
            _mean([signal.margin for signal in signals]),
            _mean([signal.entropy for signal in signals]),
        )

    def to_json(self) -> bytes:
        """For a header or a field."""
        return orjson.dumps(asdict(self))

    def to_comment(self) -> bytes:
        """An event of a stream that its readers skip."""
        return _COMMENT + self.to_json() + b"\n\n"

    @classmethod
    def from_wire(cls, told: Any) -> Self | None:
        """Read what a server told, decoded; None if anything in it is no number within its range."""
        if not isinstance(told, dict):
            return None
        n, mean, least = (told.get(name) for name in ("n", "mean_logprob", "least_logprob"))
        margin, entropy = told.get("mean_margin"), told.get("mean_entropy")
        if type(n) is not int or not 1 <= n <= FIRST_TOKENS:
            return None
        if not (_is_within(mean, -LIMIT, 0) and _is_within(least, -LIMIT, mean)):
            return None
        if not all(value is None or _is_within(value, 0, LIMIT) for value in (margin, entropy)):
            return None
        return cls(n, float(mean), float(least), margin, entropy)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self | None:
        """Read what `to_json` wrote; None if it is anything else."""
        try:
            return cls.from_wire(orjson.loads(text))
        except orjson.JSONDecodeError:
            return None

    @classmethod
    def from_comment(cls, event: bytes) -> Self | None:
        """Read what `to_comment` wrote; None if it is anything else."""
        if not event.startswith(_COMMENT) or len(event) > _MAX_COMMENT_BYTES:
            return None
        return cls.from_json(event[len(_COMMENT) :])


def first_tokens_of(entries: Any) -> FirstTokens | None:
    """What the entries of an answer's ``logprobs.content`` amount to; None if there are none.

    The entropy is that of the alternatives, with all other tokens together as one more outcome, so it is a little less
    than the true one.
    """
    return FirstTokens.of(list(islice(signals_in(entries), FIRST_TOKENS)))


def signals_in(entries: Any) -> Iterator[TokenSignals]:
    """The signals of each token in ``logprobs.content``; entries without a number are left out."""
    for entry in entries if isinstance(entries, list) else ():
        logprob = _logprob_in(entry)
        if logprob is not None:
            yield TokenSignals(logprob, *_margin_and_entropy(entry.get("top_logprobs")))


def _margin_and_entropy(alternatives: Any) -> tuple[float | None, float | None]:
    some = alternatives[:MAX_ALTERNATIVES] if isinstance(alternatives, list) else ()
    logprobs = sorted((p for other in some if (p := _logprob_in(other)) is not None), reverse=True)
    if len(logprobs) < 2:
        return None, None
    rest = max(0.0, 1 - sum(map(math.exp, logprobs)))
    return logprobs[0] - logprobs[1], _entropy([*map(math.exp, logprobs), rest])


def _entropy(probabilities: Iterable[float]) -> float:
    return sum(-p * math.log(p) for p in probabilities if p > 0)


def _logprob_in(entry: Any) -> float | None:
    """The logarithm that an entry tells, brought into bounds: OpenAI tells -9999 of what is all but impossible."""
    told = entry.get("logprob") if isinstance(entry, dict) else None
    return min(0.0, max(-LIMIT, float(told))) if _is_number(told) else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), _DIGITS) if len(known) == len(values) else None


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and -_HUGE < value < _HUGE  # not isinstance: True is an int, but no number here


def _is_within(value: Any, least: float, most: float) -> TypeGuard[float]:
    return _is_number(value) and least <= value <= most
