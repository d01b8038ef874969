"""How much a prompt resembles what the classifier has seen.

A classifier asked about a language or a field that it never saw answers all the same, from whatever little it
recognises. Here the share of recognised words decides how far it is believed.
"""

from collections.abc import Container

from router.lexicon import WORD_KINDS
from router.reading import Reading

PRIOR = 0.5
"""The score of a prompt of which nothing is recognised: "don't know"."""

STRANGE_BELOW = 0.2
"""Share of recognised words at which nothing of what the words say is believed: Russian and Japanese lie below."""

FAMILIAR_ABOVE = 0.7
"""Share of recognised words from which it is believed as it is: nine in ten English prompts of a new source have it."""


def familiarity(reading: Reading, known: Container[str]) -> float:
    """0 where the words are strange, 1 where they are the training data's or cues of the lexicon."""
    if not reading.n_words:
        return 1.0 if reading.n_numbers else 0.0
    recognised = sum(count for word, count in reading.words.items() if word in known or word in WORD_KINDS)
    return min(1.0, max(0.0, (recognised / reading.n_words - STRANGE_BELOW) / (FAMILIAR_ABOVE - STRANGE_BELOW)))
