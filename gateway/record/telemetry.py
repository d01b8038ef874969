"""Whether there are OpenTelemetry traces and metrics, and what they need. `gateway.record.otel` makes them.

Nothing of OpenTelemetry is imported, and no request spends any time on it, unless a collector is named.
"""

import logging
import os
from collections.abc import Iterable
from typing import Protocol

from gateway.config.settings import Settings
from gateway.ledger import LedgerRow
from gateway.record.request_record import RequestRecord
from gateway.spending.pricing import Pricer
from models.wire.errors import ExtraMissingError

logger = logging.getLogger(__name__)

ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""OpenTelemetry's own; it may be set for everything on a machine."""

Headers = Iterable[tuple[bytes, bytes]]


class Trace(Protocol):
    """One request as OpenTelemetry sees it."""

    def decided(self, record: RequestRecord) -> None:
        """A backend will be asked now, by this very task."""
        ...

    def ended(self, record: RequestRecord, row: LedgerRow, status: int | None) -> None:
        """It is over; `status` is what the caller got, None where that was nothing."""
        ...


class Telemetry(Protocol):
    """Where traces come from."""

    def begin(self, record: RequestRecord, headers: Headers) -> Trace:
        """A request has come; `headers` may say which trace it belongs to."""
        ...

    def configure(self, settings: Settings) -> None:
        """Name servers by `settings` from here on."""
        ...

    def shutdown(self) -> None:
        """Send what is left, as far as somebody takes it soon."""
        ...


def make_telemetry(settings: Settings, pricer: Pricer) -> Telemetry | None:
    """What `settings` ask for, or else the environment; None where neither names a collector.

    Raises
    ------
    ExtraMissingError
        If the settings ask for it and the extra is not installed.
    """
    endpoint = settings.telemetry.otlp_endpoint
    if endpoint is None and not os.environ.get(ENDPOINT_VARIABLE):
        return None
    try:
        from gateway.record.otel import OpenTelemetry
    except ModuleNotFoundError as exc:
        missing = ExtraMissingError("telemetry.otlp_endpoint", "otel")
        if endpoint is not None:
            raise missing from exc
        logger.warning("%s is set, and not used: %s", ENDPOINT_VARIABLE, missing)
        return None
    return OpenTelemetry(settings, endpoint, pricer)
