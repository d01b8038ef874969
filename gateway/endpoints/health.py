"""Health for orchestrators, metrics for Prometheus."""

from fastapi import APIRouter
from starlette.responses import Response

from gateway.background import Background
from gateway.dispatch.backends import Backends
from gateway.endpoints.visible import SeesAll
from gateway.http.json_response import json_response
from gateway.keys.active import ActiveKeys
from gateway.record.metrics import CONTENT_TYPE, Metrics
from gateway.reload import Lifecycle


def health_endpoints(
    backends: Backends, lifecycle: Lifecycle, metrics: Metrics, background: Background, keys: ActiveKeys
) -> APIRouter:
    """Liveness, readiness and metrics."""
    endpoints = APIRouter(tags=["operations"])

    @endpoints.get("/health/live", summary="Alive")
    async def live() -> Response:
        """200 for as long as the process serves at all."""
        return json_response({"status": "alive"})

    @endpoints.get("/health/ready", summary="Ready")
    async def ready() -> Response:
        """200 while a side can answer requests and all background tasks run.

        503 before, while something that failed is started again, while the database has not said yet which keys there
        are, and once the process was told to stop.
        """
        local, cloud = backends.local, backends.cloud  # another cloud after a reload
        local_up = local is not None and local.up
        if lifecycle.draining:
            status = "stopping"
        elif background.down:
            status = "failing"
        elif keys.is_missing:
            status = "keys unknown"
        else:
            status = "ready" if local_up or cloud else "starting"
        body = {
            "status": status,
            "local": "up" if local_up else "down" if local is not None else "off",
            "cloud": "off" if cloud is None else "up" if cloud.up else "down",
            "failing": background.down,
            "local_trouble": None if local is None else local.trouble,
        }
        return json_response(body, 200 if status == "ready" else 503)

    @endpoints.get("/metrics", summary="Prometheus metrics", dependencies=[SeesAll])
    async def prometheus() -> Response:
        """Every series, in the text format."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    return endpoints
