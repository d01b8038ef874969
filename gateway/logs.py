"""Logs: one JSON line a request, plain lines for everything else. Never any text of a prompt or an answer."""

import logging

import orjson

from gateway.ledger import LedgerRow
from gateway.masking import mask_text

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
    _requests.info("%s", orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY).decode())


class _MaskingFormatter(logging.Formatter):
    """Leaves no password of a URL in a line, whoever wrote it: libraries quote the URLs that they cannot use."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))


def configure_logging(level: str = "info") -> None:
    """Send everything to stderr, times in the local zone."""
    handler = logging.StreamHandler()
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
