"""What is decided and what it is decided from. Plain values: no HTTP, no models, no settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """Where a request is answered."""

    LOCAL = "local"
    CLOUD = "cloud"


class Reason(StrEnum):
    """Why a request went where it went: a closed list, the same in headers, ledger, log and metrics."""

    PRIVACY = "privacy"
    PINNED = "pinned"
    CAPABILITY = "capability"
    CONTEXT = "context"
    OFFLINE = "offline"
    BUDGET = "budget"
    SESSION = "session"
    LOAD = "load"
    SCORE = "score"
    FAILOVER = "failover"
    ESCALATED = "escalated"


class Feature(StrEnum):
    """What a request may ask of a model beyond text in, text out. A local model has some of these or none.

    `COMPLETIONS` and `RESPONSES` are what only those API shapes can say, and no chat.
    """

    IMAGES = "images"
    AUDIO = "audio"
    FILES = "files"
    TOOLS = "tools"
    HOSTED_TOOLS = "hosted_tools"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"
    LOGPROBS = "logprobs"
    LOGIT_BIAS = "logit_bias"
    SEVERAL_CHOICES = "several_choices"
    COMPLETIONS = "completions"
    RESPONSES = "responses"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, as far as its text goes. `role` is OpenAI's."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the router may look at.

    Parameters
    ----------
    turns : sequence of Turn
        The conversation, oldest first.
    needs : frozenset of Feature
        What the request asks for beyond text.
    """

    turns: Sequence[Turn]
    needs: frozenset[Feature] = frozenset()

    @classmethod
    def from_text(cls, text: str) -> "Prompt":
        """A conversation of one user message."""
        return cls((Turn("user", text),))


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """The outcome of one comparison, and why.

    `score` is the calibrated probability that the local model's answer would not do, in [0, 1], larger is harder; it is
    computed for every request, also where a rule decided. ``score >= threshold`` means cloud.
    """

    route: Route
    reason: Reason
    score: float
    threshold: float
