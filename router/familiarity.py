"""How much a prompt resembles what the classifier has seen.

A classifier asked about a language or a field that it never saw answers all the same, from whatever little it
recognises. Here the share of recognised words decides how far it is believed.
"""

from collections.abc import Container

from router.reading import Reading

PRIOR = 0.5
"""The score of a prompt of which nothing is recognised: "don't know"."""

STRANGE_BELOW = 0.3
"""Share of recognised letters at which nothing of the prediction is believed."""

FAMILIAR_ABOVE = 0.8
"""Share of recognised letters from which the prediction is believed as it is."""


def familiarity(reading: Reading, known: Container[str]) -> float:
    """0 where the words are strange, 1 where they are the training data's.

    Counted in letters, so that a dozen known "the" and "of" do not stand for the words that matter.
    """
    letters = recognised = 0
    for word, count in reading.words.items():
        size = len(word) * count
        letters += size
        if word in known:
            recognised += size
    if not letters:
        return 1.0 if reading.n_numbers else 0.0
    return min(1.0, max(0.0, (recognised / letters - STRANGE_BELOW) / (FAMILIAR_ABOVE - STRANGE_BELOW)))
