"""One request as the ledger keeps it. Never any text of the prompt or the answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import orjson


class Outcome(StrEnum):
    """How a request ended: a closed list, the same in ledger, log and metrics."""

    OK = "ok"
    REJECTED = "rejected"  # the request was at fault; the caller got a 4xx
    FAILED = "failed"  # nobody could answer; the caller got a 5xx
    INTERRUPTED = "interrupted"  # the answer broke off after it had begun
    CANCELLED = "cancelled"  # the caller went away
    LOST = "lost"  # the gateway itself died with the request in hand


@dataclass(slots=True)  # not frozen: that would triple the time to make one, twice a request
class LedgerRow:
    """A request and what became of it. Times are UTC, money is in nano-dollars (1e-9 USD).

    `outcome` is None while the request is in hand. `cost_nusd` and `baseline_nusd` are None where no price is known,
    which is not the same as free; `usage_estimated` says that the backend never reported usage and tokens are a guess.
    `artifact` is the version of the classifier that scored it: scores of two do not compare. `traits` tells in JSON
    what pushed the score, where that was kept; `second_look` in JSON what came of one, where there was one, and
    `deciding_nusd` what it cost in vain.
    """

    id: str
    created_ms: int
    endpoint: str
    requested_model: str
    route: str
    reason: str
    score: float
    threshold: float
    stream: bool
    served_model: str = ""
    key_id: str | None = None
    session_id: str | None = None
    outcome: str | None = None
    error_code: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    usage_estimated: bool = False
    cost_nusd: int | None = None
    baseline_model: str | None = None
    baseline_nusd: int | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    overhead_ms: float | None = None
    traits: str | None = None
    artifact: str | None = None
    second_look: str | None = None
    deciding_nusd: int = 0

    def to_line(self) -> bytes:
        """One line of the spool."""
        return orjson.dumps(self, option=orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read `to_line` back; fields that a later version added or dropped are no obstacle.

        Raises
        ------
        ValueError
            If the line is cut short or is not a row.
        """
        values = orjson.loads(line)
        try:
            return cls(**{name: values[name] for name in values.keys() & cls.__slots__})
        except (TypeError, AttributeError) as exc:
            raise ValueError("not a ledger row") from exc

    def to_columns(self) -> dict[str, Any]:
        """Column values for the database."""
        return {name: getattr(self, name) for name in self.__slots__}  # asdict() would copy each value
