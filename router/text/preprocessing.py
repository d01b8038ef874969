"""Preprocessing: a conversation cut to a bounded text and its words, so that a decision costs the same at any length.

The user's earlier turns count with the last one: "And why?" after a hard question is a hard question. Answers do not
count: they are the model's words, not the user's.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from router.decision import Prompt, Turn

HEAD_CHARS = 1500
"""Kept from the start of a long last message, where the task usually is."""

TAIL_CHARS = 1000
"""Kept from the end of a long last message, where the question is if it follows the material."""

EARLIER_CHARS = 1000
"""Kept of the user's earlier messages, latest first."""

EARLIER_TURNS = 40
"""The most earlier turns considered, so that a thread of ten thousand empty turns costs no more."""

SYSTEM_CHARS = 400
"""Kept of the system message. It may name the task ("Translate what you are given"), or be pages of house rules."""

FIRST_UNSPACED = "\u0e00"
"""Thai. From here on in Unicode, most scripts put no blanks between words; Korean does, and pairs work for it too."""

UNSPACED = re.compile("[\u0e00-\u0fff\u3040-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
REQUEST_CHARS = 300
"""The request ends, and any material begins, within so many characters."""

SEPARATORS = (":", "\n", '"', ". ", "：", "“", "「", "«", "。")
"""One of these ends the request."""

PAIRS = 1000
"""The most pairs of characters of an unspaced script: two of its characters say about as much as a word elsewhere."""

ASCII_WORD = re.compile("[a-z]+")
"""As `WORD`, for lower-case ASCII text: a third faster."""

WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d[\d.,]*")
ASCII_NUMBER = re.compile("[0-9][0-9.,]*")
OPTION = re.compile(r"^\(?[A-Ja-j][.):] [^\n]*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PreprocessedPrompt:
    """A conversation as the features get it.

    Parameters
    ----------
    text : str
        The bounded thread, without lettered choices.
    words : dict of str to int
        Lower-case words (runs of letters) of `text` and how often each occurs.
    n_words, n_numbers, n_options, n_turns : int
        Words and numbers in `text`, lettered choices removed from it, turns of the conversation.
    request : list of str
        Words of the request itself, without the material that it is about.
    material : float
        Share of the last message that is material, in [0, 1].
    """

    text: str
    words: dict[str, int]
    n_words: int
    n_numbers: int
    n_options: int
    n_turns: int
    request: list[str]
    material: float


def preprocess(prompt: Prompt) -> PreprocessedPrompt:
    """Extract what the features need from `prompt`."""
    turns = prompt.turns
    text, n_options = without_options(thread_text(turns))
    words = words_of(text)
    request, material = request_and_material(turns)
    n_numbers = len((ASCII_NUMBER if text.isascii() else NUMBER).findall(text))
    return PreprocessedPrompt(
        text, Counter(words), len(words), n_numbers, n_options, len(turns), words_of(request), material
    )


def words_of(text: str) -> list[str]:
    """The words of `text` in lower case; at most `PAIRS` in a text of an unspaced script."""
    if text.isascii():
        return ASCII_WORD.findall(text.lower())
    runs = WORD.findall(text.lower())
    if not UNSPACED.search(text):
        return runs
    if sum(map(len, runs)) <= PAIRS:
        return list(split_unspaced(runs))
    return [*islice(split_unspaced(runs), PAIRS // 2), *islice(split_unspaced(reversed(runs)), PAIRS // 2)]


def request_and_material(turns: Sequence[Turn]) -> tuple[str, float]:
    """The request (system message, first and last clause of the last message), and the share of the rest.

    "Summarise this: …" with two pages of material is as easy a request as with two lines.
    """
    at_last = last_question(turns)
    last, _ = without_options(clipped(turns[-1 if at_last is None else at_last].text)) if turns else ("", 0)
    read_chars = max(1, len(last))
    ends = [at for at in map(last[:REQUEST_CHARS].find, SEPARATORS) if at > 0]
    if not ends:
        return "\n".join([*system_part(turns), last[:REQUEST_CHARS]]), max(0.0, 1 - REQUEST_CHARS / read_chars)
    opening = min(ends)
    closing = last_clause(last[-REQUEST_CHARS:])
    return "\n".join([*system_part(turns), last[:opening], closing]), 1 - opening / read_chars


def last_clause(text: str) -> str:
    r"""What follows the last end of a line or sentence; a question about long material is usually there.

    >>> last_clause("She left. Nobody knew. Why did she go?\n")
    'Why did she go?'
    """
    whole = text.rstrip()
    return whole[max(whole.rfind("\n"), whole.rfind(". "), whole.rfind("。", 0, -1)) + 1 :].lstrip()


def split_unspaced(words: Iterable[str]) -> Iterator[str]:
    """Cut runs of an unspaced script into pairs of characters, which are close to words there.

    >>> list(split_unspaced(["abc", "今天下雨"]))
    ['abc', '今天', '天下', '下雨']
    """
    for word in words:
        if word[0] < FIRST_UNSPACED or len(word) < 3:
            yield word
        else:
            yield from map("".join, pairwise(word))


def without_options(text: str) -> tuple[str, int]:
    r"""`text` without lettered choices, and how many there were.

    With the choices left in, a classifier first learns "has ten choices" from exam questions, not what they ask.

    >>> without_options("Which is red?\nA. Milk\nB. Blood")
    ('Which is red?\n', 2)
    """
    stripped, n = OPTION.subn("", text)
    return (stripped, n) if n >= 2 else (text, 0)


def thread_text(turns: Sequence[Turn]) -> str:
    """System message, earlier user messages and the last one, each cut to its limit, oldest first."""
    last = last_question(turns)
    if last is None:
        return clipped("\n".join(turn.text for turn in turns[-1:]))
    parts = [*system_part(turns), *reversed(list(earlier_parts(turns[max(0, last - EARLIER_TURNS) : last])))]
    return "\n".join([*parts, clipped(turns[last].text)])


def last_question(turns: Sequence[Turn]) -> int | None:
    """Index of the user's last message; None where there is none."""
    return next((at for at in range(len(turns) - 1, -1, -1) if turns[at].role == "user"), None)


def clipped(text: str) -> str:
    """Head and tail of `text`."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"


def system_part(turns: Sequence[Turn]) -> list[str]:
    """The head of an opening system message, if there is one."""
    return [turns[0].text[:SYSTEM_CHARS]] if turns and turns[0].role in ("system", "developer") else []


def earlier_parts(turns: Sequence[Turn]) -> Iterator[str]:
    """User messages from the latest back, `EARLIER_CHARS` in all."""
    left = EARLIER_CHARS
    for turn in reversed(turns):
        if turn.role != "user":
            continue
        yield turn.text[:left]
        left -= len(turn.text)
        if left <= 0:
            return
