"""POST /v1/feedback: whether an answer was adequate. The surest way to know where the threshold should be."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from gateway.endpoints.visible import Visible
from gateway.http.errors import RequestNotFound
from gateway.http.json_body import JsonBody, described, read_model
from gateway.ledger import Ledger
from gateway.ledger.feedback import is_label, keep_feedback
from gateway.ledger.scope import LedgerScope
from gateway.ledger.units import now_ms


class FeedbackBody(JsonBody):
    """What a caller says of one answer. No text is taken."""

    request_id: str = Field(
        min_length=1, max_length=100, pattern="^[ -~]*$", description="The x-request-id header of an answer."
    )
    ok: bool = Field(description="Whether the answer was adequate: true or false.")


class FeedbackKept(BaseModel):
    """What the ledger now says of that answer."""

    object: Literal["feedback"] = "feedback"
    request_id: str
    ok: bool
    label: bool = Field(description="Whether it helps to place the threshold.")


def feedback_endpoints(ledger: Ledger) -> APIRouter:
    """The endpoint over `ledger`."""
    endpoints = APIRouter(tags=["threshold"])

    @endpoints.post("/v1/feedback", summary="Say whether an answer was adequate", openapi_extra=described(FeedbackBody))
    async def feedback(request: Request, visible: Visible) -> FeedbackKept:
        """Takes the `x-request-id` of an answer and `ok`; later feedback on the same answer replaces earlier feedback.

        `label` tells whether it helps to place the threshold: answers of the local model that the score decided do.
        """
        body = await read_model(request, FeedbackBody)
        return await run_in_threadpool(_keep, ledger, visible, body)

    return endpoints


def _keep(ledger: Ledger, visible: LedgerScope, body: FeedbackBody) -> FeedbackKept:
    row = ledger.find(body.request_id)
    if row is None or not visible.has(row):
        raise RequestNotFound(
            f"No request {body.request_id!r} is in the ledger: send the x-request-id header of an answer that this "
            "gateway gave. Rows older than ledger.keep_days are gone."
        )
    with ledger.write() as connection:
        keep_feedback(connection, body.request_id, body.ok, now_ms())
    return FeedbackKept(request_id=body.request_id, ok=body.ok, label=is_label(row))
