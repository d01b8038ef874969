"""Keeps other web sites from changing anything here through an operator's browser."""

import ipaddress

from starlette.requests import Request

from gateway.errors import ForbiddenError

ACROSS = "A page of another web site may not change anything here"


def require_same_site(request: Request, *, has_key: bool) -> None:
    """Let through what a program or a page of our own sends; a browser says of each call which page it came from.

    Without a key, a name that somebody else may have pointed at this machine is not trusted either: their page would be
    "the same site" (DNS rebinding).

    Raises
    ------
    ForbiddenError
        If the call came from elsewhere.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForbiddenError(f"{ACROSS} (sec-fetch-site: {site}).")
    elif (origin := request.headers.get("origin")) is not None:
        host = request.headers.get("host", "")
        if origin.partition("://")[2] != host:
            raise ForbiddenError(
                f"{ACROSS}: it came from {origin}, this is {host}. A proxy must pass on the Host header."
            )
    if not has_key and not _is_own(request.url.hostname or ""):
        raise ForbiddenError(
            f"Without SLIMGATE_API_KEY nothing can be changed under the name {request.url.hostname!r}: "
            "set a key, or use the address 127.0.0.1 or localhost."
        )


def require_json(request: Request) -> None:
    """A form of another site can send text, but not JSON.

    Raises
    ------
    ForbiddenError
        If the body is declared to be anything else.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ForbiddenError("Send the header content-type: application/json.")


def _is_own(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
