"""Logs: one JSON line a request, plain lines for everything else. Never any text of a prompt or an answer."""

import logging
from collections.abc import Iterator

import orjson

from gateway.config.settings import Settings
from gateway.ledger import LedgerRow
from models.host.log_format import OWN, LineFormatter, log_uncaught

_requests = logging.getLogger("slimgate.requests")

_SHOWN = (
    "id", "endpoint", "requested_model", "route", "reason", "score", "threshold", "stream", "served_model", "outcome",
    "error_code", "prompt_tokens", "completion_tokens", "cached_tokens", "first_token_ms", "total_ms", "overhead_ms",
)  # fmt: skip


def log_request(row: LedgerRow) -> None:
    """Write the line of a request that has ended."""
    if not _requests.isEnabledFor(logging.INFO):
        return
    line = {name: value for name in _SHOWN if (value := getattr(row, name)) is not None}
    _requests.info("%s", orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY).decode(), extra=OWN)


def configure_logging(level: str = "info") -> None:
    """Send everything to stderr, a record a line, times in the local zone."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    log_uncaught()


def show_words(settings: Settings) -> None:
    """Let the log say of failures what `settings` allow, from here on."""
    for formatter in _formatters():
        formatter.provider_messages = settings.log.provider_messages
        formatter.exception_messages = settings.log.exception_messages


def _formatters() -> Iterator[LineFormatter]:
    return (it.formatter for it in logging.getLogger().handlers if isinstance(it.formatter, LineFormatter))
