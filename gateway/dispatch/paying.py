"""Money for calls to the cloud: set aside before each, and the limit on the answer by which it suffices."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway.dispatch.decider import INSTEAD_REFUSED
from gateway.limits.caps import with_answer_limit
from gateway.record.request_record import RequestRecord
from gateway.spending.bounds import answer_limit
from gateway.spending.budget import Budget
from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from models.wire.errors import BackendError, BackendTimeout, TruncatedAnswer
from models.wire.token_estimates import prompt_tokens_guess
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


@contextmanager
def paid_though_failed(budget: Budget, record: RequestRecord, request: ChatRequest, model: str) -> Iterator[None]:
    """Note what a cloud that times out or breaks off takes all the same, in case another model answers then."""
    try:
        yield
    except BackendError as exc:
        if record.route == Route.CLOUD and (exc.spent is not None or isinstance(exc, BackendTimeout | TruncatedAnswer)):
            record.failed_nusd = budget.price_of(model, exc.spent or Usage(prompt_tokens_guess(request)))
        raise


def release(budget: Budget, record: RequestRecord) -> None:
    """The cloud is asked no more: give back what was set aside, unless it is needed for a call that failed."""
    if not record.failed_nusd and not record.abandoned_nusd:
        budget.release(record.id)


def as_paid_for(record: RequestRecord, request: ChatRequest) -> ChatRequest:
    """`request` as it is sent: to a cloud with the limit on the answer for which money was set aside."""
    limit = record.answer_limit
    if limit is None or record.route != Route.CLOUD:
        return request
    return with_answer_limit(request, limit)
