"""GET /v1/status: who answers now, where the line runs, and what the last minutes were like."""

import time
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.dispatch.backends import Backends
from gateway.dispatch.cloud import CloudSide
from gateway.dispatch.local import LocalSide
from gateway.http.json_response import json_response
from gateway.ledger import Ledger
from gateway.ledger.rollup import first_ms, read_facts
from gateway.ledger.units import from_epoch_ms
from gateway.reports.savings import figures
from gateway.scoring.active_classifier import ClassifierInUse
from gateway.scoring.active_threshold import ThresholdInForce
from gateway.spending.budget import Budget
from router.decision import Route

RECENT_MINUTES = 15
_SHOWN = ("requests", "errors", "failovers")


def status_endpoints(
    backends: Backends,
    threshold: ThresholdInForce,
    classifier: ClassifierInUse,
    budget: Budget,
    ledger: Ledger,
    *,
    key_required: bool,
) -> APIRouter:
    """The endpoint over those who answer, what they decide with, and `ledger`."""
    endpoints = APIRouter(tags=["operations"])

    @endpoints.get("/v1/status", summary="State of each side")
    async def status() -> Response:
        """Of this worker; the ledger's figures are of all of them."""
        recent, oldest_ms = await run_in_threadpool(_recent, ledger)
        local, cloud = backends.local, backends.cloud  # another cloud after a reload
        return json_response(
            {
                "object": "status",
                "version": version("slimgate"),
                "key_required": key_required,
                "threshold": threshold.value,
                "artifact": classifier.version,
                "artifact_trouble": classifier.trouble,
                "local": None if local is None else {**_local(local), **recent[Route.LOCAL]},
                "cloud": None if cloud is None else {**_cloud(cloud), **recent[Route.CLOUD]},
                "budget": budget.to_json(),
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


def _local(local: LocalSide) -> dict[str, Any]:
    load = local.load if local.up else None
    return {
        "up": local.up,
        "model": local.model,
        "trouble": local.trouble,
        "restarts": local.restarts,
        "n_ctx": local.capabilities.n_ctx if local.capabilities else None,
        "load": asdict(load) if load else None,
    }


def _cloud(cloud: CloudSide) -> dict[str, Any]:
    return {"up": cloud.up, "model": cloud.model, "fallbacks": cloud.names[1:]}


def _recent(ledger: Ledger) -> tuple[dict[Route, dict[str, Any]], int | None]:
    """What became of the requests of the last minutes on either side, and when the oldest of all came."""
    with ledger.read() as connection:
        facts = read_facts(connection, time.time_ns() // 1_000_000 - RECENT_MINUTES * 60_000)
        oldest_ms = first_ms(connection)
    sides = {route: figures(fact for fact in facts if fact.route == route) for route in Route}
    return {route: {"recent": {name: sides[route][name] for name in _SHOWN}} for route in Route}, oldest_ms
