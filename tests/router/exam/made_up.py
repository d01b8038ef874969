"""Families without real items, and models that pass by a rule or by chance."""

from collections.abc import Callable, Mapping
from random import Random

from router.exam.graded import Graded, ItemKey
from router.exam.item import LANGUAGES, Answer, Family, Item, asked
from router.exam.sitting import Sitting

Passes = Callable[[ItemKey], bool]


def family(name: str) -> Family:
    """Asks for a number, and takes it."""

    def make(rng: Random, level: int, language: str) -> Item:
        number = str(rng.randrange(10**level))
        return Item(asked(f"{name} {language}: {number}"), lambda answer: answer == Answer(number), 8, number)

    return Family(name, f"the number of {name}", make, LANGUAGES)


def families(n: int) -> Mapping[str, Family]:
    """So many of them."""
    return {f"f{number}": family(f"f{number}") for number in range(n)}


def graded(key: ItemKey, passed: bool, total_s: float = 1.0) -> Graded:
    """An answer."""
    return Graded(key, passed, "", 20, 5, total_s / 2, total_s)


def sit(sitting: Sitting, passes: Passes, seconds: Callable[[ItemKey], float] = lambda _key: 1.0) -> list[ItemKey]:
    """Ask to the end, and return what was asked."""
    keys = []
    while (key := sitting.next()) is not None:
        keys.append(key)
        sitting.record(graded(key, passes(key), seconds(key)))
    return keys
