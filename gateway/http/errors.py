"""Exceptions to statuses, in OpenAI's error shape. The only place where statuses are chosen.

The rule of thumb: 4xx where the caller can mend it, 5xx where the operator or time must. Trouble of our
own is never a 401.
"""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from gateway.conversations.conversations import ResponseNotFound
from gateway.conversations.store import ResponsesUnavailable
from gateway.http.json_response import json_response
from gateway.keys.store import KeyNotFound, KeyUnchangeable
from gateway.keys.terms import KeyForbids
from gateway.ledger import LedgerUnavailable
from gateway.limits.errors import LimitReached
from gateway.login.errors import LoginRefused, LoginThrottled, SessionNotFound
from gateway.scoring.active_threshold import ThresholdChanged
from models.host.log_format import PRIVATE
from models.wire.asgi import BodyTooLarge
from models.wire.errors import (
    BackendError,
    BackendMisconfigured,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ForbiddenError,
    InvalidResponse,
    LocalLost,
    ModelError,
    NotJsonError,
    RateLimited,
    RequestError,
    StreamInterrupted,
    UnknownModelError,
    error_body,
)
from router.decision import Reason
from router.errors import BudgetSpent, CannotServe, MustStayLocal

logger = logging.getLogger(__name__)


class UnauthorizedError(Exception):
    """The call carries no key that works, and needs one."""


class CsrfError(ForbiddenError):
    """A change came with the cookie of a login alone, and so perhaps from another site's page."""

    code = "csrf_token"


class RequestNotFound(Exception):
    """There is no such request in the ledger."""


class ExamNotFound(Exception):
    """There are no marks of such a model."""


class ExamUnusable(Exception):
    """The file that holds a model's marks is damaged."""


class UnknownPathError(Exception):
    """There is nothing at this path."""


class WrongMethodError(Exception):
    """What is at this path takes other methods."""


class SlowRequestError(Exception):
    """The caller began a request and did not finish it."""


class HeadTooLargeError(Exception):
    """The request line and headers exceed the limit."""


class UnknownCodingError(Exception):
    """The body is compressed in a way that is not understood here."""


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """How the caller sees one kind of failure. `retry_after_s`: when a retry may succeed."""

    status: int
    type: str
    code: str | None = None
    retry_after_s: float | None = None


# Looked up along the exception's class hierarchy: the nearest wins.
ERROR_SHAPES: dict[type[Exception], ErrorShape] = {
    RequestError: ErrorShape(400, "invalid_request_error"),
    UnknownModelError: ErrorShape(404, "invalid_request_error", "model_not_found"),
    CannotServe: ErrorShape(400, "invalid_request_error", "unsupported_capability"),
    MustStayLocal: ErrorShape(403, "invalid_request_error", "privacy_required"),
    BudgetSpent: ErrorShape(429, "insufficient_quota", "insufficient_quota"),
    UnauthorizedError: ErrorShape(401, "authentication_error", "invalid_api_key"),
    ForbiddenError: ErrorShape(403, "invalid_request_error", "forbidden"),
    CsrfError: ErrorShape(403, "invalid_request_error", "csrf_token"),
    LoginRefused: ErrorShape(401, "authentication_error", "invalid_api_key"),
    LoginThrottled: ErrorShape(429, "rate_limit_error", "too_many_logins", retry_after_s=60),
    SessionNotFound: ErrorShape(404, "invalid_request_error", "session_not_found"),
    KeyForbids: ErrorShape(403, "invalid_request_error", "key_forbids"),
    NotJsonError: ErrorShape(415, "invalid_request_error", "unsupported_media_type"),
    RequestNotFound: ErrorShape(404, "invalid_request_error", "request_not_found"),
    ResponseNotFound: ErrorShape(404, "invalid_request_error", "response_not_found"),
    ExamNotFound: ErrorShape(404, "invalid_request_error", "exam_not_found"),
    ExamUnusable: ErrorShape(500, "server_error", "exam_unusable"),
    KeyNotFound: ErrorShape(404, "invalid_request_error", "key_not_found"),
    KeyUnchangeable: ErrorShape(409, "invalid_request_error", "key_unchangeable"),
    ThresholdChanged: ErrorShape(409, "invalid_request_error", "threshold_changed"),
    UnknownCodingError: ErrorShape(415, "invalid_request_error", "unsupported_content_encoding"),
    UnknownPathError: ErrorShape(404, "invalid_request_error", "unknown_url"),
    WrongMethodError: ErrorShape(405, "invalid_request_error", "method_not_allowed"),
    SlowRequestError: ErrorShape(408, "invalid_request_error", "request_timeout"),
    HeadTooLargeError: ErrorShape(431, "invalid_request_error", "headers_too_large"),
    LimitReached: ErrorShape(429, "rate_limit_error", "rate_limit_exceeded"),
    BodyTooLarge: ErrorShape(413, "invalid_request_error", "request_too_large"),
    RateLimited: ErrorShape(429, "rate_limit_error", "rate_limit_exceeded", retry_after_s=1),
    BackendUnavailable: ErrorShape(503, "server_error", "backend_unavailable", retry_after_s=1),
    BackendMisconfigured: ErrorShape(503, "server_error", "backend_unavailable"),
    LocalLost: ErrorShape(503, "server_error", "local_lost"),
    LedgerUnavailable: ErrorShape(503, "server_error", "ledger_unavailable", retry_after_s=5),
    ResponsesUnavailable: ErrorShape(503, "server_error", "responses_unavailable", retry_after_s=5),
    BackendTimeout: ErrorShape(504, "server_error", "backend_timeout"),
    InvalidResponse: ErrorShape(502, "server_error", "invalid_backend_response"),
    StreamInterrupted: ErrorShape(502, "server_error", "stream_interrupted"),
    BackendError: ErrorShape(502, "server_error", "backend_error"),
    ModelError: ErrorShape(500, "server_error", "internal_error"),
    Exception: ErrorShape(500, "server_error", "internal_error"),
}

