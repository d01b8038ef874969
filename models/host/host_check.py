"""Who may knock at an HTTP server on this machine: the names it is called by, and what a web page may not do.

A browser sends whatever a page tells it to, to any address that it can reach; it reads answers only to the page's own
origin. A page has three ways around that, and here they end:

- its name is pointed at this machine, and its origin is then ours (DNS rebinding): the Host header still says that
  name, so it must be one of ours. An address is always ours: rebinding needs a name;
- it sends without reading, which is enough to spend money: `Origin` and `Sec-Fetch-Site` say where it came from;
- it sends a form, for which a browser asks nobody first: a body must be declared JSON, which a form cannot be.

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
"""What every answer carries: it is what it says it is, and nobody keeps it."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that neither change nor spend anything."""

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

OUR_PAGES = (b"same-origin", b"none")
"""What `Sec-Fetch-Site` says of a page of ours, and of what the user does without any page."""

MAX_HOST_BYTES = 260
"""A name has at most 253 characters; a colon and a port follow."""

CACHED_HOSTS = 256
SHOWN_CHARS = 100

_HOST = re.compile(r"(\[[0-9a-z:.%]+\]|[a-z0-9_.-]+)(?::(\d{0,5}))?")
_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_DEFAULT_PORTS = ("", "80", "443")


class HostCheck:
    """Judges requests by their headers alone.

    Parameters
    ----------
    names : iterable of str
        What this server is called beside localhost and its addresses; ``*.example.org`` stands for all names below
        that one, ``*`` for every name.
    cure : str
        How the operator adds a name, for the message.
    """

    def __init__(self, names: Iterable[str], cure: str) -> None:
        self._names = frozenset(map(normalise_name, names))
        self._cure = cure
        self._is_ours = lru_cache(CACHED_HOSTS)(self._judge)

    def check(self, method: str, headers: Sequence[Header]) -> None:
        """Let a request through.

        Raises
        ------
        RequestError
            If it does not say whom it is for.
        ForbiddenError
            If it is for somebody else, or comes from a page of somebody else.
        """
        said = dict(headers)
        host = said.get(b"host")
        if host is None or len(said) < len(headers):
            host = _only_host(headers)
        self._check_host(host)
        if method not in SAFE_METHODS and (b"origin" in said or b"sec-fetch-site" in said):
            _check_page(host, _all(headers, b"origin"), _all(headers, b"sec-fetch-site"))

    def _check_host(self, host: bytes) -> None:
        if len(host) > MAX_HOST_BYTES:
            raise _malformed(host)
        if not self._is_ours(host):
            shown = host.decode("ascii")
            raise ForbiddenError(f"This server is not called {shown!r}: {self._cure}")

    def _judge(self, host: bytes) -> bool:
        """Whether a Host header means this server; remembered, since the same few come again and again."""
        name, _ = split_host(host)
        if ANY_NAME in self._names or name == "localhost" or name.endswith(".localhost") or is_address(name):
            return True
        return name in self._names or any(name.endswith(each[1:]) for each in self._names if each.startswith("*."))


def _only_host(headers: Sequence[Header]) -> bytes:
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        raise RequestError(f"Exactly one Host header is needed, and {len(hosts)} came.", code="invalid_host")
    return hosts[0]


def _all(headers: Sequence[Header], wanted: bytes) -> bytes | None:
    """A header's value; of several, none alone counts."""
    values = [value for name, value in headers if name == wanted]
    return b", ".join(values) if values else None


def _check_page(host: bytes, origin: bytes | None, site: bytes | None) -> None:
    """Let through what a program or a page of our own sends.

    A browser that says "same origin" has compared the two itself, before a proxy wrote another Host.
    """
    if site is not None and site not in OUR_PAGES:
        raise _other_site(f"sec-fetch-site: {_shown(site)}")
    if origin == b"null":
        raise _other_site("origin: null")
    if origin is None or site == b"same-origin":
        return
    _, _, theirs = origin.partition(b"://")
    if _authority(theirs) != _authority(host):
        raise _other_site(
            f"it came from {_shown(origin)}, this is {_shown(host)}; a proxy must pass on the Host header"
        )


