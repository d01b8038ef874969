"""What a prompt looks like from outside: one function a feature, each a number in [0, 1].

Every feature saturates, so no prompt, however long or odd, can push the score further than prompts of the training
data did. That is also why they need no scaler: a rare feature divided by its tiny spread would explode on the first
Chinese prompt.

To add a feature: a function here with `@feature`, a row in `tests/router/test_features.py`, and `slimgate train`.
"""

import math
from collections.abc import Callable, Iterable, Mapping

from router.reading import Reading

FeatureFunction = Callable[[Reading], float]

FEATURES: dict[str, FeatureFunction] = {}
"""Every feature by name, in the order of the vector."""


def feature(function: FeatureFunction) -> FeatureFunction:
    """Register `function` under its own name."""
    FEATURES[function.__name__] = function
    return function


def hand_features(reading: Reading) -> list[float]:
    """The values of all `FEATURES`, in their order, each in [0, 1]."""
    return [function(reading) for function in FEATURES.values()]


def saturating(count: float, full_at: float) -> float:
    """Grow with the logarithm of `count`, from 0 at 0 to 1 at `full_at` and beyond.

    >>> saturating(0, 10), saturating(10, 10), saturating(10_000, 10)
    (0.0, 1.0, 1.0)
    """
    return min(1.0, math.log1p(count) / math.log1p(full_at))


def occurrences(words: Mapping[str, int], wanted: Iterable[str]) -> int:
    """How often any of the `wanted` words occurs in counted `words`."""
    return sum(words[word] for word in wanted if word in words)


def characters(text: str, wanted: str) -> int:
    """How often any character of `wanted` occurs in `text`. `str.count` is many times faster than a regex here."""
    return sum(map(text.count, wanted))


# Size


@feature
def length(reading: Reading) -> float:
    """Words read, full at 300."""
    return saturating(reading.n_words, 300)


@feature
def brevity(reading: Reading) -> float:
    """1 for nothing, 0 from twelve words on: greetings and one-line errands live here."""
    return max(0.0, 1.0 - reading.n_words / 12)


@feature
def sentences(reading: Reading) -> float:
    """Ends of sentences, full at 20."""
    text = reading.text
    return saturating(text.count(". ") + text.count("? ") + text.count(".\n"), 20)


@feature
def turns(reading: Reading) -> float:
    """Messages before the last, full at 20. Labelled threads are rare, so this mostly waits for your own."""
    return saturating(reading.n_turns - 1, 20) if reading.n_turns else 0.0


# Numbers and symbols


@feature
def numbers(reading: Reading) -> float:
    """Numbers, full at 20."""
    return saturating(reading.n_numbers, 20)


@feature
def number_share(reading: Reading) -> float:
    """Numbers among all words and numbers, full at a third."""
    return min(1.0, 3 * reading.n_numbers / (reading.n_numbers + reading.n_words + 1))


UNITS = (
    "kg", "g", "mg", "lb", "lbs", "lbm", "lbf", "m", "cm", "mm", "km", "ft", "inch", "inches", "mi", "mph", "s", "sec",
    "seconds", "minutes", "h", "hr", "hours", "mol", "moles", "atm", "torr", "pa", "kpa", "psi", "psia", "bar", "j", "kj",
    "cal", "kcal", "btu", "ev", "k", "c", "f", "degrees", "v", "kv", "volt", "volts", "w", "kw", "hp", "ohm", "ohms",
    "amp", "amperes", "ma", "hz", "khz", "mhz", "rpm", "n", "lb", "l", "ml", "percent", "mathrm",
)  # fmt: skip


@feature
def units(reading: Reading) -> float:
    """Units of measurement beside numbers, full at 12."""
    return saturating(min(occurrences(reading.words, UNITS), 2 * reading.n_numbers), 12)


@feature
def formulas(reading: Reading) -> float:
    """Signs of arithmetic and LaTeX, full at 20."""
    return saturating(characters(reading.text, "=+^*<>\\∫∑√±≤≥≠π∞∂∇→≡"), 20)


@feature
def brackets(reading: Reading) -> float:
    """Opening brackets, full at 20."""
    return saturating(characters(reading.text, "([{"), 20)


# Code


@feature
def code_marks(reading: Reading) -> float:
    """Punctuation that only programs use much, full at 20."""
    text = reading.text
    return saturating(text.count("```") * 4 + characters(text, "{};_") + text.count("()") + text.count("=="), 20)


