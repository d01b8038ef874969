"""Chargeback: what each key used in a month, as a table for whoever writes the bills."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection

from gateway.ledger.scope import LedgerScope
from gateway.reports.accounts import Usage, usage_report
from gateway.reports.csv_cells import harmless
from gateway.reports.timeline import YEARS
from models.wire.errors import RequestError

COLUMNS = (
    "month", "key_id", "key_name", "owner", "team", "tags", "requests", "local", "cloud", "prompt_tokens",
    "completion_tokens", "cached_tokens", "spent_usd", "paid_usd", "baseline_usd", "saved_usd",
)  # fmt: skip

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def month_span(month: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moments of a month such as ``2026-11`` and of the next one, in `zone`.

    Raises
    ------
    RequestError
        If it is no month of `YEARS`.
    """
    match = _MONTH.fullmatch(month)
    if match is None or int(match[1]) not in YEARS:
        message = f"month: must be a month such as 2026-11, of the years {YEARS.start} to {YEARS.stop - 1}"
        raise RequestError(message, param="month", code="invalid_value")
    year, number = int(match[1]), int(match[2])
    return datetime(year, number, 1, tzinfo=zone), datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)


def chargeback(connection: Connection, scope: LedgerScope, month: str, zone: tzinfo) -> list[dict[str, Any]]:
    """One line for each key that was used in that month, the busiest first; `key_id` is empty for requests without.

    Raises
    ------
    RequestError
        If `month` is none.
    """
    return [_line(month, usage) for usage in usage_report(connection, "key", scope, *month_span(month, zone))]


def chargeback_csv(lines: Iterable[dict[str, Any]]) -> str:
    """The lines as CSV with a heading; numbers have a dot, whatever the reader's language."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for line in lines:
        tags: Sequence[str] = line["tags"]
        writer.writerow({name: harmless(value) for name, value in {**line, "tags": " ".join(tags)}.items()})
    return text.getvalue()


def _line(month: str, usage: Usage) -> dict[str, Any]:
    figures, key = usage.to_json(), usage.key
    return {
        "month": month,
        "key_id": usage.id,
        "key_name": key.name if key else "",
        "owner": key.owner if key else "",
        "team": key.team if key else "",
        "tags": list(key.tags) if key else [],
        "requests": usage.sums.requests,
        "local": usage.sums.local_answers,
        "cloud": usage.sums.cloud_answers,
        **{name: figures[name] for name in COLUMNS[9:]},
    }
