"""Single requests: GET /v1/decisions, /v1/decisions/{id}, and /v1/decisions/export."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from gateway.endpoints.answer_models import Choices, Decisions
from gateway.endpoints.savings import Since, Until
from gateway.endpoints.visible import Visible
from gateway.http.errors import RequestNotFound
from gateway.ledger import Ledger, Outcome
from gateway.ledger.row import INVALID, NO_ROUTE
from gateway.ledger.units import epoch_ms
from gateway.reports.decisions import (
    Cursor,
    DecisionFilter,
    all_decisions,
    csv_lines,
    filter_choices,
    find_decisions,
    get_decision,
    json_lines,
)
from gateway.reports.explanation import explain_row
from gateway.reports.keys import key_names
from gateway.reports.timeline import aware
from models.wire.errors import RequestError
from router.decision import Reason, Route

Limit = Annotated[int, Query(ge=1, le=1000, description="How many, newest first.")]
After = Annotated[str | None, Query(description="The `next` of the page before.")]
Form = Annotated[Literal["csv", "json"], Query(description="`csv`, or `json` with one object a line.")]


ROUTES = (*Route, NO_ROUTE)
REASONS = (*Reason, INVALID)


def wanted(
    visible: Visible,
    since: Since = None,
    until: Until = None,
    route: Annotated[str | None, Query(description="Where it was answered: local, cloud or none.")] = None,
    reason: Annotated[str | None, Query(description="Why it went there.")] = None,
    outcome: Annotated[str | None, Query(description="How it ended.")] = None,
    model: Annotated[str | None, Query(description="The model that answered.")] = None,
    key_id: Annotated[str | None, Query(description="The id of the key that it came with.")] = None,
    team: Annotated[str | None, Query(description="The team of that key.")] = None,
    tag: Annotated[str | None, Query(description="A tag of that key.")] = None,
    session_id: Annotated[str | None, Query(description="The session that the caller named.")] = None,
) -> DecisionFilter:
    """The filters that all of these endpoints take."""
    _check("route", route, ROUTES)
    _check("reason", reason, REASONS)
    _check("outcome", outcome, (*Outcome,))
    span = epoch_ms(aware(since)), epoch_ms(aware(until))
    return DecisionFilter(visible, *span, route, reason, outcome, model, key_id, team, tag, session_id)


def _check(name: str, value: str | None, allowed: Sequence[str]) -> None:
    if value is not None and value not in allowed:
        raise RequestError(f"{name}: must be one of {', '.join(allowed)}", param=name, code="invalid_value")


def decisions_endpoints(ledger: Ledger) -> APIRouter:
    """The endpoints over `ledger`. Its rows hold no text of any prompt or answer."""
    endpoints = APIRouter(tags=["decisions"])
    filters = Depends(wanted)

    @endpoints.get("/v1/decisions", summary="Recent decisions", response_model=Decisions)
    def decisions(wanted: DecisionFilter = filters, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        """One page, newest first; `next` leads to the page after it."""
        cursor = None if after is None else Cursor.parse(after)
        with ledger.read() as connection:
            page = find_decisions(connection, wanted, limit, cursor)
        return {"data": page.rows, "next": page.next and str(page.next)}

    @endpoints.get("/v1/decisions/choices", summary="What to filter by")
    def choices(wanted: DecisionFilter = filters) -> Choices:
        """The models, keys, teams and tags that occur among the newest requests."""
        with ledger.read() as connection:
            return Choices(**filter_choices(connection, wanted))

    @endpoints.get("/v1/decisions/export", summary="Every decision, as a file")
    def export(wanted: DecisionFilter = filters, format: Form = "csv") -> StreamingResponse:
        """All rows that match, newest first."""
        lines = _export(ledger, wanted, format)
        media_type = "text/csv; charset=utf-8" if format == "csv" else "application/x-ndjson"
        name = f"slimgate-decisions.{'csv' if format == 'csv' else 'jsonl'}"
        return StreamingResponse(
            lines, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
        )

    @endpoints.get("/v1/decisions/{id}", summary="One decision explained")
    def decision(id: str, visible: Visible) -> dict[str, Any]:
        """The row, and the rules in the order in which they were asked."""
        with ledger.read() as connection:
            row = get_decision(connection, visible, id)
            names = key_names(connection, [row["key_id"]] if row and row["key_id"] else [])
        if row is None:
            raise RequestNotFound(
                f"There is no request {id!r:.100} in the ledger; its old rows are deleted (ledger.keep_days)."
            )
        key = names.get(row["key_id"])
        return {"object": "decision", **row, "key_name": key.name if key else None, "rules": explain_row(row)}

    return endpoints


def _export(ledger: Ledger, wanted: DecisionFilter, format: str) -> Iterator[str] | Iterator[bytes]:
    """The file's lines; what the ledger refuses is raised before the first of them."""
    rows = all_decisions(ledger.read, wanted)
    first = next(rows, None)
    rows = rows if first is None else chain([first], rows)
    return csv_lines(rows) if format == "csv" else json_lines(rows)
