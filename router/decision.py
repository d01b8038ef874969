"""The input and the output of a routing decision, as plain values: no HTTP, no models, no settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """The side that answers a request."""

    LOCAL = "local"
    CLOUD = "cloud"


class Reason(StrEnum):
    """Why a request went to its side: a closed list, the same in headers, ledger, log and metrics."""

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
    """What a request may need beyond text in, text out. A local model has some of these or none.

    `FORCED_TOOLS` is a call of a tool that the request demands, which a grammar can make of any model; a model with
    `TOOLS` has it too. `COMPLETIONS` and `RESPONSES` stand for what only those API shapes can express, and a chat
    cannot.
    """

    IMAGES = "images"
    AUDIO = "audio"
    FILES = "files"
    TOOLS = "tools"
    FORCED_TOOLS = "forced_tools"
    HOSTED_TOOLS = "hosted_tools"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"
    LOGPROBS = "logprobs"
    LOGIT_BIAS = "logit_bias"
    SEVERAL_CHOICES = "several_choices"
    COMPLETIONS = "completions"
    RESPONSES = "responses"


def lacking(needs: frozenset[Feature], features: frozenset[Feature]) -> frozenset[Feature]:
    """What of `needs` somebody with `features` cannot do.

    >>> lacking(frozenset({Feature.FORCED_TOOLS}), frozenset({Feature.TOOLS}))
    frozenset()
    """
    implied = {Feature.FORCED_TOOLS} if Feature.TOOLS in features else set()
    return needs - features - implied


@dataclass(frozen=True, slots=True)
class Turn:
    """The text of one message of a conversation. `role` is OpenAI's."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the router decides on.

    Parameters
    ----------
    turns : sequence of Turn
        The conversation, oldest first.
    needs : frozenset of Feature
        What the request needs beyond text.
    """

    turns: Sequence[Turn]
    needs: frozenset[Feature] = frozenset()

    @classmethod
    def from_text(cls, text: str) -> "Prompt":
        """A conversation of one user message."""
        return cls((Turn("user", text),))


@dataclass(frozen=True, slots=True)
class LocalEstimate:
    """How long the local model would take for a request that arrives now.

    Attributes
    ----------
    first_token_s : float
        Until its first token, in seconds: the queue, then the prompt tokens that the prefix cache does not hold.
    answer_s : float
        Until the end of its answer, in seconds.
    """

    first_token_s: float
    answer_s: float


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """A request's side, and why.

    `score` is the calibrated probability, in [0, 1], that the local model's answer is inadequate; larger is harder. It
    is computed for every request, also where a rule decided. ``score >= threshold`` means cloud. `estimate` is None
    where the local side does not tell how fast it is.
    """

    route: Route
    reason: Reason
    score: float
    threshold: float
    estimate: LocalEstimate | None = None
