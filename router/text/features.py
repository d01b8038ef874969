"""The hand-made features of a prompt: shapes and counts of cue words, each a number in [0, 1].

Every feature saturates, so no prompt, however long or odd, moves the score further than the training prompts did. That
is why there is no scaler: dividing a rare feature by its tiny spread would give a huge value for the first Chinese
prompt.

The shapes are functions here; the cue words are in `router.text.lexicon`. To add a shape, write a function with
`@shape`, add a row to `tests/router/test_features.py`, and run `slimgate train`.
"""

import math
from collections.abc import Callable
from functools import cache

from router.text.lexicon import LEXICON, cue_counts
from router.text.preprocessing import PreprocessedPrompt

Shape = Callable[[PreprocessedPrompt], float]

ERRAND = frozenset(f"{LEXICON['rework'].words} {LEXICON['refers'].words}".split())
"""Words that ask to rework given material, or to look something up in it."""

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
    """The ASCII characters of `wanted`: an ASCII text can hold no others."""
    return "".join(filter(str.isascii, wanted))


# Size


@shape
def length(document: PreprocessedPrompt) -> float:
    """Words, full at 300."""
    return saturating(document.n_words, 300)


@shape
def brevity(document: PreprocessedPrompt) -> float:
    """1 for no words, 0 from twelve words on: greetings and one-line errands."""
    return max(0.0, 1.0 - document.n_words / 12)


@shape
def sentences(document: PreprocessedPrompt) -> float:
    """Ends of sentences, full at 20."""
    text = document.text
    return saturating(text.count(". ") + text.count("? ") + text.count(".\n") + characters(text, "。？！"), 20)


@shape
def turns(document: PreprocessedPrompt) -> float:
    """Messages before the last, full at 20. Public labels have few threads; your own labels give this its weight."""
    return saturating(document.n_turns - 1, 20) if document.n_turns else 0.0


@shape
def material(document: PreprocessedPrompt) -> float:
    """Share of the last message that is material for the task; in "Prove: …" all of it is the task."""
    return document.material if HARD_ASKS.isdisjoint(document.request) else 0.0


@shape
def errand(document: PreprocessedPrompt) -> float:
    """Material to rework (summarise, translate) or to look things up in, by its length: a small model's job.

    It offsets what `length` and `numbers` contribute for the pages that an errand is about.
    """
    return 0.0 if ERRAND.isdisjoint(document.request) else material(document) * length(document)


# Words


@shape
def long_words(document: PreprocessedPrompt) -> float:
    """Share of words of nine letters or more, full at a third: technical and abstract language."""
    n = sum(count for word, count in document.words.items() if len(word) >= 9)
    return min(1.0, 3 * n / (document.n_words + 1))


@shape
def commas(document: PreprocessedPrompt) -> float:
    """Commas and semicolons, full at 20: enumerations, conditions, clauses."""
    return saturating(characters(document.text, ",;，、；"), 20)


# Numbers and symbols


@shape
def numbers(document: PreprocessedPrompt) -> float:
    """Numbers, full at 20."""
    return saturating(document.n_numbers, 20)


@shape
def number_share(document: PreprocessedPrompt) -> float:
    """Numbers among all words and numbers, full at a third."""
    return min(1.0, 3 * document.n_numbers / (document.n_numbers + document.n_words + 1))


@shape
def formulas(document: PreprocessedPrompt) -> float:
    """Signs of arithmetic and LaTeX, full at 20."""
    return saturating(characters(document.text, "=+^*<>\\∫∑√±≤≥≠π∞∂∇→≡"), 20)


@shape
def brackets(document: PreprocessedPrompt) -> float:
    """Opening brackets, full at 20."""
    return saturating(characters(document.text, "([{（"), 20)


@shape
def code_marks(document: PreprocessedPrompt) -> float:
    """Punctuation that only programs use much, full at 20."""
    text = document.text
    return saturating(text.count("```") * 4 + characters(text, "{};_") + text.count("()") + text.count("=="), 20)


# What is asked


@shape
def questions(document: PreprocessedPrompt) -> float:
    """Question marks, full at 5."""
    return saturating(characters(document.text, "?？؟"), 5)


@shape
def options(document: PreprocessedPrompt) -> float:
    """Lettered choices, full at ten."""
    return min(1.0, document.n_options / 10)


FEATURES: tuple[str, ...] = (*SHAPES, *LEXICON)
"""Every feature, in the order of the vector: the shapes, then the kinds of cue."""

TIED_TO_LANGUAGE = frozenset({"length", "brevity", "sentences", "turns", "long_words", "commas"})
"""Features that mean something else in another language, so they are scaled by vocabulary coverage.

The rest (numbers, formulas, code, cue words of any language) always count in full.
"""

_SHAPE_FUNCTIONS = tuple(SHAPES.values())
_FULL_AT = tuple(1 / math.log1p(cues.full_at) for cues in LEXICON.values())


def hand_features(document: PreprocessedPrompt) -> list[float]:
    """The values of all `FEATURES`, in their order, each in [0, 1]."""
    log1p = math.log1p
    counts = cue_counts(document.words)
    cues = [min(1.0, log1p(count) * scale) if count else 0.0 for count, scale in zip(counts, _FULL_AT, strict=True)]
    return [function(document) for function in _SHAPE_FUNCTIONS] + cues
