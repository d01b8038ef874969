"""GET /v1/audit: the entries of the audit chain."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.audit.chain import Kind
from gateway.audit.read import AuditFilter, head_of, newest_entries
from gateway.endpoints.answer_models import AuditEntries
from gateway.endpoints.savings import Since, Until
from gateway.ledger import Ledger
from gateway.ledger.row import MAX_MS, TEXT_CHARS
from gateway.ledger.units import epoch_ms
from gateway.reports.timeline import aware

Limit = Annotated[int, Query(ge=1, le=1000, description="How many, newest first.")]
After = Annotated[int | None, Query(ge=1, le=MAX_MS, description="The `next` of the page before.")]
OfKind = Annotated[
    Kind | None,
    Query(description="`egress`: something left. `private`: nothing could. `admin`: somebody changed something."),
]
OfRequest = Annotated[str | None, Query(max_length=TEXT_CHARS, description="Only entries of this request.")]


def audit_endpoints(ledger: Ledger) -> APIRouter:
    """The endpoint over the chain in the database of `ledger`."""
    endpoints = APIRouter(tags=["audit"])

    @endpoints.get("/v1/audit", summary="What left, what stayed, who changed what", response_model=AuditEntries)
    def audit(
        since: Since = None,
        until: Until = None,
        kind: OfKind = None,
        request_id: OfRequest = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        """One page, newest first. `slimgate audit verify` says whether the chain is whole; note `head` elsewhere."""
        wanted = AuditFilter(epoch_ms(aware(since)), epoch_ms(aware(until)), kind, request_id)
        with ledger.read() as connection:
            seq, hash = head_of(connection)
            entries = newest_entries(connection, wanted, limit + 1, after)
        page = entries[:limit]
        return {
            "data": page,
            "next": page[-1]["seq"] if len(entries) > limit else None,
            "head": {"seq": seq, "hash": hash},
        }

    return endpoints
