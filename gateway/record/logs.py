"""Logs: a line a record, as JSON or as text, and one for each request. Never any text of a prompt or an answer."""

import logging
import sys
from collections.abc import Iterator

from gateway.config.sections.records import LogSettings
from gateway.config.settings import Settings
from gateway.ledger import LedgerRow
from models.host.log_format import LineFormatter, log_uncaught, with_fields

_requests = logging.getLogger("slimgate.requests")

_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_SHOWN = (
    "id", "endpoint", "requested_model", "route", "reason", "score", "threshold", "stream", "served_model", "outcome",
    "error_code", "prompt_tokens", "completion_tokens", "cached_tokens", "first_token_ms", "total_ms", "overhead_ms",
    "estimated_first_token_ms", "estimated_answer_ms",
)  # fmt: skip


def log_request(row: LedgerRow) -> None:
    """Write the line of a request that has ended."""
    if not _requests.isEnabledFor(logging.INFO):
        return
    fields = {name: value for name in _SHOWN if (value := getattr(row, name)) is not None}
    _requests.info("%s: %s", row.endpoint, row.outcome, extra=with_fields(fields))


def configure_logging(level: str = "info") -> None:
    """Send everything to stderr, a record a line, times in the local zone."""
    handler, formatter = logging.StreamHandler(), LineFormatter(_TEXT, "%H:%M:%S")
    formatter.as_json = wants_json(LogSettings())
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    log_uncaught()


def apply_log_settings(settings: Settings) -> None:
    """Let the log be in the form that `settings` ask for, and say of failures what they allow, from here on."""
    for formatter in _formatters():
        formatter.as_json = wants_json(settings.log)
        formatter.provider_messages = settings.log.provider_messages
        formatter.exception_messages = settings.log.exception_messages


def wants_json(settings: LogSettings) -> bool:
    """Whether lines are JSON: as `settings` say, or else where nobody reads them at a terminal."""
    return settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())


def _formatters() -> Iterator[LineFormatter]:
    return (it.formatter for it in logging.getLogger().handlers if isinstance(it.formatter, LineFormatter))