def _authority(value: bytes) -> tuple[str, str] | None:
    try:
        name, port = split_host(value)
    except RequestError:
        return None
    return name, "" if port in _DEFAULT_PORTS else port


def check_json(headers: Iterable[Header]) -> None:
    """Let a body through that is declared to be JSON.

    Raises
    ------
    NotJsonError
        If it is declared to be anything else, or nothing.
    """
    kinds = [value for name, value in headers if name == b"content-type"]
    if len(kinds) != 1 or not _is_json(kinds[0]):
        said = _shown(b", ".join(kinds)) if kinds else "none"
        raise NotJsonError(f"Send JSON, with the header 'content-type: application/json'; the content type was {said}.")


@lru_cache(CACHED_HOSTS)
def _is_json(kind: bytes) -> bool:
    kind = kind.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def split_host(host: bytes) -> tuple[str, str]:
    """Name and port of a Host header, as they compare: lower case, without the dot that ends a full name.

    Raises
    ------
    RequestError
        If it is none: with a user in it, say.

    >>> split_host(b"LocalHost.:8000")
    ('localhost', '8000')
    >>> split_host(b"[::1]")
    ('[::1]', '')
    """
    found = _HOST.fullmatch(host.decode("latin-1").lower())
    if found is None:
        raise _malformed(host)
    return found[1].removesuffix("."), found[2] or ""


def is_address(name: str) -> bool:
    """Whether a host is an address and not a name.

    >>> is_address("[::1]"), is_address("10.0.0.7"), is_address("evil.example")
    (True, True, False)
    """
    bare = name[1:-1] if name.startswith("[") else name
    try:
        return name.startswith("[") == isinstance(ipaddress.ip_address(bare), ipaddress.IPv6Address)
    except ValueError:
        return False


def host_as_name(host: str) -> list[str]:
    """The name in `host`, what a server listens at, if it is one.

    >>> host_as_name("gate.example.org"), host_as_name("::"), host_as_name("0.0.0.0")
    (['gate.example.org'], [], [])
    """
    return [] if not host or ":" in host or is_address(host) else [host]


def is_reachable_from_outside(host: str) -> bool:
    """Whether others than this machine may reach a server that listens at `host`, an address or a name.

    What cannot be resolved is taken to be reachable: it may resolve later.

    >>> [is_reachable_from_outside(host) for host in ("127.0.0.1", "::ffff:127.0.0.1", "::", "")]
    [False, False, True, True]
    """
    try:
        found = {str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(host, None)} if host else set()
    except (OSError, UnicodeError):
        return True
    return not found or not all(map(_is_loopback, found))


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


def normalise_name(name: str) -> str:
    """A name as Host headers are compared with it.

    Raises
    ------
    ValueError
        If it is not a bare name, with the cure.
    """
    plain = name.strip().lower().removesuffix(".")
    if plain != ANY_NAME and not is_address(plain) and not _NAME.fullmatch(plain):
        raise ValueError(
            f"{name!r} should be a bare name such as gate.example.org, *.example.org for all below it, or * for any: "
            "no scheme, no port, no path"
        )
    return plain


def add_fixed_headers(headers: list[Header]) -> list[Header]:
    """An answer's headers with `FIXED_HEADERS`, except those that it brings itself."""
    brought = dict(headers)
    return [*headers, *[pair for pair in FIXED_HEADERS if pair[0] not in brought]]


def _malformed(host: bytes) -> RequestError:
    return RequestError(f"The Host header {_shown(host)!r} is no name or address.", code="invalid_host")


def _other_site(why: str) -> ForbiddenError:
    return ForbiddenError(f"A page of another web site may not use or change anything here ({why}).")


def _shown(value: bytes) -> str:
    return plain_text(value.decode("latin-1"), SHOWN_CHARS)
