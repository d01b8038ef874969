"""Refuses requests to an HTTP server on this machine that a page of another web site sent.

A browser sends a page's requests to any address that it can reach, but lets the page read only answers from its own
origin. Three attacks get around that, and are stopped here:

- DNS rebinding: the page's host name is pointed at this machine, so that both have the same origin. The Host header
  still has that name, so only names of this server are accepted. Addresses are always accepted: rebinding needs a name.
- Sending without reading, which is enough to spend money: `Origin` and `Sec-Fetch-Site` name the site of the page.
- Sending a form, which needs no preflight request: a body must be declared to be JSON, which a form cannot do.

References
----------
.. [1] Fetch standard, "CORS-safelisted request-header", https://fetch.spec.whatwg.org/
.. [2] Jackson et al., "Protecting browsers from DNS rebinding attacks", ACM CCS 2007.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from functools import lru_cache

from models.redaction.plain_text import plain_text
from models.wire.errors import ForbiddenError, NotJsonError, RequestError

ANY_NAME = "*"

Header = tuple[bytes, bytes]

FIXED_HEADERS: tuple[Header, Header] = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
"""Headers of every response: no guessing of content types, no caching."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing and spend nothing."""

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

OUR_PAGES = (b"same-origin", b"none")
"""Values of `Sec-Fetch-Site` for a page of this server, and for a request that no page made."""

MAX_HOST_BYTES = 260
"""A name has at most 253 characters; a colon and a port may follow."""

CACHED_HOSTS = 256
SHOWN_CHARS = 100

_HOST = re.compile(r"(\[[0-9a-z:.%]+\]|[a-z0-9_.-]+)(?::(\d{0,5}))?")
_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?")
_DEFAULT_PORTS = ("", "80", "443")
_SCHEME_PORTS = {"http": "80", "https": "443"}


class HostCheck:
    """Accepts or refuses requests by their headers.

    Parameters
    ----------
    names : iterable of str
        Host names of this server beside localhost and addresses; ``*.example.org`` stands for all names below that one,
        ``*`` for every name.
    hint : str
        How the operator adds a name, for the error message.
    origins : iterable of str
        Origins of other sites whose pages may call this server, as `normalise_origin` gives them; ``*`` stands for all.
    origin_hint : str
        How the operator adds an origin, for the error message.
    """

    def __init__(self, names: Iterable[str], hint: str, origins: Iterable[str] = (), origin_hint: str = "") -> None:
        self._names = frozenset(map(normalise_name, names))
        self._hint = hint
        self._origins = frozenset(origins)
        self._origin_hint = origin_hint
        self._is_own_host_cached = lru_cache(CACHED_HOSTS)(self._is_own_host)

    def check(self, method: str, headers: Sequence[Header]) -> None:
        """Return if a request is accepted.

        Raises
        ------
        RequestError
            If it has no valid Host header.
        ForbiddenError
            If it is for another host name, or comes from a page of another web site.
        """
        values = dict(headers)
        host = values.get(b"host")
        if host is None or len(values) < len(headers):
            host = _only_host(headers)
        self._check_host(host)
        if method not in SAFE_METHODS and (b"origin" in values or b"sec-fetch-site" in values):
            self._check_site(host, _joined(headers, b"origin"), _joined(headers, b"sec-fetch-site"))

    def _check_site(self, host: bytes, origin: bytes | None, site: bytes | None) -> None:
        if origin is not None and self._origins and self._allows(origin.decode("latin-1")):
            return
        if why := _why_foreign(host, origin, site):
            raise ForbiddenError(
                f"A page of another web site may not use or change anything here ({why}).{self._origin_hint}"
            )

    def _allows(self, origin: str) -> bool:
        return origin in self._origins or ANY_NAME in self._origins

    def _check_host(self, host: bytes) -> None:
        if len(host) > MAX_HOST_BYTES:
            raise _malformed(host)
        if not self._is_own_host_cached(host):
            shown = host.decode("ascii")
            raise ForbiddenError(f"This server is not called {shown!r}: {self._hint}")

    def _is_own_host(self, host: bytes) -> bool:
        """Whether a Host header means this server. Results are cached, since the same few come again and again."""
        name, _ = split_host(host)
        if ANY_NAME in self._names or name == "localhost" or name.endswith(".localhost") or is_address(name):
            return True
        return name in self._names or any(name.endswith(each[1:]) for each in self._names if each.startswith("*."))


def _only_host(headers: Sequence[Header]) -> bytes:
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        raise RequestError(f"Exactly one Host header is needed; the request has {len(hosts)}.", code="invalid_host")
    return hosts[0]


def _joined(headers: Sequence[Header], wanted: bytes) -> bytes | None:
    """A header's value; several values are joined, so that none counts alone."""
    values = [value for name, value in headers if name == wanted]
    return b", ".join(values) if values else None


