"""Vocabulary coverage: how many of a prompt's words the classifier knows.

A classifier scores any prompt, also one in a language or a field that its training data lacked, from the few words that
it knows. So the share of known words decides how far its score is trusted.
"""

from collections.abc import Container

from router.text.lexicon import WORD_KINDS
from router.text.preprocessing import PreprocessedPrompt

PRIOR = 0.5
"""The score of a prompt without any known word: "don't know"."""

UNKNOWN_BELOW = 0.2
"""Share of known words up to which the words do not count at all: Russian and Japanese prompts lie below it."""

KNOWN_ABOVE = 0.7
"""Share of known words from which the words count in full: nine in ten English prompts of a new source lie above it."""

CUE_COUNTS = 3
"""A cue counts as this many words: a prompt with "translate" in it is mostly understood."""


def vocabulary_coverage(document: PreprocessedPrompt, vocabulary: Container[str]) -> float:
    """From 0 (the words are unknown) to 1 (they are in `vocabulary`, or cues of the lexicon)."""
    if not document.n_words:
        return 1.0 if document.n_numbers else 0.0
    words = document.words
    cues = sum(words[word] for word in WORD_KINDS.keys() & words.keys())
    n_known = CUE_COUNTS * cues + sum(count for word, count in words.items() if word in vocabulary)
    share = n_known / (document.n_words + (CUE_COUNTS - 1) * cues)
    return min(1.0, max(0.0, (share - UNKNOWN_BELOW) / (KNOWN_ABOVE - UNKNOWN_BELOW)))
