"""The interface to OpenTelemetry traces and metrics, which `gateway.record.otel` makes.

Unless a collector is configured, nothing of OpenTelemetry is imported, and no request spends any time on it.
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
"""OpenTelemetry's own variable; it may be set for all programs on a machine."""

Headers = Iterable[tuple[bytes, bytes]]


class Trace(Protocol):
    """The spans of one request."""

    def decided(self, record: RequestRecord) -> None:
        """Begin the backend's span: this task calls a backend now."""
        ...

    def ended(self, record: RequestRecord, row: LedgerRow, status: int | None) -> None:
        """End the spans; `status` is the HTTP status that the caller got, None where there was none."""
        ...


class Telemetry(Protocol):
    """Makes traces."""

    def begin(self, record: RequestRecord, headers: Headers) -> Trace:
        """Begin the request's span; `headers` may name the trace it belongs to."""
        ...

    def configure(self, settings: Settings) -> None:
        """Name servers by `settings` from now on."""
        ...

    def shutdown(self) -> None:
        """Send the remaining spans and metrics, within a few seconds."""
        ...


def make_telemetry(settings: Settings, pricer: Pricer) -> Telemetry | None:
    """Telemetry for the collector in `settings` or the environment; None where neither names one.

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
