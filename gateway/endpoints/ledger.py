"""GET /v1/ledger/set-aside: the rows that cannot be stored."""

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from gateway.endpoints.visible import SeesAll
from gateway.ledger import Ledger


def ledger_endpoints(ledger: Ledger) -> APIRouter:
    """The endpoint over `ledger`."""
    endpoints = APIRouter(tags=["decisions"], dependencies=[SeesAll])

    @endpoints.get("/v1/ledger/set-aside", summary="Rows that cannot be stored, as a file")
    def set_aside() -> StreamingResponse:
        """One JSON object a line: when, why, and the row itself."""
        headers = {"content-disposition": 'attachment; filename="slimgate-set-aside.ndjson"'}
        return StreamingResponse(ledger.set_aside.lines(), media_type="application/x-ndjson", headers=headers)

    return endpoints
