"""What was saved: arithmetic over ledger rows.

``saved = what the same tokens would have cost at the baseline model − what was paid``, signed, and an estimate: the
baseline model would have written a different answer. Deciding costs no money here (the classifier runs in the gateway),
so it does not appear. Rows whose price is unknown are left out of the money and counted in `coverage`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from gateway.ledger.schema import REQUESTS
from models.pricing import to_usd

_C = REQUESTS.c
_PRICED = and_(_C.cost_nusd.is_not(None), _C.baseline_nusd.is_not(None))


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that share a route and a reason."""

    route: str
    reason: str
    requests: int
    errors: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal
    saved_usd: Decimal
    first_token_ms_mean: float | None


@dataclass(frozen=True, slots=True)
class SavingsReport:
    """Money and counts over a span of time.

    Parameters
    ----------
    since, until : datetime or None
        The span, `until` not included; None is open.
    coverage : float or None
        Share of answered requests whose cost and baseline cost are both known; None when there were none.
    baseline_usd, cost_usd, saved_usd : Decimal
        Over the covered requests only. `saved_usd` may be negative.
    """

    since: datetime | None
    until: datetime | None
    baseline_models: tuple[str, ...]
    requests: int
    answered_locally: int
    coverage: float | None
    baseline_usd: Decimal
    cost_usd: Decimal
    groups: tuple[Group, ...]

    @property
    def saved_usd(self) -> Decimal:
        return self.baseline_usd - self.cost_usd

    @property
    def local_share(self) -> float | None:
        """Share of requests answered by the local model; None when there were none."""
        return self.answered_locally / self.requests if self.requests else None

    def sentence(self) -> str:
        """The report in one line, worded as the estimate it is."""
        if not self.requests:
            return "No requests yet."
        share = f"{self.local_share:.0%} of {self.requests} requests answered locally"
        if not self.coverage:
            return f"{share}; no prices known, so no savings can be stated."
        models = " or ".join(self.baseline_models) or "the baseline model"
        verb = "saved" if self.saved_usd >= 0 else "lost"
        return (
            f"{share}. You would have paid about ${self.baseline_usd:.4f} with {models}; "
            f"you paid ${self.cost_usd:.4f}: an estimated ${abs(self.saved_usd):.4f} {verb}."
        )

    def to_json(self) -> dict[str, Any]:
        """For `GET /v1/savings` and `slimgate report --json`: money as exact decimal strings."""
        return {
            "object": "savings",
            "estimate": True,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "baseline_models": list(self.baseline_models),
            "requests": self.requests,
            "answered_locally": self.answered_locally,
            "local_share": self.local_share,
            "coverage": self.coverage,
            "baseline_usd": _plain(self.baseline_usd),
            "cost_usd": _plain(self.cost_usd),
            "saved_usd": _plain(self.saved_usd),
            "summary": self.sentence(),
            "groups": [_group_json(group) for group in self.groups],
        }


def savings_report(
    connection: Connection, since: datetime | None = None, until: datetime | None = None
) -> SavingsReport:
    """Sum the ledger up.

    Parameters
    ----------
    since, until : datetime, optional
        Time-zone aware; `until` is not included.
    """
    groups = tuple(_group(row) for row in connection.execute(_grouped(since, until)))
    totals = connection.execute(_totals(since, until)).one()
    models = connection.execute(
        _within(select(_C.baseline_model).where(_PRICED).distinct().order_by(_C.baseline_model), since, until)
    ).scalars()
    answered = int(totals.answered or 0)
    return SavingsReport(
        since=since,
        until=until,
        baseline_models=tuple(model for model in models if model),
        requests=sum(group.requests for group in groups),
        answered_locally=int(totals.answered_locally or 0),
        coverage=int(totals.covered or 0) / answered if answered else None,
        baseline_usd=to_usd(int(totals.baseline_nusd or 0)),
        cost_usd=to_usd(int(totals.cost_nusd or 0)),
        groups=groups,
    )


def recent_decisions(connection: Connection, limit: int = 50) -> list[dict[str, Any]]:
    """The newest `limit` rows, newest first, as JSON-ready objects."""
    query = select(REQUESTS).order_by(_C.created_ms.desc(), _C.id).limit(limit)
    return [_decision_json(dict(row._mapping)) for row in connection.execute(query)]


def _within(query: Select[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
    if since is not None:
        query = query.where(_C.created_ms >= _epoch_ms(since))
    if until is not None:
        query = query.where(_C.created_ms < _epoch_ms(until))
    return query


def _totals(since: datetime | None, until: datetime | None) -> Select[Any]:
    answered = _C.completion_tokens > 0
    return _within(
        select(
            func.sum(case((answered, 1), else_=0)).label("answered"),
            func.sum(case((and_(answered, _PRICED), 1), else_=0)).label("covered"),
            func.sum(case((and_(_C.route == "local", answered), 1), else_=0)).label("answered_locally"),
            func.sum(case((_PRICED, _C.baseline_nusd))).label("baseline_nusd"),
            func.sum(case((_PRICED, _C.cost_nusd))).label("cost_nusd"),
        ),
        since,
        until,
    )


def _grouped(since: datetime | None, until: datetime | None) -> Select[Any]:
    return _within(
        select(
            _C.route,
            _C.reason,
            func.count().label("requests"),
            func.sum(case((_C.outcome.in_(("failed", "interrupted", "lost")), 1), else_=0)).label("errors"),
            func.sum(_C.prompt_tokens).label("prompt_tokens"),
            func.sum(_C.completion_tokens).label("completion_tokens"),
            func.sum(case((_PRICED, _C.cost_nusd), else_=0)).label("cost_nusd"),
            func.sum(case((_PRICED, _C.baseline_nusd - _C.cost_nusd), else_=0)).label("saved_nusd"),
            func.avg(_C.first_token_ms).label("first_token_ms_mean"),
        )
        .group_by(_C.route, _C.reason)
        .order_by(_C.route, _C.reason),
        since,
        until,
    )


def _group(row: Any) -> Group:
    return Group(
        route=row.route,
        reason=row.reason,
        requests=int(row.requests),
        errors=int(row.errors),
        prompt_tokens=int(row.prompt_tokens),
        completion_tokens=int(row.completion_tokens),
        cost_usd=to_usd(int(row.cost_nusd)),
        saved_usd=to_usd(int(row.saved_nusd)),
        first_token_ms_mean=None if row.first_token_ms_mean is None else float(row.first_token_ms_mean),
    )


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "route": group.route,
        "reason": group.reason,
        "requests": group.requests,
        "errors": group.errors,
        "prompt_tokens": group.prompt_tokens,
        "completion_tokens": group.completion_tokens,
        "cost_usd": _plain(group.cost_usd),
        "saved_usd": _plain(group.saved_usd),
        "first_token_ms_mean": group.first_token_ms_mean,
    }


def _decision_json(row: dict[str, Any]) -> dict[str, Any]:
    created = datetime.fromtimestamp(row.pop("created_ms") / 1000, UTC)
    cost, baseline = row.pop("cost_nusd"), row.pop("baseline_nusd")
    return {
        **row,
        "created": created.isoformat(timespec="milliseconds"),
        "cost_usd": None if cost is None else _plain(to_usd(cost)),
        "baseline_usd": None if baseline is None else _plain(to_usd(baseline)),
    }


def _epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _plain(usd: Decimal) -> str:
    """Without an exponent, so that every reader takes it for a number."""
    return f"{usd:f}"
