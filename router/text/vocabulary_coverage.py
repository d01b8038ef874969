"""How much a prompt resembles what the classifier has seen.

A classifier asked about a language or a field that it never saw answers all the same, from whatever little it
recognises. Here the share of recognised words decides how far it is believed.
"""

from collections.abc import Container

from router.text.lexicon import WORD_KINDS
from router.text.preprocessing import Reading

PRIOR = 0.5
"""The score of a prompt of which nothing is recognised: "don't know"."""

STRANGE_BELOW = 0.2
"""Share of recognised words at which nothing of what the words say is believed: Russian and Japanese lie below."""

FAMILIAR_ABOVE = 0.7
"""Share of recognised words from which it is believed as it is: nine in ten English prompts of a new source have it."""

CUE_COUNTS = 3
"""A cue counts as this many words: who recognises "translate" knows most of what matters."""


def familiarity(reading: Reading, known: Container[str]) -> float:
    """0 where the words are strange, 1 where they are the training data's or cues of the lexicon."""
    if not reading.n_words:
        return 1.0 if reading.n_numbers else 0.0
    words = reading.words
    cues = sum(words[word] for word in WORD_KINDS.keys() & words.keys())
    recognised = CUE_COUNTS * cues + sum(count for word, count in words.items() if word in known)
    share = recognised / (reading.n_words + (CUE_COUNTS - 1) * cues)
    return min(1.0, max(0.0, (share - STRANGE_BELOW) / (FAMILIAR_ABOVE - STRANGE_BELOW)))
