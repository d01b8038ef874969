"""Request headers by which a caller steers one request."""

from starlette.types import Scope

from gateway.dispatch import Overrides
from models.errors import RequestError

THRESHOLD_HEADER = "x-slimgate-threshold"


def read_overrides(scope: Scope) -> Overrides:
    """What the headers of a request ask for.

    Raises
    ------
    RequestError
        If a header holds something else than it should.
    """
    wanted = THRESHOLD_HEADER.encode()
    for name, value in scope["headers"]:
        if name == wanted:
            return Overrides(threshold=_threshold(value.decode("latin-1")))
    return Overrides()


def _threshold(text: str) -> float:
    try:
        threshold = float(text)
    except ValueError:
        threshold = -1.0
    if not 0 <= threshold <= 2:  # NaN fails this too; more than 1 means "never the cloud"
        raise RequestError(
            f"Header {THRESHOLD_HEADER} must be a number from 0 (all to the cloud) to 1; got {text!r}.",
            param=THRESHOLD_HEADER,
            code="invalid_value",
        )
    return threshold
