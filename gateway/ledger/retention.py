"""Retention: what is older than a number of days is deleted, a few at a time, so that new rows need not wait long."""

import logging
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 600.0

Delete = Callable[[Connection, float], int]
"""Deletes some of what is older than so many days, the oldest first; returns how many, 0 when none are left."""


class Retention:
    """Deletes what is old.

    Parameters
    ----------
    keep_days : callable
        The age at which it is deleted now; None keeps it for ever.
    delete : callable
        Deletes some of it.
    what : str
        What is deleted, in the plural, for the log.
    """

    def __init__(self, keep_days: Callable[[], float | None], delete: Delete, what: str) -> None:
        self._keep_days = keep_days
        self._delete = delete
        self._what = what
        self._next = time.monotonic()
        self._deleted = 0

    @property
    def wait_s(self) -> float | None:
        """Seconds until there may be something to delete; None if there never is."""
        return None if self._keep_days() is None else max(0.0, self._next - time.monotonic())

    def step(self, engine: Engine) -> None:
        """Delete a little, if there is any."""
        keep_days = self._keep_days()
        if keep_days is None or time.monotonic() < self._next:
            return
        with engine.begin() as connection:
            deleted = self._delete(connection, keep_days)
        self._deleted += deleted
        if deleted:
            return
        self._next = time.monotonic() + CHECK_EVERY_S
        if self._deleted:
            logger.info("ledger: deleted %d %s", self._deleted, self._what)
            self._deleted = 0
