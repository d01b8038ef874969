"""Request headers by which a caller steers one request."""

from dataclasses import dataclass
from typing import Any

from starlette.types import Scope

from gateway.http.sessions import SESSION_HEADER, session_of
from gateway.keys.caller import ANYBODY, Caller, caller_of
from gateway.keys.terms import KeyForbids
from models.wire.errors import RequestError
from router.auto_terms import LONGEST_FIRST_TOKEN_S, to_first_token_s
from router.decision import Route
from router.threshold import HIGHEST_THRESHOLD, to_threshold

THRESHOLD_HEADER = "x-slimgate-threshold"
PRIVACY_HEADER = "x-slimgate-privacy"
FIRST_TOKEN_HEADER = "x-slimgate-max-first-token-s"
CSRF_HEADER = "x-slimgate-csrf"

KNOWN_HEADERS = (THRESHOLD_HEADER, PRIVACY_HEADER, FIRST_TOKEN_HEADER, SESSION_HEADER, CSRF_HEADER)
"""All headers of this gateway's own that a request may have; `gateway.access.known_headers` refuses others."""

_OURS = b"x-slimgate-"


@dataclass(frozen=True, slots=True)
class Overrides:
    """Who sends a request, of which session it is, and what it sets beside its body."""

    threshold: float | None = None
    private: bool = False
    max_first_token_s: float | None = None
    caller: Caller = ANYBODY
    session_id: str | None = None


NO_OVERRIDES = Overrides()


def read_overrides(scope: Scope, body: Any = None) -> Overrides:
    """What the headers of a request ask for, and the session that they or its decoded `body` name.

    Raises
    ------
    RequestError
        If a header holds something else than it should.
    KeyForbids
        If the caller's key may not set it.
    """
    headers, caller = scope["headers"], caller_of(scope)
    session_id = session_of(headers, body)
    asked = {name: value.decode("latin-1") for name, value in headers if name.startswith(_OURS)}
    if not asked:
        is_nobody = caller is ANYBODY and session_id is None
        return NO_OVERRIDES if is_nobody else Overrides(caller=caller, session_id=session_id)
    if not caller.terms.may_override:
        _check_may_override(asked)
    threshold, privacy = asked.get(THRESHOLD_HEADER.encode()), asked.get(PRIVACY_HEADER.encode())
    first_token = asked.get(FIRST_TOKEN_HEADER.encode())
    return Overrides(
        None if threshold is None else _threshold(threshold),
        privacy is not None and _private(privacy),
        None if first_token is None else _first_token_s(first_token),
        caller,
        session_id,
    )


def _check_may_override(asked: dict[bytes, str]) -> None:
    for header in (THRESHOLD_HEADER, FIRST_TOKEN_HEADER):
        if header.encode() in asked:
            raise KeyForbids(f"set the header {header}; leave it out", param=header)


def _threshold(text: str) -> float:
    threshold = to_threshold(text)
    if threshold is None:
        raise RequestError(
            f"Header {THRESHOLD_HEADER} must be a number from 0 (the cloud) to {HIGHEST_THRESHOLD} (never the cloud); "
            f"got {text!r:.100}.",
            param=THRESHOLD_HEADER,
            code="invalid_value",
        )
    return threshold


def _first_token_s(text: str) -> float:
    seconds = to_first_token_s(text)
    if seconds is None:
        raise RequestError(
            f"Header {FIRST_TOKEN_HEADER} must be a positive number of seconds, at most {LONGEST_FIRST_TOKEN_S:.0f}; "
            f"got {text!r:.100}.",
            param=FIRST_TOKEN_HEADER,
            code="invalid_value",
        )
    return seconds


def _private(text: str) -> bool:
    if text.strip().lower() != Route.LOCAL:
        raise RequestError(
            f"Header {PRIVACY_HEADER} must be 'local', which keeps the request on this machine, or be left out; "
            f"got {text!r:.100}.",
            param=PRIVACY_HEADER,
            code="invalid_value",
        )
    return True
