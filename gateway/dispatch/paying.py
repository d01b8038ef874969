"""Money for calls to the cloud: set aside before each, and the limit on the answer by which it suffices."""

from collections.abc import Sequence

from gateway.dispatch.decider import INSTEAD_REFUSED
from gateway.limits.caps import with_answer_limit
from gateway.record.request_record import RequestRecord
from gateway.spending.bounds import answer_limit
from gateway.spending.budget import Budget
from models.wire.chat import ChatRequest
from router.decision import Route
from router.errors import BudgetSpent


async def set_aside(budget: Budget, record: RequestRecord, request: ChatRequest, models: Sequence[str]) -> None:
    """Set aside what `request` may cost with any of `models`; the record's end, or `Budget.release`, gives it back.

    Raises
    ------
    BudgetSpent
        If there is not enough.
    """
    caller = record.caller
    if not budget.limits(caller):
        return
    if (obstacle := await budget.reserve(record.id, request, models, caller)) is not None:
        raise BudgetSpent(obstacle, INSTEAD_REFUSED if budget.refuses else "Nobody else may answer it.")
    record.answer_limit = budget.answer_tokens if answer_limit(request) is None else None


def as_paid_for(record: RequestRecord, request: ChatRequest) -> ChatRequest:
    """`request` as it is sent: to a cloud with the limit on the answer for which money was set aside."""
    limit = record.answer_limit
    if limit is None or record.route != Route.CLOUD:
        return request
    return with_answer_limit(request, limit)
