"""Which family of the exam a prompt is most like, and how much: for explanations, and for the second look.

Each family has a direction in the space of words, the mean of its items' TF-IDF vectors; a prompt is compared with all
of them by the cosine. That would be slow for every decision, and none needs it: the score knows the families already.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from router.decision import Prompt
from router.text.preprocessing import preprocess


@dataclass(frozen=True, slots=True)
class FamilyMatch:
    """The family that a prompt is most like.

    Attributes
    ----------
    family, title : str
        Its name, and what it is about.
    asked, passed : int
        Items of it that the model was asked, and passed.
    likeness : float
        From 0, no more like it than items of other families are, to 1, as like it as its own items are.
    """

    family: str
    title: str
    asked: int
    passed: int
    likeness: float


@dataclass(frozen=True, slots=True)
class FamilyWords:
    """One family as words.

    Attributes
    ----------
    words : mapping of str to float
        Its direction, of length 1: the weight of each word.
    """

    title: str
    asked: int
    passed: int
    words: Mapping[str, float]


class FamilyMatcher:
    """Compares prompts with families.

    Parameters
    ----------
    families : mapping of str to FamilyWords
        By name.
    foreign, own : float
        The usual cosine of items with the nearest of the other families, and with their own.
    """

    def __init__(self, families: Mapping[str, FamilyWords], foreign: float, own: float) -> None:
        self._families = families
        self._foreign, self._own = foreign, own

    def match(self, prompt: Prompt, idf: Mapping[str, tuple[float, float]]) -> FamilyMatch:
        """The family that `prompt` is most like.

        Parameters
        ----------
        idf : mapping of str to (float, float)
            Each known word's weight, which does not matter here, and its inverse document frequency.
        """
        vector = {
            word: (1.0 + math.log(count)) * idf[word][1]
            for word, count in preprocess(prompt).words.items()
            if word in idf
        }
        length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
        cosines = {name: _dot(vector, family.words) / length for name, family in self._families.items()}
        best = max(cosines, key=cosines.__getitem__)
        family = self._families[best]
        likeness = (cosines[best] - self._foreign) / (self._own - self._foreign)
        return FamilyMatch(best, family.title, family.asked, family.passed, min(1.0, max(0.0, likeness)))

    def to_json(self) -> str:
        """For the artifact; `from_json` gives an equal matcher back."""
        families = {name: asdict(family) for name, family in self._families.items()}
        return json.dumps({"foreign": self._foreign, "own": self._own, "families": families}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "FamilyMatcher":
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is something else.
        """
        values = json.loads(text)
        families = {name: FamilyWords(**family) for name, family in values["families"].items()}
        if not families or not values["foreign"] < values["own"]:
            raise ValueError("there are no families, or all prompts are alike")
        return cls(families, float(values["foreign"]), float(values["own"]))


def _dot(vector: Mapping[str, float], words: Mapping[str, float]) -> float:
    return sum(value * words[word] for word, value in vector.items() if word in words)
