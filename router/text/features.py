"""What a prompt looks like from outside: shapes and counts, each a number in [0, 1].

Every feature saturates, so no prompt, however long or odd, can push the score further than prompts of the training
data did. That is also why they need no scaler: a rare feature divided by its tiny spread would explode on the first
Chinese prompt.

The shapes are functions here; which words count as a cue of what stands in `router.text.lexicon`. To add a shape: a
function with `@shape`, a row in `tests/router/test_features.py`, and `slimgate train`.
"""

import math
from collections.abc import Callable
from functools import cache

from router.text.lexicon import LEXICON, cue_counts
from router.text.preprocessing import Reading

Shape = Callable[[Reading], float]

ERRAND = frozenset(f"{LEXICON['rework'].words} {LEXICON['refers'].words}".split())
"""Words that ask for given material to be worked over, or something of it to be looked up there."""

HARD_ASKS = frozenset(" ".join(LEXICON[kind].words for kind in ("argument", "calculation", "design")).split())
"""Words that ask for an argument, a calculation or a design."""

SHAPES: dict[str, Shape] = {}
"""Every shape by name."""


def shape(function: Shape) -> Shape:
    """Register `function` under its own name."""
    SHAPES[function.__name__] = function
    return function


def saturating(count: float, full_at: float) -> float:
    """Grow with the logarithm of `count`, from 0 at 0 to 1 at `full_at` and beyond.

    >>> saturating(0, 10), saturating(10, 10), saturating(10_000, 10)
    (0.0, 1.0, 1.0)
    """
    return min(1.0, math.log1p(count) / math.log1p(full_at))


def characters(text: str, wanted: str) -> int:
    """How often any character of `wanted` occurs in `text`. `str.count` is many times faster than a regex here."""
    return sum(map(text.count, ascii_of(wanted) if text.isascii() else wanted))


@cache
def ascii_of(wanted: str) -> str:
    """What a text without accents can hold of `wanted`: there is no need to look for the rest."""
    return "".join(filter(str.isascii, wanted))


# Size


@shape
def length(reading: Reading) -> float:
    """Words read, full at 300."""
    return saturating(reading.n_words, 300)


@shape
def brevity(reading: Reading) -> float:
    """1 for nothing, 0 from twelve words on: greetings and one-line errands live here."""
    return max(0.0, 1.0 - reading.n_words / 12)


@shape
def sentences(reading: Reading) -> float:
    """Ends of sentences, full at 20."""
    text = reading.text
    return saturating(text.count(". ") + text.count("? ") + text.count(".\n") + characters(text, "。？！"), 20)


@shape
def turns(reading: Reading) -> float:
    """Messages before the last, full at 20. Labelled threads are rare, so this mostly waits for your own."""
    return saturating(reading.n_turns - 1, 20) if reading.n_turns else 0.0


@shape
def material(reading: Reading) -> float:
    """Share of the last message that the task is done to, rather than the task; in "Prove: …" all is task."""
    return reading.material if HARD_ASKS.isdisjoint(reading.request) else 0.0


@shape
def errand(reading: Reading) -> float:
    """Material to be worked over (summarised, translated) or looked up in, by its length: what a small model is for.

    It takes back what `length` and `numbers` make of the pages that an errand is about.
    """
    return 0.0 if ERRAND.isdisjoint(reading.request) else material(reading) * length(reading)


# Words


@shape
def long_words(reading: Reading) -> float:
    """Share of words of nine letters or more, full at a third: technical and abstract language."""
    n = sum(count for word, count in reading.words.items() if len(word) >= 9)
    return min(1.0, 3 * n / (reading.n_words + 1))


@shape
def commas(reading: Reading) -> float:
    """Commas and semicolons, full at 20: enumerations, conditions, clauses."""
    return saturating(characters(reading.text, ",;，、；"), 20)


# Numbers and symbols


@shape
def numbers(reading: Reading) -> float:
    """Numbers, full at 20."""
    return saturating(reading.n_numbers, 20)


@shape
def number_share(reading: Reading) -> float:
    """Numbers among all words and numbers, full at a third."""
    return min(1.0, 3 * reading.n_numbers / (reading.n_numbers + reading.n_words + 1))


@shape
def formulas(reading: Reading) -> float:
    """Signs of arithmetic and LaTeX, full at 20."""
    return saturating(characters(reading.text, "=+^*<>\\∫∑√±≤≥≠π∞∂∇→≡"), 20)


@shape
def brackets(reading: Reading) -> float:
    """Opening brackets, full at 20."""
    return saturating(characters(reading.text, "([{（"), 20)


@shape
def code_marks(reading: Reading) -> float:
    """Punctuation that only programs use much, full at 20."""
    text = reading.text
    return saturating(text.count("```") * 4 + characters(text, "{};_") + text.count("()") + text.count("=="), 20)


# What is asked


@shape
def questions(reading: Reading) -> float:
    """Question marks, full at 5."""
    return saturating(characters(reading.text, "?？؟"), 5)


@shape
def options(reading: Reading) -> float:
    """Lettered choices, full at ten."""
    return min(1.0, reading.n_options / 10)


FEATURES: tuple[str, ...] = (*SHAPES, *LEXICON)
"""Every feature, in the order of the vector: the shapes, then the kinds of cue."""

TIED_TO_LANGUAGE = frozenset({"length", "brevity", "sentences", "turns", "long_words", "commas"})
"""Features that mean something else in a strange language, so that they are believed as far as the words are familiar.

The rest (numbers, formulas, code, cues found in any language) are believed always.
"""

_SHAPE_FUNCTIONS = tuple(SHAPES.values())
_FULL_AT = tuple(1 / math.log1p(cues.full_at) for cues in LEXICON.values())


def hand_features(reading: Reading) -> list[float]:
    """The values of all `FEATURES`, in their order, each in [0, 1]."""
    log1p = math.log1p
    counts = cue_counts(reading.words)
    cues = [min(1.0, log1p(count) * scale) if count else 0.0 for count, scale in zip(counts, _FULL_AT, strict=True)]
    return [function(reading) for function in _SHAPE_FUNCTIONS] + cues
