"""Ray's request router for replicas of the engine: it asks `Placement`, and tells it what was routed.

Ray copies this module's code into each process instead of importing it, so nothing is kept in variables here.
"""

from collections.abc import Sequence
from typing import Any

from ray.serve.request_router import PendingRequest, ReplicaID, RequestRouter, RunningReplica

from models.ray_serve.outline import Outline
from models.ray_serve.placement import placement_of

PATH = "models.ray_serve.router:PrefixRouter"
STATS_EVERY_S = 1.0
"""How often each replica is asked for its load."""

_NOTHING = Outline((), 1)


class PrefixRouter(RequestRouter):
    """Sends a request to the replica whose first token would come first.

    Ray makes one in each process that has a handle of the deployment. A call's arguments are an `EngineRequest`, an
    `Outline`, and the ids of replicas to avoid.
    """

    def initialize_state(self, **_kwargs: Any) -> None:
        """Called by Ray before any request comes."""
        self._placement = placement_of(self._deployment_id.name)

    def update_replicas(self, replicas: list[RunningReplica]) -> None:
        """Called by Ray whenever replicas come, go, or told their load."""
        super().update_replicas(replicas)
        self._placement.learn({replica.replica_id.unique_id: replica.routing_stats for replica in replicas})

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """The candidates in order, each a rank of its own: Ray takes the first that has a place free."""
        by_name = {replica.replica_id.unique_id: replica for replica in candidate_replicas}
        outline, avoid = _told(pending_request)
        request_id = "" if pending_request is None else pending_request.metadata.internal_request_id
        return [[by_name[name]] for name in self._placement.choose(by_name, request_id, outline, avoid)]

    def on_request_routed(self, pending_request: PendingRequest, replica_id: ReplicaID, _result: Any) -> None:
        """Called by Ray when a replica has taken the request."""
        outline, _ = _told(pending_request)
        self._placement.routed(replica_id.unique_id, pending_request.metadata.internal_request_id, outline)

    def on_request_completed(self, replica_id: ReplicaID, internal_request_id: str) -> None:
        """Called by Ray when the answer has ended, whole or not."""
        super().on_request_completed(replica_id, internal_request_id)
        self._placement.ended(replica_id.unique_id, internal_request_id)


def _told(pending: PendingRequest | None) -> tuple[Outline, frozenset[str]]:
    """The outline of a request, and the replicas to avoid."""
    args: Sequence[Any] = () if pending is None else pending.args
    outline = next((arg for arg in args if isinstance(arg, Outline)), _NOTHING)
    return outline, next((arg for arg in args if isinstance(arg, frozenset)), frozenset())
