"""The local side: the built-in engine under supervision, a server of the user's own, or a fleet of them."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Protocol

from gateway.background import Background
from gateway.config.sections.local import LocalSettings
from gateway.dispatch.local_engine import EngineSide
from gateway.dispatch.local_fleet import FleetSide
from gateway.dispatch.local_load import LocalLoad
from gateway.dispatch.local_server import ServerSide
from gateway.dispatch.local_times import T
from models.catalogue.bundled import bundled_model_path
from models.wire.backend import Backend
from models.wire.chat import ChatRequest
from models.wire.errors import ExtraMissingError
from router.decision import LocalEstimate
from router.policy import LocalCapabilities


class LocalSide(Protocol):
    """The local side, whichever kind it is."""

    @property
    def model(self) -> str | None:
        """The model's name, as soon as it is known."""
        ...

    @property
    def backend(self) -> Backend: ...

    @property
    def capabilities(self) -> LocalCapabilities | None:
        """What it can do; None until that is known."""
        ...

    @property
    def up(self) -> bool:
        """Whether it can be expected to answer now."""
        ...

    @property
    def restarts(self) -> int: ...

    @property
    def trouble(self) -> str | None:
        """Why it does not answer; None while it does."""
        ...

    async def start(self, background: Background) -> None:
        """Start it; its background tasks are supervised by `background`."""
        ...

    async def wait_ready(self) -> None:
        """Wait until it answers; raises `BackendUnavailable` if that takes too long or can never be."""
        ...

    def take_key(self, settings: LocalSettings) -> None:
        """Use the key of `settings` from now on."""
        ...

    @property
    def load(self) -> LocalLoad | None:
        """How busy it was a moment ago; None where it does not say."""
        ...

    @property
    def n_callers(self) -> int:
        """Requests that it works on now, as far as this process knows."""
        ...

    @property
    def is_known(self) -> bool:
        """Whether all that there is to find out about its features has been found out."""
        ...

    @property
    def socket_path(self) -> Path | None:
        """The unix socket of an engine of ours; None for a server elsewhere."""
        ...

    @property
    def address(self) -> str:
        """Where it can be asked, as `local.base_url` would name it."""
        ...

    def speeds(self) -> dict[str, Any]:
        """How fast it is, for ``/v1/status``."""
        ...

    def servers(self) -> list[dict[str, Any]]:
        """The servers or replicas that it consists of, for ``/v1/status``; empty where it is one."""
        ...

    async def watch(self, request: ChatRequest, work: Awaitable[T]) -> T:
        """The result of `work`, which has it answer `request`; what that tells of its speed is taken note of."""
        ...

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        """How long it would take, if its prompt has `counted` tokens; None where its speed is not known."""
        ...

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the model counts them; None where it does not say."""
        ...

    async def stop(self) -> None: ...


def make_local(settings: LocalSettings, state_dir: Path) -> LocalSide | None:
    """The local side that `settings` describe, not yet started; None if it is disabled.

    Raises
    ------
    ExtraMissingError
        If the bundled model is wanted and not installed.
    """
    if not settings.enabled:
        return None
    if settings.base_urls is not None:
        return FleetSide(settings, settings.base_urls)
    if settings.base_url is not None:
        return ServerSide(settings, settings.base_url)
    return EngineSide(settings, state_dir)


def missing_model(settings: LocalSettings) -> str | None:
    """Why the built-in engine has no model file to load; None if it has one, or is not used."""
    if not settings.enabled or settings.base_url is not None:
        return None
    try:
        path = settings.model_path or bundled_model_path()
    except ExtraMissingError as exc:
        return str(exc)
    return None if path.is_file() else f"there is no model file at {path} (local.model_path)"
