"""Assumed sides, for commands that run no model: both are up and idle, and the cloud can do everything."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.config.settings import Settings
from gateway.dispatch.decider import Decider
from gateway.dispatch.local import LocalLoad
from gateway.dispatch.privacy import PrivacyLane
from models.wire.chat import ChatRequest
from models.wire.token_estimates import prompt_tokens_guess
from router.decision import Feature, Route
from router.policy import LocalCapabilities, Scorer


@dataclass(frozen=True, slots=True)
class AssumedLocal:
    """A local model of these capabilities that is up and idle, and counts tokens roughly."""

    capabilities: LocalCapabilities
    model: str = Route.LOCAL.value
    up: bool = True
    load: LocalLoad | None = None

    async def wait_ready(self) -> None:
        """It is ready."""

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
    sides = AssumedSides(AssumedLocal(capabilities))
    return Decider(sides, scorer, threshold, settings.router, PrivacyLane(settings.privacy))
