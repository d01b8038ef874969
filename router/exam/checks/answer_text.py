"""Reads a model's answer as a sensible user does: what in it is the answer, and what only surrounds it."""

import re
from collections.abc import Iterator, Sequence

_FENCE = re.compile(r"```[\w+-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)

_PAIRS = (
    ('"', '"'),
    ("'", "'"),
    ("“", "”"),
    ("„", "“"),
    ("«", "»"),
    ("「", "」"),
    ("`", "`"),
    ("**", "**"),
    ("‘", "’"),
)

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")

LONGEST = 4000
"""Characters of an answer that are looked at: more is never right here, and patterns must stay quick."""


def fenced(text: str) -> list[str]:
    """The contents of code fences, the last of which may be open."""
    return [block.strip("\n") for block in _FENCE.findall(text[:LONGEST])]


def unquoted(text: str) -> str:
    """`text` without spaces, quotation marks, backquotes or asterisks around all of it."""
    text = text.strip()
    for _ in range(3):
        for left, right in _PAIRS:
            inner = text[len(left) : -len(right)]
            if len(text) > len(left) + len(right) and text.startswith(left) and text.endswith(right):
                text = inner.strip()
    return text


def readings(text: str) -> Iterator[str]:
    """What may be meant as the answer itself: all of it, what stands in a fence, what follows an introduction.

    An introduction is a first line that ends in a colon, or a first paragraph of at most 12 words.
    """
    text = text[:LONGEST].strip()
    yield unquoted(text)
    blocks = fenced(text)
    if len(blocks) == 1:
        yield unquoted(blocks[0])
    first, _, rest = text.partition("\n")
    if rest.strip() and first.rstrip(" *").endswith((":", "：")):
        yield unquoted(rest)
    first, _, rest = text.partition("\n\n")
    if rest.strip() and len(first.split()) <= 12 and "\n" not in first:
        yield unquoted(rest)


def folded(text: str) -> str:
    """`text` for comparing: small letters, single spaces, no marks of markdown."""
    return " ".join(re.sub(r"[*_`#]+", " ", text[:LONGEST]).casefold().replace("’", "'").split())


def place_of(text: str, variant: str) -> int:
    """Where `variant` stands in `text` as a word of its own, both as `folded`; -1 where it does not.

    Chinese has no spaces: there any place counts. A number is not found inside a longer number, such as 9 in 9.5.
    """
    wanted = re.escape(folded(variant))
    if _CJK.search(variant):
        found = re.search(wanted, text)
    else:
        before, after = (r"(?<!\d)(?<!\d[.,:])", r"(?!\d|[.,:]\d)") if variant.isdecimal() else ("", "")
        found = re.search(rf"(?<![^\W\d_\u3040-\u9fff]){before}{wanted}{after}(?![^\W\d_\u3040-\u9fff])", text)
    return found.start() if found else -1


def says(text: str, variants: Sequence[str]) -> bool:
    """Whether one of `variants` stands in `text` as a word of its own, whatever its casing."""
    plain = folded(text)
    return any(place_of(plain, variant) >= 0 for variant in variants)


def word_count(text: str) -> int:
    """Words, and Chinese characters by twos."""
    chinese = len(_CJK.findall(text))
    return len(_CJK.sub(" ", text).split()) + (chinese + 1) // 2


def gives(text: str, right: Sequence[str], wrong: Sequence[str] = (), question: str = "", most_words: int = 40) -> bool:
    """Whether a short answer gives `right` and nothing of `wrong`.

    Parameters
    ----------
    text : str
        The answer.
    right : sequence of str
        Ways to say the right thing; one is enough.
    wrong : sequence of str
        What else it could be. Right and wrong together is a list, not an answer.
    question : str
        Taken out of `text` first, whole and by sentences: who repeats the question has not answered.
    most_words : int
        More is rambling.
    """
    if word_count(text[:LONGEST]) > most_words:
        return False
    rest = folded(text)
    for part in (question, *re.split(r"(?<=[.?!。？！])\s*", question)):
        if word_count(part) >= 3:
            rest = rest.replace(folded(part).rstrip(".?!。？！ "), " ")
    return says(rest, right) and not any(place_of(rest, other) >= 0 for other in wrong)


def gives_first(text: str, right: Sequence[str], wrong: Sequence[str], most_words: int = 40) -> bool:
    """Like `gives`, but what is wrong may follow, as in "at nine, no longer at seven"."""
    plain = folded(text)
    if word_count(plain) > most_words:
        return False
    places = [place for variant in right if (place := place_of(plain, variant)) >= 0]
    others = [place for variant in wrong if (place := place_of(plain, variant)) >= 0]
    return bool(places) and all(min(places) < other for other in others)


def drones(text: str) -> bool:
    """Whether a text repeats itself as models do that are stuck: a sentence three times, or few different words."""
    parts = [
        part.strip().casefold() for part in re.split(r"[.!?。！？\n]+", text[:LONGEST]) if part.strip(" -*0123456789")
    ]
    if any(parts.count(part) >= 3 for part in parts):
        return True
    words = re.findall(r"[^\W\d_]+", _CJK.sub(" ", text[:LONGEST]).casefold())
    return len(words) >= 12 and len(set(words)) < 0.4 * len(words)
