"""What an answer in plain words says: for checks that look for a phrase, or for one choice among several."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

HAN = "\u3040-\u30ff\u3400-\u9fff"
"""Ranges of Chinese and Japanese characters, for use in a character class: there, words have no blanks between them."""

_MARKS = re.compile(r"[*`#~\"“”„‟«»‹›「」『』]|(?m:^\s*>)")
_WORD = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:['.,:-][^\W_{HAN}]+)*")
_SENTENCE_END = re.compile(
    r"(?<=[!?。])\s*|(?<=\w\w\.)(?<!(?i:mr|ms|dr)\.)(?<!(?i:mrs)\.)\s+|(?<=[\d)]\.)\s+|[\n;]+",
)
_QUOTED = re.compile(
    r"\"([^\"\n]+)\"|“([^”\n]+)”|„([^“”\n]+)[“”]|«([^»\n]+)»|「([^」\n]+)」|\*\*([^*\n]+)\*\*|`([^`\n]+)`"
)
_NEGATED = re.compile(
    r"(?:\b(?:not|isn't|never|neither|nor|nicht|kein\w*|weder|inte|ej|no|ni|pas|n'est)\s+"
    r"(?:(?!(?:or|and|but|oder|und|eller|och|o|y|ou|et) )[^\W\d]+ ){0,2}|不是|并不|不算|没有|并非|不|非)$"
)
_LONGEST_CHOICE = 2000  # characters; who rambles on for longer has not chosen
_PAUSE = re.compile(r"\W*[,.:(—–-]|\s*(?:because|since|as|weil|da|denn|eftersom|för|porque|car|parce)\b")


def plain(text: str) -> str:
    """The text without markdown, quotation marks and differences of case, width and blanks."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("\u00ad", "")
    text = _MARKS.sub("", text).replace("_", " ").casefold()
    return "\n".join(line for raw in text.splitlines() if (line := " ".join(raw.split())))


def words(text: str) -> list[str]:
    """The words of `plain` text; each Chinese character counts as one."""
    return _WORD.findall(text)


@lru_cache(maxsize=4096)
def _source(form: str) -> str:
    text = plain(form.replace("*", "\x01"))
    body = re.escape(text).replace("\x01", rf"[^\W{HAN}]*").replace(r"\ ", r"\s+")
    before = rf"(?<![^\W{HAN}])" if re.match(rf"[^\W{HAN}]", text) else ""
    after = rf"(?![^\W{HAN}])" if re.search(rf"[^\W{HAN}]$", text) else ""
    return before + body + after


@lru_cache(maxsize=4096)
def _any_of(forms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_source(form) for form in sorted(forms, key=len, reverse=True)))


def pattern(forms: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the forms as whole words in `plain` text; ``*`` at a form's end stands for any ending."""
    return _any_of(tuple(sorted(set(forms))))


def says(text: str, forms: Iterable[str]) -> bool:
    """Whether a text holds one of the forms as whole words."""
    return bool(pattern(forms).search(plain(text)))


def affirms(text: str, forms: Iterable[str]) -> bool:
    """Whether a text holds one of the forms other than behind a "not": "not Mia but Carla" affirms Carla alone."""
    text = plain(text)
    return any(not _NEGATED.search(text[: found.start()]) for found in pattern(forms).finditer(text))


def sentences(text: str) -> list[str]:
    """Roughly the text's sentences, in order; a line's end ends one too."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def quoted(text: str) -> list[str]:
    """What the text sets in quotation marks or bold, in order."""
    return [next(group for group in match.groups() if group) for match in _QUOTED.finditer(text)]


def readings(text: str) -> list[str]:
    """What may be meant as the answer proper: all of it, a line, what follows a colon, what is quoted; `plain`.

    >>> readings('In German: "Guten Morgen!"')
    ['in german: guten morgen!', 'guten morgen!']
    """
    lines = plain(text).splitlines()
    found = [" ".join(lines), *lines]
    found += [line.split(":", 1)[1].strip() for line in lines if ":" in line]
    if len(lines) > 1 and lines[0].endswith(":"):
        found.append(" ".join(lines[1:]))
    found += [plain(part) for part in quoted(text)]
    return list(dict.fromkeys(part for part in found if part))


def repeats(answer: str, prompt: str, n_words: int = 8) -> bool:
    """Whether an answer holds the first words of the prompt, as models do that only go on writing."""
    return " ".join(words(plain(prompt))[:n_words]) in " ".join(words(plain(answer)))


def chosen(text: str, options: Mapping[str, Sequence[str]]) -> str | None:
    """The option that an answer chooses, or None if it chooses none or several.

    Parameters
    ----------
    text : str
        The answer, such as "**Positive.** The guest was not disappointed."
    options : mapping of str to sequence of str
        The forms that each option may take in it. A longer form wins over a shorter one that it holds.
    """
    if len(text) > _LONGEST_CHOICE:
        return None
    named = _Naming(options)
    statements = [part for part in sentences(plain(text)) if part[-1] != "?"]
    said = [(found, part) for part in statements if (found := named.in_text(part))]
    if not said:
        return None
    first, sentence = said[0]
    choice = first[0][0]
    other = next((at for name, at in first if name != choice), None)
    if other is not None:
        # "Positive, since nothing negative is said" chooses at its head, "Positive or negative" does not choose.
        end = first[0][1].stop
        if first[0][1].start > 60 or len(words(sentence[end : other.start])) <= 1 or not _PAUSE.match(sentence[end:]):
            return None
    bare = {found[0][0] for found, part in said if len(words(part)) <= 3}
    return choice if bare <= {choice} else None


class _Naming:
    """Finds which options a text names, and where."""

    def __init__(self, options: Mapping[str, Sequence[str]]) -> None:
        self._of_form = [(pattern(forms), name) for name, forms in options.items()]
        self._anything = pattern(form for forms in options.values() for form in forms)

    def in_text(self, part: str) -> list[tuple[str, slice]]:
        """The options in the order in which they are named; those that are denied are left out."""
        return [
            (name, slice(*match.span()))
            for match in self._anything.finditer(part)
            if not _NEGATED.search(part[: match.start()])
            for finder, name in self._of_form
            if finder.fullmatch(match.group())
        ]
