"""What an answer says of the limits of its key, in OpenAI's and in Anthropic's headers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.limits.window import Window

OPENAI_PREFIX = "x-ratelimit-"
ANTHROPIC_PREFIX = "anthropic-ratelimit-"


@dataclass(frozen=True, slots=True)
class LimitState:
    """One limit a minute, and what is used of it."""

    limit: int
    window: Window

    @property
    def remaining(self) -> int:
        """What may be used at once."""
        return self.window.remaining(self.limit)

    @property
    def reset_s(self) -> float:
        """In how many seconds nothing of it is used any more."""
        return self.window.full_in_s(self.limit)


def rate_headers(states: Mapping[str, LimitState], *, is_anthropic: bool) -> dict[str, str]:
    """The headers for the limits on ``requests`` and ``tokens``, those that there are."""
    write = _anthropic if is_anthropic else _openai
    return {name: value for what, state in states.items() for name, value in write(what, state).items()}


def without_rates(headers: Mapping[str, str]) -> dict[str, str]:
    """A provider's headers without its own limits: those are the gateway's, not the caller's."""
    return {name: value for name, value in headers.items() if not name.startswith((OPENAI_PREFIX, ANTHROPIC_PREFIX))}


def as_duration(seconds: float) -> str:
    """A span as OpenAI writes it, rounded up.

    >>> as_duration(0), as_duration(0.0421), as_duration(1), as_duration(59.21), as_duration(360), as_duration(119.96)
    ('0s', '43ms', '1s', '59.3s', '6m0s', '2m0s')
    """
    if 0 < seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(math.ceil(seconds * 10), 600)
    return f"{minutes}m{rest / 10:g}s" if minutes else f"{rest / 10:g}s"


def _openai(what: str, state: LimitState) -> dict[str, str]:
    return {
        f"{OPENAI_PREFIX}limit-{what}": str(state.limit),
        f"{OPENAI_PREFIX}remaining-{what}": str(state.remaining),
        f"{OPENAI_PREFIX}reset-{what}": as_duration(state.reset_s),
    }


def _anthropic(what: str, state: LimitState) -> dict[str, str]:
    reset = datetime.now(UTC) + timedelta(seconds=math.ceil(state.reset_s))
    return {
        f"{ANTHROPIC_PREFIX}{what}-limit": str(state.limit),
        f"{ANTHROPIC_PREFIX}{what}-remaining": str(state.remaining),
        f"{ANTHROPIC_PREFIX}{what}-reset": f"{reset:%Y-%m-%dT%H:%M:%SZ}",
    }
