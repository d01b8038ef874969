"""How long a server would take that may be several engines behind one address, each with its own queue and prefixes."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from gateway.dispatch.local_load import LocalLoad
from gateway.dispatch.local_times import LocalTimes, T
from models.wire.chat import ChatRequest
from router.decision import LocalEstimate


class ReplicaTimes:
    """Estimates for a server: as for one engine, until it tells of replicas.

    A request goes to the replica on which its first token would come first; the server, which decides that, goes by the
    same rule. Its answer says which one that was.

    Parameters
    ----------
    load : callable
        What the server says of its load; None where it says nothing.
    """

    def __init__(self, load: Callable[[], LocalLoad | None]) -> None:
        self._load = load
        self._alone = LocalTimes(load)
        self._by_name: dict[str, LocalTimes] = {}

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        """How long it would take for `request`; None where its speed is not known."""
        return min(self._estimates(request, counted), key=lambda each: each[0].first_token_s, default=(None, None))[0]

    async def watch(self, request: ChatRequest, work: Awaitable[T]) -> T:
        """The result of `work`, which has the server answer `request`; what that tells is taken note of."""
        expected = min(self._estimates(request), key=lambda each: each[0].first_token_s, default=(None, self._alone))[1]
        answer = await expected.watch(request, work)
        told = self._by_name.get(answer.notes.replica)
        if told is not None and told is not expected:
            told.note_kept(request)
        return answer

    def share_unread(self, request: ChatRequest) -> float:
        """Which share of its prompt would have to be read, by the one that has kept most of it."""
        times = list(self._current().values()) or [self._alone]
        return min(each.share_unread(request) for each in times)

    def to_json(self) -> dict[str, Any]:
        """The figures for ``/v1/status``; of replicas the mean."""
        told = [times.to_json() for times in self._current().values()]
        if not told:
            return self._alone.to_json()
        return {name: _mean([each[name] for each in told]) for name in told[0]}

    def replicas(self) -> list[dict[str, Any]]:
        """Each replica's load and speeds, for ``/v1/status``."""
        times, load = self._current(), self._load()
        return (
            []
            if load is None
            else [
                {"name": name, "up": True, "trouble": None, "load": own.to_json(), "speeds": times[name].to_json()}
                for name, own in load.replicas
            ]
        )

    def _replica_load(self, name: str) -> LocalLoad | None:
        load = self._load()
        return None if load is None else next((own for other, own in load.replicas if other == name), None)

    def _current(self) -> dict[str, LocalTimes]:
        """Of the replicas that there are now."""
        load = self._load()
        names = [] if load is None else [name for name, _ in load.replicas]
        if names != list(self._by_name):
            known = self._by_name
            self._by_name = {name: known.get(name) or self._times_of(name) for name in names}
        return self._by_name

    def _times_of(self, name: str) -> LocalTimes:
        return LocalTimes(lambda: self._replica_load(name))

    def _estimates(
        self, request: ChatRequest, counted: int | None = None
    ) -> Iterator[tuple[LocalEstimate, LocalTimes]]:
        for times in list(self._current().values()) or [self._alone]:
            if (estimate := times.estimate(request, counted)) is not None:
                yield estimate, times


def _mean(values: list[Any]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 1) if known else None
