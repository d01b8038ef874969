"""What the ledger says: GET /v1/savings, /v1/savings/timeline and /v1/latency."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.endpoints.answer_models import Latency, Savings, SavingsTimeline
from gateway.endpoints.visible import Visible
from gateway.ledger import Ledger
from gateway.reports.latency import latency_report
from gateway.reports.savings import savings_report
from gateway.reports.timeline import aware, closed_span, time_zone, timeline

Since = Annotated[
    datetime | None, Query(description="Only requests from this moment on (ISO 8601; UTC without a zone).")
]
Until = Annotated[datetime | None, Query(description="Only requests before this moment.")]
Zone = Annotated[str, Query(description="Time zone whose days and hours count, such as Europe/Stockholm.")]


def savings_endpoints(ledger: Ledger) -> APIRouter:
    """The endpoints over `ledger`."""
    endpoints = APIRouter(tags=["savings"])

    # Plain functions: FastAPI runs them in a thread, so that a slow database holds up nobody.
    @endpoints.get("/v1/savings", summary="Savings so far", response_model=Savings)
    def savings(visible: Visible, since: Since = None, until: Until = None) -> dict[str, Any]:
        """Signed, an estimate, and with the baseline model's name: you would have paid X with MODEL."""
        with ledger.read() as connection:
            return savings_report(connection, visible, aware(since), aware(until)).to_json()

    @endpoints.get("/v1/savings/timeline", summary="Savings over time", response_model=SavingsTimeline)
    def savings_timeline(
        visible: Visible, since: Since = None, until: Until = None, tz: Zone = "UTC"
    ) -> dict[str, Any]:
        """The same figures, interval by interval; the intervals' sums are the figures of /v1/savings."""
        zone = time_zone(tz)
        with ledger.read() as connection:
            span = closed_span(connection, visible, aware(since), aware(until))
            intervals = timeline(connection, visible, *span, zone)
        return {"tz": tz, "data": [interval.to_json() for interval in intervals]}

    @endpoints.get("/v1/latency", summary="Time to the first token", response_model=Latency)
    def latency(visible: Visible, since: Since = None, until: Until = None, tz: Zone = "UTC") -> dict[str, Any]:
        """Median and 95th percentile by route, of the newest streamed answers; over the span and its intervals."""
        zone = time_zone(tz)
        with ledger.read() as connection:
            span = closed_span(connection, visible, aware(since), aware(until))
            return latency_report(connection, visible, *span, zone)

    return endpoints
