"""Headers of this gateway's own that it does not know, or that come twice: refused, since they are not obeyed.

Whoever misspells the header that keeps a request on this machine must hear of it before the text has left.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.guard import refuse
from gateway.http.overrides import KNOWN_HEADERS
from models.engine.http.asgi import BACKGROUND_HEADER, BLANKS_HEADER, TIME_LIMIT_HEADER
from models.wire.errors import RequestError

_OURS = b"slimgate"
"""What stands in the name of every such header, however its words are joined."""

_ALIKE = 0.85
"""From such a ratio of equal letters on, a name without that is a misspelt one: ``x-slimgat-privacy``."""

_TO_ENGINES = (TIME_LIMIT_HEADER, BLANKS_HEADER.encode(), BACKGROUND_HEADER.encode())
"""What a gateway tells its local side. That may be another gateway, to which it is a hint without a meaning."""

_KNOWN = frozenset((*(name.encode() for name in KNOWN_HEADERS), *_TO_ENGINES))


class RequireKnownHeaders:
    """Refuses calls with a header that is meant for this gateway and has no meaning, or two."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            try:
                check_headers(scope["headers"])
            except RequestError as exc:
                await refuse(exc, scope, receive, send)
                return
        await self._app(scope, receive, send)


def check_headers(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Return if all of this gateway's headers among `headers`, names in lower case, are known and there once.

    Raises
    ------
    RequestError
        Naming the header, and the one that was probably meant.
    """
    ours = [name for name, _ in headers if _is_meant_for_us(name)]
    if not ours:
        return
    for name in ours:
        if name not in _KNOWN:
            raise _unknown(name.decode("latin-1"))
    if twice := next((name.decode() for name in ours if ours.count(name) > 1), None):
        raise RequestError(
            f"Header {twice} is there more than once, and it is not clear which one counts; send it once.",
            param=twice,
            code="invalid_value",
        )


@lru_cache(maxsize=4096)  # comparing takes 50 µs, and clients send the same names again and again
def _is_meant_for_us(name: bytes) -> bool:
    if _OURS in name:
        return True
    letters = _letters(name.decode("latin-1"))
    return any(SequenceMatcher(None, letters, _letters(known)).ratio() >= _ALIKE for known in KNOWN_HEADERS)


def _letters(name: str) -> str:
    return "".join(char for char in name if char.isalpha())


def _unknown(name: str) -> RequestError:
    near = get_close_matches(name.replace("_", "-"), KNOWN_HEADERS, n=1, cutoff=0.0)[0]
    return RequestError(
        f"There is no request header {name!r:.100}, and it would not be obeyed. Did you mean {near}? "
        f"Those that exist: {', '.join(KNOWN_HEADERS)}.",
        param=name[:100],
        code="unknown_header",
    )
