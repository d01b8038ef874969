"""What a decision needs to know of both sides, and which of them a key may use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.keys.terms import KeyTerms
from models.wire.chat import ChatRequest
from router.decision import Feature, LocalEstimate, Route
from router.policy import LocalCapabilities


class LocalState(Protocol):
    """What a decision needs to know of the local side."""

    @property
    def model(self) -> str | None:
        """The model's name, as soon as it is known."""
        ...

    @property
    def capabilities(self) -> LocalCapabilities | None:
        """What it can do; None until that is known."""
        ...

    @property
    def up(self) -> bool:
        """Whether it is thought to answer now."""
        ...

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        """How long it would take, if its prompt has `counted` tokens; None where its speed is not known."""
        ...

    async def wait_ready(self) -> None:
        """Wait until it answers; raises `BackendUnavailable` if that takes too long or can never be."""
        ...

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the model counts them; None where it does not say."""
        ...


class CloudState(Protocol):
    """What a decision needs to know of the cloud."""

    @property
    def names(self) -> Sequence[str]:
        """All models' names, the preferred one first."""
        ...

    @property
    def up(self) -> bool:
        """Whether any of its models is thought to answer."""
        ...

    def takes(self, request: ChatRequest, only: str | None = None) -> bool:
        """Whether any of its models (with `only`, that one) can be asked this at all."""
        ...

    def missing(self, request: ChatRequest, only: str | None = None) -> frozenset[Feature]:
        """What `request` needs that none of its models has (with `only`, that one)."""
        ...


class Sides(Protocol):
    """Both sides; None for one that is not configured."""

    @property
    def local(self) -> LocalState | None: ...

    @property
    def cloud(self) -> CloudState | None: ...


@dataclass(frozen=True, slots=True)
class AllowedSides:
    """The sides that a key may use; None also for one that it may not."""

    local: LocalState | None
    cloud: CloudState | None

    @classmethod
    def of(cls, sides: Sides, terms: KeyTerms) -> "AllowedSides":
        """`sides` as a key with these terms may use them."""
        local, cloud = sides.local, sides.cloud
        return cls(local if terms.allows(Route.LOCAL) else None, cloud if terms.allows(Route.CLOUD) else None)