ACCEPTED_CODINGS = "gzip, deflate, br, zstd"
"""How a request's body may be compressed (`gateway.http.inflate`); RFC 9110, section 12.5.3, lets an answer say it."""

LONGEST_CLIENT_WAIT_S = 60.0
"""OpenAI's clients do not wait for a longer `retry-after`, but try again within seconds."""

_UNAUTHORIZED = 401
_TOO_MANY_REQUESTS = 429

_HTTP_ERRORS = {404: UnknownPathError, 405: WrongMethodError}


def shape_of(exc: Exception) -> ErrorShape:
    """The shape of `exc`, by the nearest class that has one."""
    return next(ERROR_SHAPES[cls] for cls in type(exc).__mro__ if cls in ERROR_SHAPES)


def error_object(exc: Exception, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON body for `exc`. An unexpected failure reveals nothing about our internals.

    `names` says what fields of the chat format are called in the caller's, for what a backend complains about.
    """
    body = _error_object(exc)
    if names and (param := body["error"]["param"]):
        body["error"]["param"] = names.get(param.partition("[")[0], param)
    return body


def _error_object(exc: Exception) -> dict[str, Any]:
    if isinstance(exc, BackendRejected):
        words = exc.server_words
        type_ = words.type or "invalid_request_error"
        return error_body(words.message or str(exc), type_=type_, param=words.param, code=words.code)
    shape = shape_of(exc)
    if shape.code == "internal_error" and not isinstance(exc, ModelError):
        return error_body("The gateway failed; its log has the details.", type_=shape.type, code=shape.code)
    param, code = getattr(exc, "param", None), getattr(exc, "code", None) or shape.code
    if isinstance(exc, CannotServe) and exc.reason is Reason.CONTEXT:
        code = "context_length_exceeded"
    message = exc.full_message if isinstance(exc, ModelError) else str(exc)
    return error_body(message, type_=shape.type, param=param, code=code)


def error_status(exc: Exception) -> int:
    """The HTTP status for `exc`; a provider's refusal keeps its own."""
    return exc.status if isinstance(exc, BackendRejected) else shape_of(exc).status


def error_code(exc: Exception) -> str | None:
    """The machine-readable code that the caller sees."""
    code: str | None = error_object(exc)["error"]["code"]
    return code


def error_headers(exc: Exception) -> dict[str, str]:
    """Headers that say whether and when to retry.

    What could be tried again has been, here: clients are told not to multiply the attempts (OpenAI's and Anthropic's
    obey `x-should-retry`), unless the trouble passes by itself and was not waited for.
    """
    status, retry_after_s = error_status(exc), shape_of(exc).retry_after_s
    waits = isinstance(exc, RateLimited | BackendUnavailable | LimitReached | LoginThrottled)
    told_s: float | None = getattr(exc, "retry_after_s", None) if waits else None
    if told_s is not None:
        retry_after_s = told_s
    headers = {}
    if retry_after_s is not None:
        headers["retry-after"] = f"{max(1, math.ceil(retry_after_s))}"
    if isinstance(exc, BackendError):
        waiting_helps = told_s is not None and not exc.retried
    elif isinstance(exc, LimitReached):
        waiting_helps = retry_after_s is not None and retry_after_s <= LONGEST_CLIENT_WAIT_S
    else:
        waiting_helps = retry_after_s is not None
    if (status >= 500 or status == _TOO_MANY_REQUESTS) and not waiting_helps:
        headers["x-should-retry"] = "false"
    if status == _UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if isinstance(exc, UnknownCodingError):
        headers["accept-encoding"] = ACCEPTED_CODINGS
    return headers


def error_response(exc: Exception, headers: Mapping[str, str] | None = None) -> Response:
    """The whole answer for `exc`, with more `headers`."""
    return json_response(error_object(exc), error_status(exc), {**error_headers(exc), **(headers or {})})


def log_unforeseen(exc: Exception, where: str, *, is_private: bool = False) -> None:
    """Log the traceback of an unexpected exception, a defect of ours; if `is_private`, nothing of what it says."""
    if shape_of(exc) is ERROR_SHAPES[Exception]:
        logger.error("unforeseen failure in %s", where, exc_info=exc, extra=PRIVATE if is_private else None)


def install(app: FastAPI, respond: Callable[[Scope, Exception, Mapping[str, str] | None], Response]) -> None:
    """Make every failure of `app` an error in its API shape: unknown paths and unforeseen exceptions included.

    `respond` makes the answer to a call that failed, with more headers.
    """

    async def answer(request: Request, exc: Exception) -> Response:
        return respond(request.scope, exc, None)

    async def answer_http(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        if (kind := _HTTP_ERRORS.get(exc.status_code)) is None:
            body = error_body(_about(request, exc), type_="invalid_request_error")
            return json_response(body, exc.status_code, dict(exc.headers or {}))
        return respond(request.scope, kind(_about(request, exc)), exc.headers)

    async def answer_unforeseen(request: Request, exc: Exception) -> Response:
        log_unforeseen(exc, f"{request.method} {request.url.path}")
        return respond(request.scope, exc, None)

    for cls in ERROR_SHAPES.keys() - {Exception}:
        app.add_exception_handler(cls, answer)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(Exception, answer_unforeseen)


def _about(request: Request, exc: HTTPException) -> str:
    return f"{exc.detail}: {request.method} {request.url.path}"


async def _answer_validation(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    first = exc.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    return json_response(
        error_body(f"{field}: {first['msg']}", type_="invalid_request_error", param=field, code="invalid_value"), 400
    )