def _why_foreign(host: bytes, origin: bytes | None, site: bytes | None) -> str | None:
    """What says that a page of another site sent a request; None for programs and for pages of this server.

    A browser that says "same-origin" compared both itself, before a proxy could change the Host header.
    """
    if site is not None and site not in OUR_PAGES:
        return f"sec-fetch-site: {_shown(site)}"
    if origin == b"null":
        return "origin: null"
    if origin is None or site == b"same-origin":
        return None
    _, _, origin_host = origin.partition(b"://")
    if _authority(origin_host) == _authority(host):
        return None
    return f"its origin is {_shown(origin)}, this server is {_shown(host)}; a proxy must pass on the Host header"


def _authority(value: bytes) -> tuple[str, str] | None:
    try:
        name, port = split_host(value)
    except RequestError:
        return None
    return name, "" if port in _DEFAULT_PORTS else port


def check_json(headers: Iterable[Header]) -> None:
    """Accept a body that is declared to be JSON.

    Raises
    ------
    NotJsonError
        If it is declared to be anything else, or not declared.
    """
    kinds = [value for name, value in headers if name == b"content-type"]
    if len(kinds) != 1 or not _is_json(kinds[0]):
        stated = _shown(b", ".join(kinds)) if kinds else "none"
        raise NotJsonError(
            f"Send JSON with the header 'content-type: application/json'; the content type was {stated}."
        )


@lru_cache(CACHED_HOSTS)
def _is_json(kind: bytes) -> bool:
    kind = kind.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def split_host(host: bytes) -> tuple[str, str]:
    """Name and port of a Host header, normalised: lower case, without the dot at the end of a full name.

    Raises
    ------
    RequestError
        If the header is malformed, for example with a user name in it.

    >>> split_host(b"LocalHost.:8000")
    ('localhost', '8000')
    >>> split_host(b"[::1]")
    ('[::1]', '')
    """
    match = _HOST.fullmatch(host.decode("latin-1").lower())
    if match is None:
        raise _malformed(host)
    return match[1].removesuffix("."), match[2] or ""


def is_address(name: str) -> bool:
    """Whether a host is an IP address and not a name.

    >>> is_address("[::1]"), is_address("10.0.0.7"), is_address("evil.example")
    (True, True, False)
    """
    bare = name[1:-1] if name.startswith("[") else name
    try:
        return name.startswith("[") == isinstance(ipaddress.ip_address(bare), ipaddress.IPv6Address)
    except ValueError:
        return False


def host_as_name(host: str) -> list[str]:
    """The host that a server listens on, as a list of names: empty if it is an address.

    >>> host_as_name("gate.example.org"), host_as_name("::"), host_as_name("0.0.0.0")
    (['gate.example.org'], [], [])
    """
    return [] if not host or ":" in host or is_address(host) else [host]


def is_reachable_from_outside(host: str) -> bool:
    """Whether other machines may reach a server that listens on `host`, an address or a name.

    A name that cannot be resolved counts as reachable, since it may resolve later.

    >>> [is_reachable_from_outside(host) for host in ("127.0.0.1", "::ffff:127.0.0.1", "::", "")]
    [False, False, True, True]
    """
    try:
        addresses = {str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(host, None)} if host else set()
    except (OSError, UnicodeError):
        return True
    return not addresses or not all(map(_is_loopback, addresses))


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


def normalise_name(name: str) -> str:
    """A configured host name in the form in which Host headers are compared with it.

    Raises
    ------
    ValueError
        If it is not a bare name; the message says how to fix it.
    """
    normal = name.strip().lower().removesuffix(".")
    if normal != ANY_NAME and not is_address(normal) and not _NAME.fullmatch(normal):
        raise ValueError(
            f"{name!r} should be a bare name such as gate.example.org, *.example.org for all below it, or * for any: "
            "no scheme, no port, no path"
        )
    return normal


def normalise_origin(origin: str) -> str:
    """A configured origin as browsers send it, or ``*``.

    Raises
    ------
    ValueError
        If it is none; the message says how to fix it.

    >>> normalise_origin("https://App.example.org:443/"), normalise_origin("http://localhost:3000")
    ('https://app.example.org', 'http://localhost:3000')
    """
    normal = origin.strip().lower().removesuffix("/")
    if normal == ANY_NAME:
        return normal
    match = _ORIGIN.fullmatch(normal)
    if match is None:
        raise ValueError(
            f"{origin!r} should be an origin such as https://app.example.org or http://localhost:3000, or * for any: "
            "a scheme, a name, perhaps a port, no path"
        )
    scheme, name, port = match.groups()
    return f"{scheme}://{name}" if port in (None, _SCHEME_PORTS.get(scheme)) else f"{scheme}://{name}:{port}"


def add_fixed_headers(headers: list[Header]) -> list[Header]:
    """A response's headers and those of `FIXED_HEADERS` that it does not set itself."""
    present = dict(headers)
    return [*headers, *[pair for pair in FIXED_HEADERS if pair[0] not in present]]


def _malformed(host: bytes) -> RequestError:
    return RequestError(f"The Host header {_shown(host)!r} is no name or address.", code="invalid_host")


def _shown(value: bytes) -> str:
    return plain_text(value.decode("latin-1"), SHOWN_CHARS)
