"""GET /v1/status: the state of both sides, the threshold, and figures of the last minutes."""

import os
import socket
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.audit.read import head_of
from gateway.dispatch.backends import Backends
from gateway.dispatch.cloud import CloudSide
from gateway.dispatch.local import LocalSide
from gateway.endpoints.visible import SeesAll
from gateway.exam.background import BackgroundExam
from gateway.http.json_response import json_response
from gateway.keys.active import ActiveKeys
from gateway.ledger import Ledger
from gateway.ledger.rollup import first_ms, read_rollup
from gateway.ledger.units import from_epoch_ms, now_ms
from gateway.reports.estimates import estimate_report
from gateway.reports.savings import figures
from gateway.scoring.active_classifier import ActiveClassifier
from gateway.scoring.active_threshold import ActiveThreshold
from gateway.shared.peers import Peers
from gateway.spending.budget import Budget
from models.remote.trouble import Trouble
from router.decision import Route

RECENT_MINUTES = 15
_SHOWN = ("requests", "errors", "failovers")


def status_endpoints(
    backends: Backends,
    threshold: ActiveThreshold,
    classifier: ActiveClassifier,
    budget: Budget,
    ledger: Ledger,
    exam: BackgroundExam,
    keys: ActiveKeys,
    peers: Peers | None,
) -> APIRouter:
    """The endpoint over both sides, the threshold, the classifier, `ledger`, the exam, `keys` and other gateways."""
    endpoints = APIRouter(tags=["operations"], dependencies=[SeesAll])

    @endpoints.get("/v1/status", summary="State of each side")
    async def status() -> Response:
        """Of this worker; the ledger's figures are of all of them."""
        recent, estimates, oldest_ms, head = await run_in_threadpool(_recent, ledger)
        examined = await run_in_threadpool(exam.status)
        local, cloud = backends.local, backends.cloud  # another cloud after a reload
        return json_response(
            {
                "object": "status",
                "version": version("slimgate"),
                "gateway": _alone() if peers is None else peers.to_json(),
                "key_required": keys.is_needed is not False,
                "next_key_closes": keys.closes_with_next_key,
                "keys_trouble": keys.trouble,
                "threshold": threshold.value,
                "artifact": classifier.version,
                "artifact_trouble": classifier.trouble,
                "local": None if local is None else {**_local(local), **recent[Route.LOCAL], "estimates": estimates},
                "cloud": None if cloud is None else {**_cloud(cloud), **recent[Route.CLOUD]},
                "exam": examined,
                "budget": budget.to_json(),
                "audit": {"seq": head[0], "hash": head[1]},
                "recent_minutes": RECENT_MINUTES,
                "ledger": {
                    "oldest": None if oldest_ms is None else from_epoch_ms(oldest_ms).isoformat(),
                    "pending_bytes": ledger.pending_bytes,
                    "held_rows": ledger.held_rows,
                    "refused_rows": ledger.refused_rows,
                    "set_aside_rows": ledger.set_aside.rows,
                    "trouble": ledger.trouble,
                },
            }
        )

    return endpoints


def _alone() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "others": [], "trouble": None}


def _local(local: LocalSide) -> dict[str, Any]:
    load = local.load
    return {
        "up": local.up,
        "model": local.model,
        "trouble": local.trouble,
        "restarts": local.restarts,
        "n_ctx": local.capabilities.n_ctx if local.capabilities else None,
        "load": load.to_json() if load else None,
        "speeds": local.speeds(),
        "servers": local.servers(),
    }


def _cloud(cloud: CloudSide) -> dict[str, Any]:
    return {
        "up": cloud.up,
        "model": cloud.model,
        "fallbacks": cloud.names[1:],
        "models": [
            {"model": model.model, "up": model.breaker.allows, "trouble": _trouble(model.trouble)}
            for model in cloud.models
        ],
    }


def _trouble(trouble: Trouble | None) -> dict[str, Any] | None:
    if trouble is None:
        return None
    since = from_epoch_ms(round(trouble.since_s * 1000)).isoformat()
    return {"message": trouble.words, "since": since, "key_refused": trouble.key_refused}


def _recent(ledger: Ledger) -> tuple[dict[Route, dict[str, Any]], dict[str, Any], int | None, tuple[int, str]]:
    """Of each side figures of the last minutes; how good estimates were; the oldest request; the audit chain's head."""
    with ledger.read() as connection:
        estimates = estimate_report(connection, now_ms())
        rows = read_rollup(connection, now_ms() - RECENT_MINUTES * 60_000)
        oldest_ms, head = first_ms(connection), head_of(connection)
    sides = {route: figures(row for row in rows if row.route == route) for route in Route}
    recent = {route: {"recent": {name: sides[route][name] for name in _SHOWN}} for route in Route}
    return recent, estimates, oldest_ms, head
