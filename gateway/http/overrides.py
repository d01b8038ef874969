"""Request headers by which a caller steers one request."""

from dataclasses import dataclass

from starlette.types import Scope

from gateway.keys.caller import ANYBODY, Caller, caller_of
from models.wire.errors import RequestError
from router.auto_terms import LONGEST_FIRST_TOKEN_S, to_first_token_s
from router.decision import Route
from router.threshold import HIGHEST_THRESHOLD, to_threshold

THRESHOLD_HEADER = "x-slimgate-threshold"
PRIVACY_HEADER = "x-slimgate-privacy"
FIRST_TOKEN_HEADER = "x-slimgate-max-first-token-s"
_OURS = b"x-slimgate-"


@dataclass(frozen=True, slots=True)
class Overrides:
    """Who sends a request, and what it sets beside its body."""

    threshold: float | None = None
    private: bool = False
    max_first_token_s: float | None = None
    caller: Caller = ANYBODY
    session_id: str | None = None


NO_OVERRIDES = Overrides()


def read_overrides(scope: Scope) -> Overrides:
    """What the headers of a request ask for.

    Raises
    ------
    RequestError
        If a header holds something else than it should.
    """
    asked = {name: value.decode("latin-1") for name, value in scope["headers"] if name.startswith(_OURS)}
    caller = caller_of(scope)
    if not asked:
        return NO_OVERRIDES if caller is ANYBODY else Overrides(caller=caller)
    threshold, privacy = asked.get(THRESHOLD_HEADER.encode()), asked.get(PRIVACY_HEADER.encode())
    first_token = asked.get(FIRST_TOKEN_HEADER.encode())
    return Overrides(
        None if threshold is None else _threshold(threshold),
        privacy is not None and _private(privacy),
        None if first_token is None else _first_token_s(first_token),
        caller,
    )


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
