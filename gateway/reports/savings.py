"""What was saved: arithmetic over the ledger's rollup.

``saved = cost of the same tokens at the baseline model − what was paid − what deciding cost``. It may be negative. It
is an estimate: the baseline model would have written a different answer. Deciding costs money only where second looks
threw away answers of a local model that has a price; the classifier itself costs nothing. Requests without a known
price are left out of the money; `coverage` says how many have one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from gateway.ledger.rollup import RollupRow, read_rollup, total
from gateway.ledger.row import ERRORS
from gateway.ledger.scope import LedgerScope
from gateway.ledger.units import dollars, epoch_ms, plain
from models.usage.pricing import to_usd
from router.decision import Reason, Route


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that share a route and a reason."""

    route: str
    reason: str
    rows: Sequence[RollupRow]

    def to_json(self) -> dict[str, Any]:
        """Counts, tokens, and money as exact decimal strings."""
        return {"route": self.route, "reason": self.reason, **figures(self.rows)}


@dataclass(frozen=True, slots=True)
class SavingsReport:
    """Money and counts over a span of time.

    Parameters
    ----------
    since, until : datetime or None
        The span, `until` not included; None is open.
    rows : sequence of RollupRow
        The rollup of that span.
    """

    since: datetime | None
    until: datetime | None
    rows: Sequence[RollupRow]

    @property
    def requests(self) -> int:
        return total(self.rows, "requests")

    @property
    def answered(self) -> int:
        return total(self.rows, "answered")

    @property
    def answered_locally(self) -> int:
        return total((row for row in self.rows if row.route == Route.LOCAL), "answered")

    @property
    def local_share(self) -> float | None:
        """Share of answered requests that the local model answered; None when there were none."""
        return self.answered_locally / self.answered if self.answered else None

    @property
    def coverage(self) -> float | None:
        """Share of answered requests whose cost and baseline cost are both known; None when there were none."""
        return total(self.rows, "covered") / self.answered if self.answered else None

    @property
    def baseline_models(self) -> list[str]:
        """The models that savings are measured against: more than one if the setting was changed."""
        return sorted({row.baseline_model for row in self.rows if row.covered and row.baseline_model})

    @property
    def baseline_usd(self) -> Decimal:
        return to_usd(total(self.rows, "baseline_nusd"))

    @property
    def cost_usd(self) -> Decimal:
        return to_usd(total(self.rows, "cost_nusd"))

    @property
    def paid_usd(self) -> Decimal:
        """Paid for answers, and for deciding which side gives them."""
        return self.cost_usd + to_usd(total(self.rows, "deciding_nusd"))

    @property
    def saved_usd(self) -> Decimal:
        """Negative where the gateway cost more than it saved."""
        return self.baseline_usd - self.paid_usd

    @property
    def groups(self) -> list[Group]:
        """By route and reason."""

        def where_and_why(row: RollupRow) -> tuple[str, str]:
            return row.route, row.reason

        by_group = groupby(sorted(self.rows, key=where_and_why), where_and_why)
        return [Group(route, reason, tuple(rows)) for (route, reason), rows in by_group]

    def sentence(self) -> str:
        """The report in one line, worded as an estimate."""
        if not self.requests:
            return "No requests yet."
        if not self.answered:
            return f"{self.requests:,} requests, none of them answered."
        share = f"{self.local_share:.0%} of {self.answered:,} answered requests were answered locally"
        if not self.coverage:
            return f"{share}; no prices known, so no savings can be stated."
        models = " or ".join(self.baseline_models) or "the baseline model"
        verb = "saved" if self.saved_usd >= 0 else "lost"
        return (
            f"{share}. You would have paid about {dollars(self.baseline_usd)} with {models}; "
            f"you paid {dollars(self.paid_usd)}: an estimated {dollars(abs(self.saved_usd))} {verb}."
        )

    def to_json(self) -> dict[str, Any]:
        """For `GET /v1/savings` and `slimgate report --json`: money as exact decimal strings."""
        return {
            "object": "savings",
            "estimate": True,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "baseline_models": self.baseline_models,
            "local_share": self.local_share,
            "coverage": self.coverage,
            **figures(self.rows),
            "summary": self.sentence(),
            "groups": [group.to_json() for group in self.groups],
        }


def savings_report(
    connection: Connection, scope: LedgerScope, since: datetime | None = None, until: datetime | None = None
) -> SavingsReport:
    """Sum up the ledger.

    Parameters
    ----------
    scope : LedgerScope
        Whose requests count.
    since, until : datetime, optional
        Time-zone aware; `until` is not included.
    """
    return SavingsReport(since, until, read_rollup(connection, epoch_ms(since), epoch_ms(until), scope))


def figures(rows: Iterable[RollupRow]) -> dict[str, Any]:
    """All figures about some requests, the same in every report."""
    rows = list(rows)
    baseline_nusd, cost_nusd = total(rows, "baseline_nusd"), total(rows, "cost_nusd")
    deciding_nusd = total(rows, "deciding_nusd")
    timed = total(rows, "first_tokens")
    return {
        "requests": total(rows, "requests"),
        "answered": total(rows, "answered"),
        "answered_locally": total((row for row in rows if row.route == Route.LOCAL), "answered"),
        "errors": total((row for row in rows if row.outcome in ERRORS), "requests"),
        "failovers": total((row for row in rows if row.reason == Reason.FAILOVER), "requests"),
        "escalations": total((row for row in rows if row.reason == Reason.ESCALATED), "requests"),
        "prompt_tokens": total(rows, "prompt_tokens"),
        "completion_tokens": total(rows, "completion_tokens"),
        "cached_tokens": total(rows, "cached_tokens"),
        "baseline_usd": plain(to_usd(baseline_nusd)),
        "cost_usd": plain(to_usd(cost_nusd)),
        "deciding_usd": plain(to_usd(deciding_nusd)),
        "paid_usd": plain(to_usd(cost_nusd + deciding_nusd)),
        "saved_usd": plain(to_usd(baseline_nusd - cost_nusd - deciding_nusd)),
        "first_token_ms_mean": total(rows, "first_token_us") / timed / 1000 if timed else None,
    }
