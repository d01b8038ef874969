"""Assumed sides, for commands that run no model: both are up and idle, and the cloud can do everything.

The local model is as fast as it was when it was tuned here. One that was not tuned has no estimate of its time.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.config.settings import Settings
from gateway.dispatch.decider import Decider
from gateway.dispatch.local_engine import engine_options
from gateway.dispatch.local_times import estimate_of
from gateway.dispatch.privacy import PrivacyLane
from gateway.dispatch.prompt_outline import PromptOutline
from models.engine.process.tuner import known_tuning
from models.engine.scheduling.forecast import Pace
from models.wire.chat import ChatRequest
from models.wire.errors import ModelError
from models.wire.token_estimates import prompt_tokens_guess
from router.decision import Feature, LocalEstimate, Route
from router.policy import LocalCapabilities, Scorer


@dataclass(frozen=True, slots=True)
class AssumedLocal:
    """A local model of these capabilities that is up and idle, and counts tokens roughly.

    `pace` is None where nobody knows how fast it is.
    """

    capabilities: LocalCapabilities
    model: str = Route.LOCAL.value
    up: bool = True
    pace: Pace | None = None

    async def wait_ready(self) -> None:
        """It is ready."""

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        """By `pace`, with nothing in the queue and nothing read before; None where they are not known."""
        n_tokens = PromptOutline.of(request).n_tokens if counted is None else counted
        return None if self.pace is None else estimate_of(self.pace, n_tokens, request.max_tokens)

    async def count_tokens(self, request: ChatRequest) -> int:
        """Estimate by the length of the text."""
        return prompt_tokens_guess(request)


@dataclass(frozen=True, slots=True)
class AssumedCloud:
    """A cloud that takes everything."""

    names: tuple[str, ...] = (Route.CLOUD.value,)
    up: bool = True

    def takes(self, _request: ChatRequest, only: str | None = None) -> bool:  # noqa: ARG002
        """Always."""
        return True

    def missing(self, _request: ChatRequest, only: str | None = None) -> frozenset[Feature]:  # noqa: ARG002
        """Nothing."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class AssumedSides:
    """An assumed local side and an assumed cloud."""

    local: AssumedLocal
    cloud: AssumedCloud = AssumedCloud()


def assumed_decider(
    settings: Settings, scorer: Scorer, capabilities: LocalCapabilities, threshold: Callable[[], float]
) -> Decider:
    """Decides by these settings over assumed sides. No budget, and no second look: they depend on earlier answers.

    Raises
    ------
    ExtraMissingError
        If `privacy.detect` needs a package that is not installed.
    """
    sides = AssumedSides(AssumedLocal(capabilities, pace=_tuned_pace(settings)))
    return Decider(sides, scorer, threshold, settings.router, PrivacyLane(settings.privacy))


def _tuned_pace(settings: Settings) -> Pace | None:
    """What the built-in engine reached with its model when it was tuned here; None for all others."""
    if not settings.local.enabled or settings.local.base_url is not None:
        return None
    try:
        tuning = known_tuning(engine_options(settings.local, settings.state_dir), settings.state_dir)
    except ModelError:  # there is no model here
        return None
    chosen = None if tuning is None else tuning.chosen
    return None if chosen is None else Pace(chosen.reads, chosen.writes)
