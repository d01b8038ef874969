"""Warnings that a budget is nearly spent, or spent: in the log, and to a webhook, once for all processes."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import orjson
from pydantic import SecretStr
from sqlalchemy import text

from gateway.ledger import Ledger
from gateway.spending.accounts import Account, Spent
from gateway.spending.figures import share_of, spent_nusd
from gateway.spending.money import usd_text
from models.redaction.secrets import keep_secret
from models.remote.http import HttpServer, failure_reason

logger = logging.getLogger(__name__)

LEVELS = (100, 80)
"""Percent of a limit at which is warned, the highest first."""

PAUSES_S = (1.0, 5.0, 30.0, 120.0)
"""Before each further try of a webhook that fails: a restart of its server is waited out."""

TRY_S = 10.0
"""The longest that one try takes."""

MOST_PENDING = 1000
"""Warnings that wait for the webhook; where more come, the newest are in the log alone."""

_ADD = text(
    "INSERT INTO budget_warnings (account, period, begins_ms, percent) "
    "VALUES (:account, :period, :begins_ms, :percent) ON CONFLICT DO NOTHING"
)
_GOOD = range(200, 300)


@dataclass(frozen=True, slots=True)
class Warned:
    """One limit of which so many percent are spent."""

    account: str
    spent: Spent
    spent_nusd: int
    percent: int

    @property
    def key(self) -> Mapping[str, Any]:
        """What makes it the same warning in all processes."""
        return {
            "account": self.account,
            "period": self.spent.limit.period.value,
            "begins_ms": self.spent.span.begins_ms,
            "percent": self.percent,
        }

    def to_json(self) -> bytes:
        """What the webhook is told."""
        return orjson.dumps(
            {
                "event": "budget",
                "account": self.account,
                "period": self.spent.limit.period.value,
                "percent": self.percent,
                "limit_usd": usd_text(self.spent.limit.limit_nusd),
                "spent_usd": usd_text(self.spent_nusd),
                "begins": self.spent.span.begins.isoformat(),
                "until": self.spent.span.ends.isoformat(),
            }
        )


class Warnings:
    """Says once what is nearly spent. `check` belongs in a thread, `run` in the background."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seen: set[tuple[Any, ...]] = set()
        self._pending: asyncio.Queue[bytes] = asyncio.Queue(MOST_PENDING)
        self._url: str | None = None

    def configure(self, url: SecretStr | None) -> None:
        """Tell this address from now on, whose path and parameters may hold a secret."""
        self._url = None if url is None else url.get_secret_value()
        if self._url is not None:
            parts = urlsplit(self._url)
            keep_secret([parts.password, *parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))])

    @property
    def pending(self) -> int:
        """How many warnings wait for the webhook."""
        return self._pending.qsize()

    def check(self, accounts: Iterable[Account], now: datetime) -> list[Warned]:
        """What no process has warned of yet: it is in the log now.

        Raises
        ------
        LedgerUnavailable
            Then nobody was warned.
        """
        reached = [warned for warned in _reached(accounts, now) if tuple(warned.key.values()) not in self._seen]
        if not reached:
            return []
        with self._ledger.write() as connection:
            new = [warned for warned in reached if connection.execute(_ADD, dict(warned.key)).rowcount]
        self._seen |= {tuple(warned.key.values()) for warned in reached}
        told = [warned for warned in new if not _is_outdone(warned, new)]
        for warned in told:
            limit, ends = warned.spent.limit, warned.spent.span.ends
            logger.warning(
                "%d%% of %s of %s is spent, until %s", warned.percent, limit, warned.account, ends.isoformat()
            )
        return told

    def tell(self, told: Iterable[Warned]) -> None:
        """Have the webhook told, where there is one."""
        for warned in told if self._url is not None else ():
            try:
                self._pending.put_nowait(warned.to_json())
            except asyncio.QueueFull:
                logger.warning("budget: too many warnings wait for the webhook; this one is in the log alone")

    async def run(self) -> None:
        """Tell the webhook of one warning after the other."""
        while True:
            warning = await self._pending.get()
            for pause_s in (*PAUSES_S, None):
                if self._url is None or (trouble := await _post(self._url, warning)) is None:
                    break
                logger.warning("budget: the webhook was not told: %s", trouble)
                if pause_s is not None:
                    await asyncio.sleep(pause_s)


def _reached(accounts: Iterable[Account], now: datetime) -> Iterator[Warned]:
    for account in accounts:
        for one in account.spent:
            if now < one.span.ends and one.limit.limit_nusd:
                percent = 100 * share_of(account, one, now)
                for level in LEVELS:
                    if percent >= level:
                        yield Warned(account.name, one, spent_nusd(account, one, now), level)


def _is_outdone(warned: Warned, others: Iterable[Warned]) -> bool:
    """Whether a higher level of the same limit was reached at the same time."""
    return any(other.spent is warned.spent and other.percent > warned.percent for other in others)


async def _post(url: str, content: bytes) -> str | None:
    """Why the webhook was not told, in words without its address; None where it was."""
    parts = urlsplit(url)
    server = HttpServer(f"{parts.scheme}://{parts.netloc}", use_proxy=True, query=dict(parse_qsl(parts.query)))
    try:
        async with asyncio.timeout(TRY_S), await server.post(parts.path or "/", content) as response:
            return None if response.status in _GOOD else f"it answers with status {response.status}"
    except TimeoutError:
        return f"no answer within {TRY_S:g} s"
    except (aiohttp.ClientError, ValueError) as exc:
        return failure_reason(exc)
    finally:
        await server.aclose()
