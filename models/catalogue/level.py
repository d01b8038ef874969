"""How often a model is expected to fail before it was examined, from its size and from published results.

The level is in log-odds and is added to the router's score, which tells how often small models of about 7 billion
parameters fail. Phi-3-mini and Llama-3-8B, to which it was fitted, have about 0; a positive level means more failures.
How the constants were found, and how far off the level may be, is in docs/classifier.md.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from math import log, log2, sqrt

UNKNOWN = 0.5
"""The level of a model of which nothing is known: somewhat pessimistic."""

LEAST, MOST = -0.7, 3.0
"""No level lies outside: what is known before the exam justifies no more."""

PER_HALVING = 0.45
"""What a model of half the parameters fails more. Measured on the same prompts: FuseChat-Llama with 8, 3 and 1 billion
0.51 (standard error 0.07), Gemma with 8.5 and 2.5 billion 0.43.
"""

SAME_SIZE = 4e9
"""Parameters of a model of level 0."""

BETTER_COUNTS = 0.5
"""How much of a level below 0 counts: makers choose which results they publish, and train for them."""

_REFERENCES = {"ifeval": (65.0, 0.0), "mmlu_pro": (37.6, 10.0), "mmlu_pro_cot": (43.3, 10.0)}
"""By measure: the total of a model of level 0, and what guessing gives.

