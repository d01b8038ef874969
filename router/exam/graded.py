"""One answer of the exam, graded: a line of the file that holds them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from router.confidence import FirstTokens


class ItemKey(NamedTuple):
    """Identifies an item for good: the same key gives the same item."""

    family: str
    level: int
    language: str
    seed: int


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer, and whether it was right.

    Parameters
    ----------
    key : ItemKey
        The item.
    passed : bool
        Whether the answer was right.
    answer : str
        Its beginning, for the report card.
    prompt_tokens, completion_tokens : int
        As the model's server counts them.
    first_token_s, total_s : float
        From the request to the answer's first token and to its end, in seconds.
    first_tokens : FirstTokens or None
        How sure the model was of its first tokens; None where its server does not tell.
    """

    key: ItemKey
    passed: bool
    answer: str
    prompt_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float
    first_tokens: FirstTokens | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` gives an equal value back."""
        return {**asdict(self), "key": list(self.key)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` made.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else.
        """
        family, level, language, seed = value["key"]
        told = value.get("first_tokens")
        return cls(
            ItemKey(str(family), int(level), str(language), int(seed)),
            bool(value["passed"]),
            str(value["answer"]),
            int(value["prompt_tokens"]),
            int(value["completion_tokens"]),
            float(value["first_token_s"]),
            float(value["total_s"]),
            None if told is None else FirstTokens(**told),
        )
