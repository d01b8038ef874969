"""Failures in Anthropic's shape."""

from typing import Any

from gateway.dialects.messages.request import NAMES_HERE
from gateway.http.errors import error_object, error_status

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
"""By status; any other is the request's fault below 500 and the server's from there."""


def anthropic_error(exc: Exception) -> dict[str, Any]:
    """The JSON body for `exc`. Its shape has no place for the field at fault, so the message names it."""
    status, error = error_status(exc), error_object(exc, NAMES_HERE)["error"]
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    message, param = error["message"], error["param"]
    if param and param not in message:
        message = f"{param}: {message}"
    return {"type": "error", "error": {"type": kind, "message": message}}
