"""From exceptions to statuses and OpenAI's error shape: the only place of the engine that chooses a status."""

import logging
from typing import Any

from models.engine.errors import DeadlineExceeded, EngineBusy, EngineError, GaveWay, TemplateError
from models.engine.http.asgi import SlowCaller
from models.wire.asgi import BodyTooLarge
from models.wire.errors import ForbiddenError, NotJsonError, RequestError, UnknownModelError, error_body

logger = logging.getLogger(__name__)

_STATUSES = {UnknownModelError: 404, ForbiddenError: 403, NotJsonError: 415}


class NotFound(Exception):
    """There is no route for this method and path."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Unauthorized(Exception):
    """The call does not carry the engine's key."""


def late_error(exc: Exception) -> dict[str, Any]:
    """The error object for a failure after the status has gone out; it names the status that it would have been."""
    status, body, _ = describe_error(exc)
    return {"error": {**body["error"], "status": status}}


def _busy_code(exc: EngineBusy) -> str:
    return "gave_way" if isinstance(exc, GaveWay) else "engine_busy"


def describe_error(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers for a failure. An unexpected one is logged; its response shows no internals."""
    if isinstance(exc, RequestError):
        status = next((status for kind, status in _STATUSES.items() if isinstance(exc, kind)), 400)
        return status, error_body(exc.message, type_="invalid_request_error", param=exc.param, code=exc.code), {}
    if isinstance(exc, Unauthorized):
        body = error_body(str(exc), type_="authentication_error", code="invalid_api_key")
        return 401, body, {"www-authenticate": "Bearer"}
    if isinstance(exc, BodyTooLarge):
        return 413, error_body(str(exc), type_="invalid_request_error", code="request_too_large"), {}
    if isinstance(exc, SlowCaller):
        return 408, error_body(str(exc), type_="invalid_request_error", code="request_timeout"), {}
    if isinstance(exc, NotFound):
        return exc.status, error_body(str(exc), type_="invalid_request_error", code=exc.code), {}
    if isinstance(exc, EngineBusy):
        body = error_body(f"The local model is busy: {exc}.", type_="server_error", code=_busy_code(exc))
        return 503, body, {"retry-after": str(exc.retry_after_s)}
    if isinstance(exc, DeadlineExceeded):
        return 504, error_body(str(exc), type_="server_error", code="deadline_exceeded"), {}
    if isinstance(exc, TemplateError):  # of this model, for this conversation: another model may well take it
        logger.error("a request failed: %s", exc)
        return 400, error_body(exc.full_message, type_="invalid_request_error", code="unsupported_value"), {}
    if isinstance(exc, EngineError):
        logger.error("a request failed: %s", exc)
        return 500, error_body(exc.full_message, type_="server_error", code="engine_error"), {}
    logger.error("unforeseen failure", exc_info=exc)
    return (
        500,
        error_body("The engine failed; its log has the details.", type_="server_error", code="internal_error"),
        {},
    )
