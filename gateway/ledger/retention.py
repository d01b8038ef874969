"""Forgetting: rows older than a number of days are deleted, a few at a time. Their sums stay."""

import logging
import time

from sqlalchemy import Engine

from gateway.ledger.store import delete_rows_before
from gateway.ledger.units import days_ago_ms

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 600.0


class Retention:
    """Deletes what is too old.

    Parameters
    ----------
    keep_days : float or None
        Age at which rows go; None keeps them for ever.
    """

    def __init__(self, keep_days: float | None) -> None:
        self._keep_days = keep_days
        self._next = time.monotonic()
        self._deleted = 0

    @property
    def wait_s(self) -> float | None:
        """How long there is nothing to do; None is for ever."""
        return None if self._keep_days is None else max(0.0, self._next - time.monotonic())

    def step(self, engine: Engine) -> None:
        """Delete a few rows, if it is time and there are any; so that new rows never wait for all of the old ones."""
        if self._keep_days is None or time.monotonic() < self._next:
            return
        with engine.begin() as connection:
            deleted = delete_rows_before(connection, days_ago_ms(self._keep_days))
        self._deleted += deleted
        if deleted:
            return
        self._next = time.monotonic() + LOOK_EVERY_S
        if self._deleted:
            logger.info("ledger: deleted %d rows that were too old; their sums are kept", self._deleted)
            self._deleted = 0
