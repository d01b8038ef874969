"""Tells ledger, metrics, traces and log about each request, once at its beginning and once at its end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.http.errors import error_code, error_status
from gateway.ledger import Ledger, Outcome
from gateway.ledger.row import NO_ROUTE
from gateway.record.logs import log_request
from gateway.record.metrics import Metrics
from gateway.record.request_record import RequestRecord
from gateway.record.telemetry import Headers, Telemetry
from gateway.spending.budget import Budget
from models.host.log_format import PRIVATE
from models.usage.usage import Usage
from models.wire.errors import BackendError, StreamInterrupted
from router.errors import CannotServe

logger = logging.getLogger(__name__)


class Recorder:
    """Makes sure that every request gets exactly one row, however it ends."""

    def __init__(self, ledger: Ledger, metrics: Metrics, budget: Budget, telemetry: Telemetry | None = None) -> None:
        self._ledger = ledger
        self._budget = budget
        self._metrics = metrics
        self._telemetry = telemetry

    @contextmanager
    def recording(self, record: RequestRecord, headers: Headers) -> Iterator[None]:
        """Close `record` at the end of the block, whatever happens inside."""
        if self._telemetry is not None:
            record.trace = self._telemetry.begin(record, headers)
        self._metrics.in_flight.inc()
        try:
            yield
        except BaseException:  # the server is being torn down with the request in hand
            self.close(record, Outcome.CANCELLED)
            raise
        finally:
            self._metrics.in_flight.dec()
        self.close(record, Outcome.FAILED)

    def opened(self, record: RequestRecord, prompt_tokens: int = 0) -> None:
        """Write the row as it is at the decision: it stays even if this process dies now.

        `prompt_tokens` is what the cloud will have been given to read by then, about: it is paid for all the same.
        """
        self.moved(record, prompt_tokens)
        if record.trace is not None:
            record.trace.decided(record)

    def moved(self, record: RequestRecord, prompt_tokens: int) -> None:
        """Write the row again when another side is called than was decided."""
        record.sent_tokens = prompt_tokens
        self._ledger.record(record.row())

    def close(self, record: RequestRecord, outcome: Outcome, exc: Exception | None = None) -> None:
        """The request has ended; only the first call counts.

        Called before the last byte leaves, so that a row whose answer reached the caller is safe.
        """
        if record.outcome is not None:
            return
        record.outcome = outcome
        record.error_code = None if exc is None else error_code(exc)
        row = record.row()
        self._budget.closed(row)  # first: its reservation lasts until the database has the row
        self._ledger.record(row)
        self._metrics.closed(row)
        if record.cascade_result is not None:
            self._metrics.cascaded(record.cascade_result)
        log_request(row)
        if record.trace is not None:
            record.trace.ended(record, row, _status(record, exc))

    def failed(self, record: RequestRecord, exc: Exception) -> None:
        """The request has ended in `exc`; parts of it may have been answered."""
        if isinstance(exc, BackendError):
            record.notes = exc.notes
            if exc.spent is not None:
                record.took(exc.spent, Usage)
        if isinstance(exc, CannotServe) and record.route == NO_ROUTE:
            record.reason = exc.reason
        if isinstance(exc, BackendError) and record.outcome is None:
            is_private = record.private is not None
            logger.info("request %s failed: %s", record.id, exc, extra=PRIVATE if is_private else None)
        self.close(record, outcome_of(exc), exc)


def _status(record: RequestRecord, exc: Exception | None) -> int | None:
    """The HTTP status that the caller saw; None if they hung up before one was sent."""
    if record.first_token_s is not None or record.answers_early:
        return 200
    return None if exc is None else error_status(exc)


def outcome_of(exc: Exception) -> Outcome:
    """The outcome of a request that ended in `exc`."""
    if isinstance(exc, StreamInterrupted):
        return Outcome.INTERRUPTED
    return Outcome.REJECTED if error_status(exc) < 500 else Outcome.FAILED
