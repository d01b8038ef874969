"""The result of a cascade (a second look), as the ledger keeps it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import orjson

from models.usage.usage import Usage
from router.confidence import CascadeVerdict


@dataclass(slots=True)
class CascadeResult:
    """The result of one cascade, and what it cost.

    Attributes
    ----------
    verdict : CascadeVerdict
        Which side answered, and why.
    confidence : float or None
        Of the tokens that were held back; None where the server gave no probabilities.
    ms : float
        From the call of the local model to the verdict.
    model : str
        The local model.
    prompt_tokens, completion_tokens : int
        Tokens of a local answer that was thrown away; 0 where none was.
    score : float or None
        The probability that the answer fails, by those tokens; None where no exam taught it.
    """

    verdict: CascadeVerdict
    confidence: float | None
    ms: float
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    score: float | None = None

    @property
    def wasted(self) -> Usage:
        """Tokens of the local answer that was thrown away."""
        return Usage(self.prompt_tokens, self.completion_tokens)

    @property
    def _shares(self) -> dict[str, float | None]:
        return {"confidence": self.confidence, "score": self.score}

    def to_json(self) -> str:
        """For the ledger's column `second_look`."""
        rounded = {name: value if value is None else round(value, 4) for name, value in self._shares.items()}
        return orjson.dumps({**asdict(self), **rounded}).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        values: dict[str, Any] = orjson.loads(text)
        return cls(**{**values, "verdict": CascadeVerdict(values["verdict"])})
