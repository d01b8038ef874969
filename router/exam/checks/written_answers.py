"""What checks of written answers share: words, phrases, languages, and the ways in which small models go astray."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from router.exam.item import Item

LONGEST = 6000
"""Characters of an answer that are looked at; no item leaves room for as many."""

QUOTES = str.maketrans({**dict.fromkeys("’‘´`ʼ", "'"), **dict.fromkeys("“”„«»", '"')})
CJK = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['\-][^\W_\u3400-\u9fff]+)*")
FENCE = re.compile(r"```[\w+-]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
SENTENCE_END = re.compile(r"[.!?。！？\n]+")

ASSISTANT = re.compile(
    r"\bas an? (?:[\w-]+ )?(?:ai|assistant|chatbot)\b|\bchatbot\b|\blanguage model\b|\bsmollm"
    r"|\bhere to (?:help|assist)\b|\bdesigned to (?:assist|help|provide|respect)\b"
    r"|\b(?:unable|not able|not equipped) to (?:assist|help|provide|write|send|access|generate|create)\b"
    r"|\bi can(?:'t|not) (?:help|assist|provide|write)\b|\bich bin (?:ein|eine) (?:ki|assistent)|\bsprachmodell"
    r"|\bsoy un asistente|\bje suis un assistant|\bmodèle de langage|\bspråkmodell|人工智能|语言模型"
)
"""What models say of themselves."""

STOP_WORDS = {
    "en": "the and is are of to in you your we our with for it this that was be on at my i have will from by not",
    "de": "der die das und ist sind ein eine zu den dem im mit für sie wir ich es nicht auf von am um ihr dein zum",
    "sv": "och är det att en ett som på för med vi du jag av till inte den har din kl i om er vår från hos ska",
    "es": "el la los las y es son de que en un una con para por del al tu su no se nos lo mi te este",
    "fr": "le la les et est sont de des un une du à au pour avec vous nous je il elle ne pas que dans ce votre ton",
}
"""Frequent words by language, to tell languages apart."""


def folded(text: str) -> str:
    """The text without the differences that no reader minds: case, kinds of quotes and spaces, marks of markdown."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).translate(QUOTES).casefold()
    return " ".join(re.sub(r"[*_#|]+", " ", text).split())


def words(text: str) -> list[str]:
    """The words of a text, folded; each Chinese character counts as one.

    >>> words("**Don't** stop, 你好!")
    ["don't", 'stop', '你', '好']
    """
    return WORD.findall(folded(text))


def joined(text: str) -> str:
    """The words with one space between them, and one at each end: for comparing without punctuation."""
    return f" {' '.join(words(text))} "


def says(text: str, phrase: str) -> bool:
    """Whether the phrase stands in the text, as whole words and without regard to punctuation.

    >>> says("It's in the SHOP.", "the shop"), says("shopping", "shop")
    (True, False)
    """
    return joined(phrase) in joined(text)


def says_any(text: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases stands in the text."""
    held = joined(text)
    return any(joined(phrase) in held for phrase in phrases)


def says_part(text: str, parts: Iterable[str]) -> bool:
    """Whether one of the parts of words stands in the text: "deliver" for delivery and delivered."""
    held = folded(text)
    return any(folded(part) in held for part in parts)


def runs(sequence: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """All runs of `length` neighbours."""
    return [tuple(sequence[start : start + length]) for start in range(len(sequence) - length + 1)]


def echoes(text: str, material: str, share: float = 0.7) -> bool:
    """Whether the text repeats most of the material, rather than saying something of it."""
    length = 4
    wanted = runs(words(material), length)
    if len(wanted) < 3:
        return False
    held = set(runs(words(text), length))
    return sum(run in held for run in wanted) >= share * len(wanted)


def copies(text: str, prompt: str) -> bool:
    """Whether most of the text is the prompt's own words, in their order: some small models only say it again."""
    length = 8 if CJK.search(prompt) else 5
    said = runs(words(text), length)
    held = set(runs(words(prompt), length))
    return len(said) >= 4 and sum(run in held for run in said) >= 0.6 * len(said)


def repeats(text: str, prompt: str) -> bool:
    """Whether the text is the prompt, or holds the whole of a longer one."""
    said, asked = joined(text), joined(prompt)
    return said == asked or (asked.count(" ") > 8 and asked in said)


def is_part_of(text: str, prompt: str) -> bool:
    """Whether the text is three or more words of the prompt, and nothing else."""
    return len(words(text)) >= 3 and joined(text) in joined(prompt)


def unless_repeated(item: Item) -> Item:
    """The item with a check that also refuses answers that say the prompt again."""
    prompt = item.turns[-1].text
    return replace(item, check=lambda answer: not repeats(answer.text, prompt) and item.check(answer))


def rambles(text: str, times: int = 3) -> bool:
    """Whether a sentence of three words or more comes `times` times, or eight words do."""
    sentences = Counter(
        " ".join(found) for part in SENTENCE_END.split(text[:LONGEST]) if len(found := words(part)) >= 3
    )
    if max(sentences.values(), default=0) >= times:
        return True
    repeated = Counter(runs(words(text), 8))
    return max(repeated.values(), default=0) >= times


def speaks_as_assistant(text: str) -> bool:
    """Whether a text speaks of the model that wrote it, or refuses: small models do, where they should just write."""
    return bool(ASSISTANT.search(folded(text)))


def is_in(text: str, language: str) -> bool:
    """Whether a text may be in the language: no other one shows many more of its frequent words."""
    letters = [character for character in text[:LONGEST] if character.isalpha()]
    chinese = len(CJK.findall(text[:LONGEST])) / max(1, len(letters))
    if language == "zh":
        return chinese >= 0.5
    if chinese > 0.1:
        return False
    counted = Counter(words(text))
    shown = {name: sum(counted[word] for word in common.split()) for name, common in STOP_WORDS.items()}
    return shown[language] >= max(shown.values()) - 1


def without_fence(text: str) -> str:
    """What stands in the first code fence, or else the whole text."""
    found = FENCE.search(text[:LONGEST])
    return found[1] if found else text[:LONGEST]


def without_introduction(text: str) -> str:
    """The text without a first line that ends in a colon: "Here is the list:"."""
    first, line_end, rest = text.strip().partition("\n")
    return rest.strip() if line_end and first.rstrip().rstrip("*").endswith((":", "：")) else text.strip()


def without_quotes(text: str) -> str:
    """The text without quotes and stars around the whole of it."""
    return text.strip().strip("\"'`*“”„«»‘’「」 \n")