The totals are means of Phi-3-mini-4k and Llama-3-8B: on the Open LLM Leaderboard v2 (56.1 and 74.1; 38.7 and 36.6), and
on TIGER-Lab's leaderboard of MMLU-Pro (45.7 and 41.0).
"""

_FEWEST, _MOST = 0.02, 0.98
"""Shares outside tell no more: a total close to guessing only says that the model is weak."""

_QUANTISATION_COST = {1: 1.2, 2: 0.6, 3: 0.2}
"""By bits of a weight: what the model fails more. An estimate: no results below four bits were found that compare."""

_BITS = re.compile(r"(?:I?Q|TQ)(\d)|B?F(16|32)|MXFP(4)", re.IGNORECASE)
_UNKNOWN_BITS = 8
_SCALES_BITS = 0.8
"""A quantised weight takes this much more than its name says: scales, and layers that are kept more exact."""

_SIZE = re.compile(r"(?<![\w.])e?(\d+(?:\.\d+)?)([bm])(?:-a(\d+(?:\.\d+)?)b)?(?![a-z\d])", re.IGNORECASE)
_UNITS = {"b": 1e9, "m": 1e6}


@dataclass(frozen=True, slots=True)
class Published:
    """Totals of benchmarks that were published of a model, in per cent; None where none was found.

    Attributes
    ----------
    ifeval : float, optional
        IFEval: mean of the strict accuracies of prompts and of instructions, where the source tells both.
    mmlu_pro : float, optional
        MMLU-Pro as the Open LLM Leaderboard measured it: five examples, the likeliest letter.
    mmlu_pro_cot : float, optional
        MMLU-Pro as most makers measure it: the model reasons first.

    Raises
    ------
    ValueError
        If a total is no percentage.
    """

    ifeval: float | None = None
    mmlu_pro: float | None = None
    mmlu_pro_cot: float | None = None

    def __post_init__(self) -> None:
        for measure, total in self.totals():
            if not 0 <= total <= 100:
                raise ValueError(f"{measure} = {total} is no percentage")

    def totals(self) -> Iterator[tuple[str, float]]:
        """Measure and total of those that are known."""
        for field in fields(self):
            total = getattr(self, field.name)
            if total is not None:
                yield field.name, total


@dataclass(frozen=True, slots=True)
class Size:
    """How many parameters a model has, and how many of them compute each token."""

    parameters: float
    at_work: float

    @property
    def worth(self) -> float:
        """Parameters of an ordinary model of about the same ability: the geometric mean, a rule of thumb."""
        return sqrt(self.parameters * self.at_work)


@dataclass(frozen=True, slots=True)
class Level:
    """A level in log-odds, from `LEAST` to `MOST`, and in one phrase what it was derived from."""

    log_odds: float
    why: str


def level(published: Published, size: Size | None, quantisation: str | None = None) -> Level:
    """The level from what is known of a model: published totals, its size, or the mean of both.

    Parameters
    ----------
    quantisation : str, optional
        Such as ``Q4_K_M``; below four bits it costs something.

    Examples
    --------
    >>> round(level(Published(), Size(1e9, 1e9)).log_odds, 2)
    0.9
    >>> level(Published(), None).log_odds
    0.5
    """
    parts: list[tuple[float, str]] = []
    if any(published.totals()):
        measures = " and ".join(measure for measure, _ in published.totals())
        parts.append((_by_totals(published), f"published {measures}"))
    if size is not None:
        parts.append((PER_HALVING * log2(SAME_SIZE / size.worth), f"{size.worth / 1e9:.2g} billion parameters"))
    if parts:
        value = sum(_cautious(part) for part, _ in parts) / len(parts)
        why = ", ".join(phrase for _, phrase in parts)
    else:
        value, why = UNKNOWN, "neither published results nor the size are known"
    cost = _QUANTISATION_COST.get(_bits(quantisation), 0.0)
    why += f", {quantisation}" if cost else ""
    return Level(min(max(value + cost, LEAST), MOST), why)


def size_of_file(n_bytes: int, quantisation: str | None) -> Size:
    """The size of a model by the size of its file; if the quantisation is unknown, as if each weight took a byte.

    >>> round(size_of_file(2_393_231_072, "Q4_K_M").parameters / 1e9, 1)
    4.0
    """
    bits = _bits(quantisation)
    parameters = n_bytes * 8 / (bits + (_SCALES_BITS if bits <= 8 else 0))
    return Size(parameters, parameters)


def size_in_name(name: str) -> Size | None:
    """The size that a name tells, the smallest if it tells several; None if it tells none.

    >>> size_in_name("llama3.2:3b-instruct-q4_K_M")
    Size(parameters=3000000000.0, at_work=3000000000.0)
    >>> size_in_name("Qwen3-30B-A3B")
    Size(parameters=30000000000.0, at_work=3000000000.0)
    >>> size_in_name("phi-4-mini")
    """
    sizes = [_size(*match.groups()) for match in _SIZE.finditer(name.replace("_", "-"))]
    return min(sizes, key=lambda size: size.worth, default=None)


def size_in_words(words: str) -> Size:
    """The size as the catalogue writes it.

    >>> size_in_words("5.1B, 2.3B at work")
    Size(parameters=5100000000.0, at_work=2300000000.0)

    Raises
    ------
    ValueError
        If it is written otherwise.
    """
    numbers = [_size(number, unit).parameters for number, unit, _ in _SIZE.findall(words)]
    if len(numbers) not in (1, 2):
        raise ValueError(f"{words!r} is no number of parameters")
    return Size(numbers[0], numbers[-1])


def _size(number: str, unit: str, at_work: str | None = None) -> Size:
    parameters = float(number) * _UNITS[unit.lower()]
    return Size(parameters, float(at_work) * 1e9 if at_work else parameters)


def _by_totals(published: Published) -> float:
    """How much larger the log-odds of failing are than those of a model of level 0, mean over the measures."""
    differences = []
    for measure, total in published.totals():
        reference, guessing = _REFERENCES[measure]
        differences.append(_log_odds(reference, guessing) - _log_odds(total, guessing))
    return sum(differences) / len(differences)


def _log_odds(total: float, guessing: float) -> float:
    share = min(max((total - guessing) / (100 - guessing), _FEWEST), _MOST)
    return log(share / (1 - share))


def _cautious(value: float) -> float:
    return value if value > 0 else value * BETTER_COUNTS


def _bits(quantisation: str | None) -> int:
    """Bits of a weight by the name of its encoding."""
    match = _BITS.match(quantisation or "")
    return int(next(filter(None, match.groups()))) if match else _UNKNOWN_BITS
