"""One item of the exam: what is asked, and a program that says whether an answer is right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from router.decision import Prompt, Turn

EXAM_VERSION = "1"
"""Marks of another version say nothing of these items: whoever changes what is asked or how it is checked raises it."""

LANGUAGES = ("en", "de", "sv", "es", "fr", "zh")
"""Languages that items are written in, by ISO 639-1."""

LEVELS = (1, 2, 3, 4, 5)
"""Difficulties within a family: 1 should be easy for a model of a tenth of a billion parameters, 5 hard for eight."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made; `arguments` is None where they were no JSON object."""

    name: str
    arguments: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model answered.

    Parameters
    ----------
    text : str
        Its words, whole or cut off after the item's `max_tokens`.
    tool_calls : sequence of ToolCall
        The tools that it called.
    """

    text: str
    tool_calls: Sequence[ToolCall] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the exam.

    Parameters
    ----------
    turns : sequence of Turn
        The conversation; the last turn is the user's.
    check : callable
        Whether an answer is right. It may be given any text at all, never raises, and takes a second at most.
    max_tokens : int
        Room for the answer: as little as a right answer needs, since a large model writes ten tokens a second here.
    expected : str
        A right answer, shown beside wrong ones on the report card.
    tools : sequence of mapping
        OpenAI's definitions of the tools that the model may call.
    """

    turns: Sequence[Turn]
    check: Callable[[Answer], bool]
    max_tokens: int
    expected: str
    tools: Sequence[Mapping[str, Any]] = ()

    @property
    def prompt(self) -> Prompt:
        """The conversation as the router sees it."""
        return Prompt(tuple(self.turns))


@dataclass(frozen=True, slots=True)
class Family:
    """Items of one kind.

    Parameters
    ----------
    name : str
        Identifies it in marks, such as ``word_translation``.
    title : str
        What it is about, for people: "translating single words".
    make : callable
        An item from a source of randomness, a level of `LEVELS` and one of `languages`. The same randomness gives the
        same item, on every machine and in every version of Python.
    languages : sequence of str
        Languages that it has items in.
    """

    name: str
    title: str
    make: Callable[[Random, int, str], Item]
    languages: Sequence[str] = LANGUAGES

    def item(self, level: int, language: str, seed: int) -> Item:
        """The item of that seed."""
        return self.make(Random(f"{self.name}/{level}/{language}/{seed}"), level, language)


def asked(text: str) -> tuple[Turn, ...]:
    """A conversation of one message from the user."""
    return (Turn("user", text),)
