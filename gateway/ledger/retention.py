"""Retention: rows older than a number of days are deleted, a few at a time. Their sums stay in the rollup."""

import logging
import time

from sqlalchemy import Engine

from gateway.ledger.store import delete_rows_before
from gateway.ledger.units import days_ago_ms

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 600.0


class Retention:
    """Deletes old rows.

    Parameters
    ----------
    keep_days : float or None
        Age at which rows are deleted; None keeps them for ever.
    """

    def __init__(self, keep_days: float | None) -> None:
        self._keep_days = keep_days
        self._next = time.monotonic()
        self._deleted = 0

    @property
    def wait_s(self) -> float | None:
        """Seconds until there may be something to delete; None if there never is."""
        return None if self._keep_days is None else max(0.0, self._next - time.monotonic())

    def step(self, engine: Engine) -> None:
        """Delete a few old rows, if any: only a few, so that new rows need not wait long."""
        if self._keep_days is None or time.monotonic() < self._next:
            return
        with engine.begin() as connection:
            deleted = delete_rows_before(connection, days_ago_ms(self._keep_days))
        self._deleted += deleted
        if deleted:
            return
        self._next = time.monotonic() + CHECK_EVERY_S
        if self._deleted:
            logger.info("ledger: deleted %d old rows; their sums are kept", self._deleted)
            self._deleted = 0
