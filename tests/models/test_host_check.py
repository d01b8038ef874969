"""The host check: names and addresses, pages of other sites, bodies that a form could have sent."""

import pytest

from models.host.host_check import (
    CACHED_HOSTS,
    HostCheck,
    add_fixed_headers,
    check_json,
    is_reachable_from_outside,
    normalise_name,
)
from models.wire.errors import ForbiddenError, NotJsonError, RequestError

OURS = ["localhost", "localhost:8000", "LOCALHOST.:8000", "app.localhost", "127.0.0.1", "127.0.0.1:8000", "10.1.2.3",
        "[::1]", "[::1]:8000", "[::ffff:127.0.0.1]:1", "[fe80::1%eth0]:1", "gate.lan", "GATE.lan.:80",
        "a.b.example.org", "localhost:"]  # fmt: skip

STRANGERS = ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost",
             "example.org", "badexample.org", "gate.lan.evil", "2130706433", "127.1", "0x7f000001", "1.2.3.4.5",
             "[evil]"]  # fmt: skip

MALFORMED = ["", "user@localhost", "user:pass@localhost", "localhost:80:80", "localhost:port", "localhost/path", "a b",
             "localhost,evil.example", "lócalhost", "localhost:123456", "x" * 300, "[::1", "http://localhost",
             "[::1]evil", "::1"]  # fmt: skip


@pytest.fixture
def host_check() -> HostCheck:
    return HostCheck(["gate.lan", "*.example.org"], "the cure.")


def check(host_check: HostCheck, host: str, method: str = "POST", **headers: str) -> None:
    more = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    host_check.check(method, [(b"host", host.encode("latin-1")), *more])


@pytest.mark.parametrize("host", OURS)
def test_own_names_and_addresses_are_accepted(host_check: HostCheck, host: str) -> None:
    check(host_check, host)


@pytest.mark.parametrize("host", STRANGERS)
def test_another_name_is_refused_with_the_hint(host_check: HostCheck, host: str) -> None:
    with pytest.raises(RequestError) as no:
        check(host_check, host, method="GET")
    assert no.value.code == "forbidden"
    assert "the cure" in str(no.value)


@pytest.mark.parametrize("host", MALFORMED)
def test_a_malformed_host_is_refused(host_check: HostCheck, host: str) -> None:
    with pytest.raises(RequestError) as no:
        check(host_check, host)
    assert no.value.code == "invalid_host"


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"], [b"evil.example", b"localhost"]])
def test_exactly_one_host(host_check: HostCheck, hosts: list[bytes]) -> None:
    with pytest.raises(RequestError) as no:
        host_check.check("GET", [(b"host", host) for host in hosts])
    assert no.value.code == "invalid_host"


def test_a_star_accepts_any_name() -> None:
    check(HostCheck(["*"], ""), "evil.example")
    with pytest.raises(RequestError):
        check(HostCheck(["*"], ""), "user@evil.example")


PAGES = [
    ("localhost:8000", {"sec_fetch_site": "same-origin", "origin": "http://localhost:8000"}, True),
    ("localhost:8000", {"sec_fetch_site": "none"}, True),
    ("localhost:8000", {"sec_fetch_site": "cross-site", "origin": "http://evil.example"}, False),
    ("localhost:8000", {"sec_fetch_site": "same-site", "origin": "http://localhost:3000"}, False),
    ("localhost:8000", {"sec_fetch_site": "cross-site"}, False),
    ("localhost:8000", {"origin": "http://localhost:8000"}, True),
    ("localhost", {"origin": "http://localhost"}, True),
    ("gate.lan:443", {"origin": "https://gate.lan"}, True),
    ("localhost:8000", {"origin": "http://LOCALHOST:8000"}, True),
    ("localhost:8000", {"origin": "http://localhost:3000"}, False),
    ("localhost:8000", {"origin": "http://127.0.0.1:8000"}, False),
    ("localhost:8000", {"origin": "http://evil.example"}, False),
    ("localhost:8000", {"origin": "null"}, False),
    ("localhost:8000", {"origin": "null", "sec_fetch_site": "same-origin"}, False),
    ("localhost:8000", {"origin": ""}, False),
    ("localhost:8000", {"origin": "http://user@localhost:8000"}, False),
    # A proxy changed the Host header; the browser had compared it with the origin before.
    ("gate.lan", {"sec_fetch_site": "same-origin", "origin": "https://public.example"}, True),
    ("gate.lan", {"origin": "https://public.example"}, False),
]


@pytest.mark.parametrize(("host", "headers", "passes"), PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_pages_of_other_sites(
    host_check: HostCheck, host: str, headers: dict[str, str], passes: bool, method: str
) -> None:
    if passes:
        check(host_check, host, method, **headers)
        return
    with pytest.raises(ForbiddenError):
        check(host_check, host, method, **headers)
    for reading in ("GET", "HEAD", "OPTIONS"):
        check(host_check, host, reading, **headers)


def test_the_cache_of_names_is_bounded(host_check: HostCheck) -> None:
    for number in range(2 * CACHED_HOSTS):
        check(host_check, f"n{number}.localhost")
    assert host_check._is_own_host_cached.cache_info().currsize == CACHED_HOSTS


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json", " application/json "]
)
def test_json_content_types_are_accepted(kind: str) -> None:
    check_json([(b"content-type", kind.encode())])


@pytest.mark.parametrize(
    "kinds",
    [[], [b""], [b"text/plain"], [b"text/plain; application/json"], [b"application/x-www-form-urlencoded"],
     [b"multipart/form-data; boundary=x+json"], [b"application/json", b"text/plain"], [b"text/plain, application/json"],
     [b"application/jsonp"]],
)  # fmt: skip
def test_content_types_of_forms_are_refused(kinds: list[bytes]) -> None:
    with pytest.raises(NotJsonError, match="content-type: application/json"):
        check_json([(b"content-type", kind) for kind in kinds])


@pytest.mark.parametrize("name", ["http://gate.lan", "gate.lan:8000", "gate.lan/x", "a b", "", "*.*", "x*.lan", "*lan"])
def test_names_must_be_bare(name: str) -> None:
    with pytest.raises(ValueError, match="bare name"):
        normalise_name(name)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "0", "10.0.0.1", "::ffff:0.0.0.0", "::ffff:10.0.0.1", "fe80::1", "no-such-name.invalid"],
)
def test_hosts_that_are_reachable_from_outside(host: str) -> None:
    assert is_reachable_from_outside(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost", "127.1"])
def test_hosts_that_only_this_machine_reaches(host: str) -> None:
    assert not is_reachable_from_outside(host)


def test_fixed_headers_are_added_once() -> None:
    kept = (b"cache-control", b"private")
    assert add_fixed_headers([kept]) == [kept, (b"x-content-type-options", b"nosniff")]
