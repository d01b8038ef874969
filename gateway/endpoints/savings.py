"""GET /v1/savings and /v1/decisions: what the ledger says."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.jsonresponse import json_response
from gateway.ledger import Ledger
from gateway.savings import recent_decisions, savings_report

Since = Annotated[
    datetime | None, Query(description="Only requests from this moment on (ISO 8601; UTC without a zone).")
]
Until = Annotated[datetime | None, Query(description="Only requests before this moment.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many, newest first.")]


def savings_endpoints(ledger: Ledger) -> APIRouter:
    """The two endpoints over `ledger`."""
    endpoints = APIRouter(tags=["savings"])

    # Plain functions: FastAPI runs them in a thread, so that a slow database holds up nobody.
    @endpoints.get("/v1/savings", summary="Savings so far")
    def savings(since: Since = None, until: Until = None) -> Response:
        """Signed, an estimate, and with the baseline model's name: you would have paid X with MODEL."""
        with ledger.read() as connection:
            return json_response(savings_report(connection, _aware(since), _aware(until)).to_json())

    @endpoints.get("/v1/decisions", summary="Recent decisions")
    def decisions(limit: Limit = 50) -> Response:
        """The newest rows of the ledger. They hold no text of any prompt or answer."""
        with ledger.read() as connection:
            return json_response({"object": "list", "data": recent_decisions(connection, limit)})

    return endpoints


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
