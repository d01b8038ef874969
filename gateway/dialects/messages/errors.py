"""Failures in Anthropic's shape."""

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from gateway.dialects.messages.request import NAMES_HERE
from gateway.http.errors import error_headers, error_object, error_response, error_status
from gateway.http.json_response import json_response

PATH = "/v1/messages"

_VERSION = b"anthropic-version"
"""A header that Anthropic's clients send with every call, and no others."""

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


def anthropic_error(exc: Exception, request_id: str | None = None) -> dict[str, Any]:
    """The JSON body for `exc`. Its shape has no place for the field at fault, so the message names it."""
    status, error = error_status(exc), error_object(exc, NAMES_HERE)["error"]
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    message, param = error["message"], error["param"]
    if param and param not in message:
        message = f"{param}: {message}"
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return body if request_id is None else {**body, "request_id": request_id}


def new_headers() -> dict[str, str]:
    """The headers that name a call which has no row in the ledger."""
    return {"request-id": f"req_{secrets.token_hex(12)}"}


def speaks_anthropic(scope: Scope) -> bool:
    """Whether a call is for Anthropic's API: by its path, or by what only Anthropic's clients send."""
    path = scope["path"]
    return path == PATH or path.startswith(f"{PATH}/") or any(name == _VERSION for name, _ in scope["headers"])


def refusal(scope: Scope, exc: Exception, headers: Mapping[str, str] | None = None) -> Response:
    """The whole answer for `exc`, in the API shape of the call."""
    if not speaks_anthropic(scope):
        return error_response(exc, headers)
    named = new_headers()
    body = anthropic_error(exc, named["request-id"])
    return json_response(body, error_status(exc), {**error_headers(exc), **named, **(headers or {})})
