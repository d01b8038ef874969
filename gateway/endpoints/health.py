"""Health for orchestrators, metrics for Prometheus."""

from fastapi import APIRouter
from starlette.responses import Response

from gateway.jsonresponse import json_response
from gateway.local import LocalSide
from gateway.metrics import CONTENT_TYPE, Metrics


def health_endpoints(local: LocalSide | None, cloud_configured: bool, metrics: Metrics) -> APIRouter:
    """Liveness, readiness and metrics."""
    endpoints = APIRouter(tags=["operations"])

    @endpoints.get("/health/live", summary="Alive")
    async def live() -> Response:
        """200 for as long as the process serves at all."""
        return json_response({"status": "alive"})

    @endpoints.get("/health/ready", summary="Ready")
    async def ready() -> Response:
        """200 once somebody can answer a request, 503 before."""
        local_up = local is not None and local.up
        is_ready = local_up or cloud_configured
        body = {
            "status": "ready" if is_ready else "starting",
            "local": "up" if local_up else "down" if local is not None else "off",
            "cloud": "configured" if cloud_configured else "off",
        }
        return json_response(body, 200 if is_ready else 503)

    @endpoints.get("/metrics", summary="Prometheus metrics")
    async def prometheus() -> Response:
        """Every series, in the text format."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    return endpoints
