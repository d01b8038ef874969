"""Several servers with the same model as the local side; each request goes to the one that would answer first."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gateway.background import Background
from gateway.config.sections.local import LocalSettings
from gateway.dispatch.load_watch import unless_stuck
from gateway.dispatch.local_load import LocalLoad
from gateway.dispatch.local_server import ServerSide
from gateway.dispatch.local_times import T
from models.remote.resilient_backend import ResilientBackend
from models.wire.backend import Completion
from models.wire.chat import ChatRequest
from models.wire.errors import BackendError, BackendLost, BackendUnavailable, RateLimited
from models.wire.stream import ChatStream
from router.decision import LocalEstimate
from router.policy import LocalCapabilities

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

WORTH_IN_HAND = 2.0
"""Where speeds are not known: having kept a whole prompt is worth so many answers less in hand."""

NEAR_S, NEAR_SHARE = 0.05, 0.2
"""Estimated times to the first token that differ by less are the same: in seconds, and as a share of the shortest."""

LOOK_S = 0.1


class FleetSide:
    """The servers at `base_urls`, which have the same model.

    The model is that of the first in the list that has said which it has; a server with another one gets nothing. What
    the fleet can do is what all that are up can.
    """

    restarts = 0
    socket_path: Path | None = None

    def __init__(self, settings: LocalSettings, base_urls: Sequence[str]) -> None:
        self._ready_timeout_s = settings.ready_timeout_s
        self._members = [ServerSide(settings, url) for url in base_urls]
        self._wanted = settings.model
        self._turns = itertools.count()
        self._last_turn = dict.fromkeys(base_urls, -1)
        self.backend = _FleetBackend(self)

    def take_key(self, settings: LocalSettings) -> None:
        for member in self._members:
            member.take_key(settings)

    @property
    def model(self) -> str | None:
        return self._wanted or next((member.model for member in self._members if member.model), None)

    @property
    def capabilities(self) -> LocalCapabilities | None:
        fitting = [member for member in self._members if self._fits(member)]
        told = [able for member in self._up or fitting if (able := member.capabilities) is not None]
        if not told:
            return None
        features = frozenset.intersection(*(able.features for able in told))
        return LocalCapabilities(features, min(able.n_ctx for able in told), all(able.marks_calls for able in told))

    @property
    def up(self) -> bool:
        return bool(self._up)

    @property
    def trouble(self) -> str | None:
        return None if self.up else "; ".join(trouble for member in self._members if (trouble := self._trouble(member)))

    @property
    def load(self) -> LocalLoad | None:
        told = [(member.shown_address, load) for member in self._up if (load := member.load) is not None]
        return LocalLoad.of_replicas(told, min(load.asked_at for _, load in told)) if told else None

    @property
    def n_callers(self) -> int:
        return sum(member.n_callers for member in self._members)

    @property
    def is_known(self) -> bool:
        return self.up and all(member.is_known for member in self._up)

    @property
    def address(self) -> str:
        return (self._up or self._members)[0].address

    def speeds(self) -> dict[str, Any]:
        return (self._up or self._members)[0].speeds()

    def servers(self) -> list[dict[str, Any]]:
        return [
            {
                "name": member.shown_address,
                "up": member in self._up,
                "trouble": self._trouble(member),
                "load": None if member.load is None else member.load.to_json(),
                "speeds": member.speeds(),
            }
            for member in self._members
        ]

    async def start(self, background: Background) -> None:
        for member in self._members:
            await member.start(background)

    async def wait_ready(self) -> None:
        try:
            async with asyncio.timeout(self._ready_timeout_s):
                while not self.up:  # noqa: ASYNC110  # it depends on several members' events, breakers and models
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise BackendUnavailable("local", self.trouble or "not ready") from None

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        told = [estimate for member in self._up if (estimate := member.estimate(request, counted)) is not None]
        return min(told, key=lambda estimate: estimate.first_token_s, default=None)

    async def watch(self, _request: ChatRequest, work: Awaitable[T]) -> T:
        """The members watch for themselves: which one answers is found out on the way."""
        return await work

    async def count_tokens(self, request: ChatRequest) -> int | None:
        for member in self.in_order(request):
            if (n_tokens := await member.count_tokens(request)) is not None:
                return n_tokens
        return None

    async def stop(self) -> None:
        for member in self._members:
            await member.stop()

    def in_order(self, request: ChatRequest | None) -> list[ServerSide]:
        """Those that can be asked now, first the one that would answer first.

        Of those that would answer at about the same time, the one with the least in hand, since answers at the same
        time slow each other down; of equals, the one that rested longest.
        """
        free = [member for member in self._up if not _is_stuck(member)] or self._up
        costs, near = self._costs(free, request)
        best = min(costs, default=0.0)
        keys = [
            (max(best + near, cost), member.n_callers, self._last_turn[member.address])
            for cost, member in zip(costs, free, strict=True)
        ]
        return [member for _, member in sorted(zip(keys, free, strict=True), key=lambda each: each[0])]

    def _costs(self, free: Sequence[ServerSide], request: ChatRequest | None) -> tuple[list[float], float]:
        """What it costs to ask each, and which difference is none."""
        estimates = [None if request is None else member.estimate(request) for member in free]
        known = [estimate.first_token_s for estimate in estimates if estimate is not None]
        if not known or len(known) < len(free):
            return [_cost_in_hand(member, request) for member in free], 0.0
        return known, max(NEAR_S, NEAR_SHARE * min(known))

    def take_turn(self, member: ServerSide) -> None:
        """Note that `member` is asked."""
        self._last_turn[member.address] = next(self._turns)

    @property
    def _up(self) -> list[ServerSide]:
        return [member for member in self._members if member.up and self._fits(member)]

    def _fits(self, member: ServerSide) -> bool:
        return member.model is None or member.model == self.model

    def _trouble(self, member: ServerSide) -> str | None:
        if not self._fits(member):
            return f"{member.shown_address} has the model '{member.model}', not '{self.model}'"
        if _is_stuck(member):
            return f"{member.shown_address} makes no progress"
        return member.trouble


class _FleetBackend:
    """Asks the members one after the other, until one takes the request.

    The next one is asked only where the one before did not take it: a request that was lost with its server, or that a
    server is stuck with, may be the cause.
    """

    name = "local"

    def __init__(self, fleet: FleetSide) -> None:
        self._fleet = fleet

    @property
    def model(self) -> str:
        return self._fleet.model or ""

    def takes(self, request: ChatRequest) -> bool:
        return self._any.takes(request)

    def sub_requests(self, request: ChatRequest) -> Sequence[ChatRequest]:
        return self._any.sub_requests(request)

    async def chat(self, request: ChatRequest) -> Completion:
        return await self._ask(request, lambda member: member.watch(request, member.backend.chat(request)))

    async def stream(self, request: ChatRequest) -> ChatStream:
        return await self._ask(request, lambda member: member.watch(request, member.backend.stream(request)))

    async def embed(self, body: Mapping[str, Any]) -> Completion:
        return await self._ask(None, lambda member: member.backend.embed(body))

    def speaks(self, path: str) -> bool:
        return self._any.speaks(path)

    async def forward(self, method: str, path: str, content: bytes | None, query: Mapping[str, str]) -> bytes:
        return await self._any.forward(method, path, content, query)

    async def aclose(self) -> None:
        """The members close their own."""

    @property
    def _any(self) -> ResilientBackend:
        """All of them do the same."""
        return self._fleet._members[0].backend

    async def _ask(self, request: ChatRequest | None, call: Callable[[ServerSide], Awaitable[Result]]) -> Result:
        first: BackendError | None = None
        members = self._fleet.in_order(request)
        for member in members:
            self._fleet.take_turn(member)
            try:
                # One that hangs is put up with where there is no other.
                return await (unless_stuck(member, call(member)) if len(members) > 1 else call(member))
            except BackendLost:
                raise
            except (BackendUnavailable, RateLimited) as exc:
                first = first or exc
                logger.warning("%s did not take a request (%s)", member.shown_address, exc)
        raise first or BackendUnavailable("local", self._fleet.trouble or "no server is up")


def _is_stuck(member: ServerSide) -> bool:
    return member.load is not None and member.load.is_stuck


def _cost_in_hand(member: ServerSide, request: ChatRequest | None) -> float:
    share = 0.0 if request is None else member.share_unread(request)
    return member.n_callers + WORTH_IN_HAND * share
