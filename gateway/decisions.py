"""Single rows of the ledger, as they are shown. They hold no text of any prompt or answer."""

from typing import Any

from sqlalchemy import Connection, select

from gateway.ledger.schema import REQUESTS
from gateway.savings import from_epoch_ms, plain
from models.pricing import to_usd

_C = REQUESTS.c


def recent_decisions(connection: Connection, limit: int = 50) -> list[dict[str, Any]]:
    """The newest `limit` rows, newest first, as JSON-ready objects."""
    query = select(REQUESTS).order_by(_C.created_ms.desc(), _C.id).limit(limit)
    return [
        decision_json({str(name): value for name, value in row._mapping.items()}) for row in connection.execute(query)
    ]


def decision_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its time in ISO 8601 and its money in dollars."""
    created = from_epoch_ms(row.pop("created_ms"))
    cost, baseline = row.pop("cost_nusd"), row.pop("baseline_nusd")
    return {
        **row,
        "created": created.isoformat(timespec="milliseconds"),
        "cost_usd": None if cost is None else plain(to_usd(cost)),
        "baseline_usd": None if baseline is None else plain(to_usd(baseline)),
    }