CODE_WORDS = (
    "code", "function", "class", "method", "api", "bug", "debug", "compile", "compiler", "regex", "script", "algorithm",
    "database", "query", "sql", "python", "java", "javascript", "typescript", "rust", "golang", "zig", "haskell", "kotlin",
    "def", "return", "import", "const", "int", "string", "array", "null", "self", "async", "thread", "react", "docker",
)  # fmt: skip


@feature
def code_words(reading: Reading) -> float:
    """Words of programming, full at 8."""
    return saturating(occurrences(reading.words, CODE_WORDS), 8)


# What is asked


@feature
def questions(reading: Reading) -> float:
    """Question marks, full at 5."""
    return saturating(characters(reading.text, "?？؟"), 5)


@feature
def asks_why(reading: Reading) -> float:
    """Whether reasons are asked for."""
    return float(occurrences(reading.words, ("why", "how")) > 0)


@feature
def asks_fact(reading: Reading) -> float:
    """Whether a fact is asked for."""
    return float(occurrences(reading.words, ("who", "when", "where", "which", "what")) > 0)


@feature
def options(reading: Reading) -> float:
    """Lettered choices, full at ten."""
    return min(1.0, reading.n_options / 10)


@feature
def constraints(reading: Reading) -> float:
    """Words that bind the answer, full at 8."""
    wanted = (
        "must", "exactly", "least", "most", "without", "only", "each", "every", "between", "maximum", "minimum", "never",
        "always", "should", "cannot", "limit", "require", "requires", "required", "constraint", "constraints", "ensure",
    )  # fmt: skip
    return saturating(occurrences(reading.words, wanted), 8)


@feature
def conditions(reading: Reading) -> float:
    """Words that set up a situation, full at 6."""
    wanted = (
        "if",
        "suppose",
        "assume",
        "assuming",
        "given",
        "let",
        "consider",
        "whose",
        "such",
        "then",
        "respectively",
    )
    return saturating(occurrences(reading.words, wanted), 6)


@feature
def calculation(reading: Reading) -> float:
    """Words that ask for a number, full at 3."""
    wanted = (
        "calculate", "compute", "determine", "solve", "evaluate", "estimate", "find", "minimize", "maximize", "equation",
        "equations", "probability", "integral", "integrate", "derivative", "differential", "rate", "velocity", "percent",
        "approximately", "coefficient", "constant", "matrix", "interest",
    )  # fmt: skip
    return saturating(occurrences(reading.words, wanted), 3)


@feature
def argument(reading: Reading) -> float:
    """Words that ask for a proof, a derivation or a diagnosis, full at 3."""
    wanted = (
        "prove", "proof", "derive", "derivation", "theorem", "lemma", "conjecture", "infinitely", "diagnosis", "diagnose",
        "justify", "critique", "argue", "infer", "deduce", "assumption", "assumptions", "implications", "hypothesis",
        "rigorous", "formally", "analyze", "analyse", "analysis", "explain", "compare", "discuss", "step",
    )  # fmt: skip
    return saturating(occurrences(reading.words, wanted), 3)


@feature
def design(reading: Reading) -> float:
    """Words that ask for something to be planned or built, full at 3."""
    wanted = (
        "design", "architecture", "architect", "implement", "implements", "implementation", "plan", "strategy", "develop",
        "refactor", "migrate", "migration", "schedule", "scalable", "distributed", "concurrent", "optimize", "optimise",
        "system", "phases", "milestones", "requirements", "benchmark", "tests", "complexity", "efficient",
    )  # fmt: skip
    return saturating(occurrences(reading.words, wanted), 3)


@feature
def rework(reading: Reading) -> float:
    """Verbs that ask only for a given text to be worked over, full at 2."""
    wanted = (
        "summarize", "summarise", "summary", "extract", "translate", "rewrite", "rephrase", "paraphrase", "proofread",
        "classify", "shorten", "correct", "fix", "format", "convert", "list", "title", "headline",
    )  # fmt: skip
    return saturating(occurrences(reading.words, wanted), 2)


@feature
def prose(reading: Reading) -> float:
    """Words that ask for everyday writing, full at 2."""
    wanted = (
        "draft", "email", "mail", "letter", "story", "poem", "description", "slogan", "tweet", "post", "blog",
        "message", "invitation", "caption", "joke", "recipe",
    )  # fmt: skip
    return saturating(occurrences(reading.words, wanted), 2)


@feature
def politeness(reading: Reading) -> float:
    """Words of small talk, full at 2."""
    return saturating(occurrences(reading.words, ("hi", "hello", "hey", "thanks", "thank", "please", "morning")), 2)
