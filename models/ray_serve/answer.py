"""One answer from a replica, and from another one if the first is lost before it has said anything."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from models.engine.errors import EngineBusy
from models.ray_serve.messages import Head
from models.wire.errors import REPLICA_LOST, error_body
from models.wire.sse import encode_event

Part = str | Head | bytes
"""In this order: the id of the replica, the head, and the body's bytes as the engine sent them."""

MOST_TRIES = 2
"""A request that ends two engines is not given to a third."""

PLACE_S = 60.0
"""How long a request may wait for a replica that takes it; nothing is heard of it meanwhile."""

T = TypeVar("T")


class ReplicaLost(Exception):
    """The replica, or its engine, ended before the end of the answer."""


Ask = Callable[[frozenset[str]], AsyncGenerator[Part, None]]
"""Sends the request to a replica, if possible to none of these."""


class Answer:
    """One answer to one request.

    Parameters
    ----------
    ask : callable
        Called again after a loss, with the ids of the replicas that were lost.

    Attributes
    ----------
    replica : str
        The id of the replica that answers; empty until one has the request.
    """

    def __init__(self, ask: Ask) -> None:
        self.replica = ""
        self._ask = ask
        self._lost: frozenset[str] = frozenset()
        self._n_tries = 0
        self._parts: AsyncGenerator[Part, None] | None = None

    async def begin(self) -> Head:
        """The answer's head.

        Raises
        ------
        ReplicaLost
            If no replica comes as far as that.
        EngineBusy
            If no replica takes it within `PLACE_S`.
        """
        while True:
            self._n_tries += 1
            self._parts = self._ask(self._lost)
            try:
                async with asyncio.timeout(PLACE_S):
                    self.replica = _of(str, await anext(self._parts))
                return _of(Head, await anext(self._parts))
            except TimeoutError:
                raise EngineBusy(f"no replica had a place within {PLACE_S:g} s") from None
            except ReplicaLost:
                self._give_up_replica()

    async def body(self, *, is_stream: bool) -> AsyncGenerator[bytes, None]:
        """The bytes of the body; call it after `begin`.

        While an engine has sent only signs of life, the answer can still come from another replica. Later, a stream
        that is lost ends in an error event, without ``[DONE]``.

        Raises
        ------
        ReplicaLost
            If an answer that is not streamed breaks off in the middle of its body.
        """
        said = False
        while True:
            assert self._parts is not None
            try:
                async for part in self._parts:
                    said = said or not is_sign_of_life(_of(bytes, part))
                    yield _of(bytes, part)
                return
            except ReplicaLost:
                try:
                    if said:
                        raise
                    self._give_up_replica()
                    await self.begin()  # a refusal's body is an error object, which callers take as late as this
                except (ReplicaLost, EngineBusy):
                    if said and not is_stream:
                        raise
                    yield lost_event() if is_stream else lost_event().removeprefix(b"data: ")
                    return

    async def aclose(self) -> None:
        """End the work on it, wherever that is done."""
        if self._parts is not None:
            await self._parts.aclose()

    def _give_up_replica(self) -> None:
        """Note the loss; raises it again where it was the last try."""
        if self.replica:
            self._lost |= {self.replica}
        if self._n_tries >= MOST_TRIES:
            raise ReplicaLost


def is_sign_of_life(part: bytes) -> bool:
    r"""Whether bytes of an answer say nothing yet: whole comments of a stream, or blanks before JSON.

    >>> [is_sign_of_life(part) for part in (b": waiting\n\n", b" ", b": read", b"data: 1\n\n")]
    [True, True, False, False]
    """
    text = part.strip(b" \r\n")
    return not text or (part.endswith(b"\n") and all(line[:1] in (b":", b"") for line in text.splitlines()))


def lost_body() -> dict[str, dict[str, str | int | None]]:
    """The error object for an answer that was lost with its replica."""
    body = error_body(
        "The replica that answered has ended; send the request again.", type_="server_error", code=REPLICA_LOST
    )
    return {"error": {**body["error"], "status": 503}}


def lost_event() -> bytes:
    """The last event of a stream that was cut."""
    return encode_event(lost_body())


def _of(kind: type[T], part: object) -> T:
    if not isinstance(part, kind):
        raise ReplicaLost
    return part
