"""POST /v1/feedback: whether an answer would do. The surest way to know where the line should run."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.http.client import read_body
from gateway.http.errors import RequestNotFound
from gateway.http.json_response import json_response
from gateway.ledger import Ledger
from gateway.ledger.feedback import is_label, keep_feedback
from gateway.ledger.units import now_ms
from models.wire.errors import RequestError
from models.wire.json_reader import parse_json

MAX_BODY_BYTES = 10_000
ID_CHARS = 100


@dataclass(frozen=True, slots=True)
class Feedback:
    """A caller's word on one answer."""

    request_id: str
    ok: bool

    @classmethod
    def parse(cls, body: Any) -> "Feedback":
        """Check a decoded body.

        Raises
        ------
        RequestError
            Naming the field.
        """
        if not isinstance(body, dict):
            raise RequestError('The body must be an object: {"request_id": "req_…", "ok": true}.', code="invalid_type")
        if unknown := body.keys() - {"request_id", "ok"}:
            raise RequestError(
                f"Unknown: {', '.join(sorted(unknown))}. Only request_id and ok are taken: no text is kept.",
                code="unknown_parameter",
            )
        id, ok = body.get("request_id"), body.get("ok")
        if not isinstance(id, str) or not _can_be_id(id):
            raise RequestError(
                "request_id: must be the x-request-id of an answer.", param="request_id", code="invalid_value"
            )
        if not isinstance(ok, bool):
            raise RequestError("ok: must be true or false.", param="ok", code="invalid_value")
        return cls(id, ok)


def _can_be_id(text: str) -> bool:
    return 0 < len(text) <= ID_CHARS and text.isascii() and text.isprintable()


def feedback_endpoints(ledger: Ledger) -> APIRouter:
    """The endpoint over `ledger`."""
    endpoints = APIRouter(tags=["threshold"])

    @endpoints.post("/v1/feedback", summary="Say whether an answer would do")
    async def feedback(request: Request) -> Response:
        """Takes the `x-request-id` of an answer and `ok`; said again, the last word counts.

        `label` tells whether it helps to place the line: answers of the local model that the score decided do.
        """
        said = Feedback.parse(parse_json(await read_body(request.receive, MAX_BODY_BYTES)))
        return json_response(await run_in_threadpool(_keep, ledger, said))

    return endpoints


def _keep(ledger: Ledger, said: Feedback) -> dict[str, Any]:
    row = ledger.find(said.request_id)
    if row is None:
        raise RequestNotFound(
            f"No request {said.request_id!r} is in the ledger: send the x-request-id header of an answer that this "
            "gateway gave. Rows older than ledger.keep_days are gone."
        )
    with ledger.write() as connection:
        keep_feedback(connection, said.request_id, said.ok, now_ms())
    return {"object": "feedback", "request_id": said.request_id, "ok": said.ok, "label": is_label(row)}
