"""Decides requests of the past as they would be now, and prices them: from a log's text, or from the ledger's figures.

Assumes that both sides are up and idle, and that the cloud can do everything. How long the local model would take
counts only where it was tuned on this machine. Budgets, tool loops and second looks are left out of account, since they
depend on what was answered before. Nothing is generated.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from gateway.dispatch.decider import Decider
from gateway.dispatch.model_names import AUTO
from gateway.ledger.row import EMBEDDINGS
from gateway.ledger.schema import REQUESTS
from gateway.reports.replay.recorded import Recorded
from gateway.reports.replay.whatif import REFUSED, ReplayedRequest
from gateway.reports.tuning import MOVABLE
from gateway.spending.pricing import Pricer
from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from models.wire.errors import RequestError, UnknownModelError
from router.decision import Reason, Route
from router.errors import CannotServe

_C = REQUESTS.c


class Prices:
    """What tokens cost wherever they may go; `local_model` is the local model's name."""

    def __init__(self, pricer: Pricer, local_model: str) -> None:
        self._pricer = pricer
        self._local_model = local_model

    def of(self, usage: Usage) -> tuple[int | None, int | None, int]:
        """In the cloud, at the baseline model, and here, in nano-dollars."""
        pricer = self._pricer
        return pricer.at_cloud(usage), pricer.at_baseline(usage), pricer.at_local(self._local_model, usage)


class Replayer:
    """Decides and prices requests that come with their text.

    Parameters
    ----------
    decider : Decider
        Over assumed sides. Its threshold is of no account: only rules and score are used.
    answer_tokens : int
        Assumed of an answer that is not on record.
    """

    def __init__(self, decider: Decider, prices: Prices, answer_tokens: int) -> None:
        self._decider = decider
        self._prices = prices
        self._answer_tokens = answer_tokens

    async def replay(self, recorded: Recorded) -> ReplayedRequest:
        """What would become of one request."""
        usage, known = recorded.tokens(self._answer_tokens)
        prices = self._prices.of(usage)
        try:
            decision = (await self._decider.decide(self._with_known_name(recorded.request))).decision
        except CannotServe as exc:
            return ReplayedRequest(REFUSED, exc.reason, 0.0, usage, known, *prices)
        except RequestError:  # asks the local model for what the chat format cannot say
            return ReplayedRequest(REFUSED, Reason.CAPABILITY, 0.0, usage, known, *prices)
        return ReplayedRequest(decision.route, decision.reason, decision.score, usage, known, *prices)

    def _with_known_name(self, request: ChatRequest) -> ChatRequest:
        """`local`, `cloud` and the aliases stay. Any other name stood for a model of then: now it means `auto`."""
        try:
            self._decider.names.meaning(request.model)
        except UnknownModelError:
            return replace(request, model=AUTO)
        return request


def ledger_outcomes(
    connection: Connection, prices: Prices, since_ms: int, artifact: str
) -> Iterator[ReplayedRequest | None]:
    """Every answered request of the ledger from `since_ms` on, by its recorded score, tokens and rule.

    None for one that another classifier than `artifact` scored: scores of two do not compare.
    """
    columns = (_C.route, _C.reason, _C.score, _C.prompt_tokens, _C.completion_tokens, _C.cached_tokens, _C.cost_nusd)
    query = (
        select(*columns, _C.usage_details, _C.usage_estimated, _C.artifact)
        .where(_C.created_ms >= since_ms, _C.completion_tokens > 0, _C.endpoint != EMBEDDINGS)
        .execution_options(yield_per=5000)
    )
    for row in connection.execute(query):
        yield _outcome(row, prices) if row.artifact == artifact else None


def _outcome(row: Any, prices: Prices) -> ReplayedRequest:
    usage = Usage.from_ledger(row.prompt_tokens, row.completion_tokens, row.cached_tokens, row.usage_details)
    paid = row.cost_nusd if row.route == Route.CLOUD else None
    cloud_nusd, baseline_nusd, local_nusd = prices.of(usage)
    return ReplayedRequest(
        route=row.route,
        # What failed over, or was given up, would have begun where the score says.
        reason=Reason.SCORE if row.reason in MOVABLE else row.reason,
        score=row.score,
        usage=usage,
        recorded=not row.usage_estimated,
        cloud_nusd=cloud_nusd if paid is None else paid,
        baseline_nusd=baseline_nusd,
        local_nusd=local_nusd,
    )
