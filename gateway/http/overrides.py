"""Request headers by which a caller steers one request."""

from dataclasses import dataclass

from starlette.types import Scope

from models.wire.errors import RequestError
from router.decision import Route
from router.threshold import HIGHEST_THRESHOLD, to_threshold

THRESHOLD_HEADER = "x-slimgate-threshold"
PRIVACY_HEADER = "x-slimgate-privacy"
_OURS = b"x-slimgate-"


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a caller may set for one request, beside its body."""

    threshold: float | None = None
    private: bool = False


NO_OVERRIDES = Overrides()


def read_overrides(scope: Scope) -> Overrides:
    """What the headers of a request ask for.

    Raises
    ------
    RequestError
        If a header holds something else than it should.
    """
    asked = {name: value.decode("latin-1") for name, value in scope["headers"] if name.startswith(_OURS)}
    if not asked:
        return NO_OVERRIDES
    threshold, privacy = asked.get(THRESHOLD_HEADER.encode()), asked.get(PRIVACY_HEADER.encode())
    return Overrides(None if threshold is None else _threshold(threshold), privacy is not None and _private(privacy))


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


def _private(text: str) -> bool:
    if text.strip().lower() != Route.LOCAL:
        raise RequestError(
            f"Header {PRIVACY_HEADER} must be 'local', which keeps the request on this machine, or be left out; "
            f"got {text!r:.100}.",
            param=PRIVACY_HEADER,
            code="invalid_value",
        )
    return True
