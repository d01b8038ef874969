"""Two gateways behind nginx, and HAProxy, with the shipped configurations: nothing is kept back, lost or doubled."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.servers import children
from gateway.process.server import LINGER_S
from tests.deploy.reverse_proxies import RUNNING, free_port
from tests.live import wait_for
from tests.process import Command, running_command
from tests.provider import WORDS, Provider, running_provider

pytestmark = pytest.mark.slow

KEY = "sk-of-the-administrator"
AUTHORIZED = {"authorization": f"Bearer {KEY}"}
DRAIN_S = 1.5


class Site:
    """Two gateways over one database behind a proxy, and the provider that they ask."""

    def __init__(self, url: str, gateways: list[Command], provider: Provider, database: Path) -> None:
        self.url, self.gateways, self.provider, self.database = url, gateways, provider, database

    def ask(self, *, stream: bool = False, **headers: str) -> httpx.Response:
        body = {"model": "auto", "stream": stream, "messages": [{"role": "user", "content": "hello"}]}
        return httpx.post(f"{self.url}/v1/chat/completions", json=body, headers={**AUTHORIZED, **headers}, timeout=60)

    def rows(self) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.database) as connection:
            return connection.execute("SELECT id, outcome FROM requests").fetchall()


def settings(provider: Provider, folder: Path, drain_s: float) -> dict[str, str]:
    """The environment of both gateways."""
    return {
        "SLIMGATE_API_KEY": KEY,
        "SLIMGATE_SECRET": "one secret for all gateways over a database",
        "SLIMGATE_LOCAL__ENABLED": "false",
        "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
        "SLIMGATE_LEDGER__URL": f"sqlite:///{folder}/ledger.db",
        "SLIMGATE_TRUSTED_PROXIES": '["127.0.0.1"]',
        "SLIMGATE_DRAIN_S": str(drain_s),
    }


@contextmanager
def running_site(kind: str, folder: Path, drain_s: float = DRAIN_S) -> Iterator[Site]:
    with ExitStack() as stack:
        provider = stack.enter_context(running_provider())
        environment = settings(provider, folder, drain_s)
        gateways = [
            stack.enter_context(running_command(state_dir=folder / name, **environment)) for name in ("one", "other")
        ]
        (folder / kind).mkdir()
        ports = [int(gateway.url.rpartition(":")[2]) for gateway in gateways]
        url = stack.enter_context(RUNNING[kind](folder / kind, ports))
        yield Site(url, gateways, provider, folder / "ledger.db")


@pytest.fixture(scope="module", params=list(RUNNING))
def lasting_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(request.param, tmp_path_factory.mktemp(request.param)) as site:
        yield site


@pytest.fixture
def site(lasting_site: Site) -> Iterator[Site]:
    lasting_site.provider.requests.clear()
    lasting_site.provider.hung_up = lasting_site.provider.words_sent = 0
    yield lasting_site
    lasting_site.provider.pause_s = 0.0


@pytest.fixture(params=list(RUNNING))
def own_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with running_site(request.param, tmp_path) as site:
        yield site


def test_words_pass_as_they_come(site: Site) -> None:
    site.provider.pause_s = 0.2
    body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    with httpx.stream("POST", f"{site.url}/v1/chat/completions", json=body, headers=AUTHORIZED, timeout=30) as answer:
        next(line for line in answer.iter_lines() if WORDS[0] in line)
        assert site.provider.words_sent < len(WORDS) - 2


def test_who_hangs_up_ends_the_work(site: Site) -> None:
    site.provider.pause_s = 0.2
    body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    with httpx.stream("POST", f"{site.url}/v1/chat/completions", json=body, headers=AUTHORIZED, timeout=30) as answer:
        chunks = answer.iter_bytes()
        next(chunks)
    wait_for(lambda: site.provider.hung_up == 1)
    assert site.provider.words_sent < len(WORDS)


def test_the_callers_address_is_told_and_cannot_be_made_up(site: Site) -> None:
    transport = httpx.HTTPTransport(local_address="127.0.0.9")
    with httpx.Client(transport=transport, base_url=site.url, timeout=30) as browser:
        forged = {"x-forwarded-for": "203.0.113.5", "origin": site.url}
        opened = browser.post("/v1/session", json={"key": KEY}, headers=forged)
        assert opened.status_code == 200, opened.text
        token = {"x-slimgate-csrf": opened.json()["csrf"], "origin": site.url}
        assert browser.get("/dashboard").status_code == 200
        sessions = browser.get("/v1/sessions").json()["data"]
        assert sessions[0]["address"] == "127.0.0.9"
        moved = browser.post("/v1/threshold", json={"threshold": 0.4}, headers=token)
        assert moved.status_code == 200, moved.text
        elsewhere = browser.post(
            "/v1/threshold", json={"threshold": 0.4}, headers={**token, "origin": "http://evil.example"}
        )
        assert elsewhere.status_code == 403


def test_every_request_has_one_row_and_both_gateways_answer(site: Site) -> None:
    site.provider.pause_s = 0.01
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda number: site.ask(stream=bool(number % 2)), range(60)))
    assert {answer.status_code for answer in answers} == {200}
    ids = {answer.headers["x-request-id"] for answer in answers}
    wait_for(lambda: sum(id in ids for id, _ in site.rows()) == 60)
    assert {outcome for id, outcome in site.rows() if id in ids} == {"ok"}
    assert len(site.provider.requests) == 60
    assert all(any(id in gateway.output for id in ids) for gateway in site.gateways), "one of them got nothing"


def test_metrics_are_not_shown_outside(site: Site) -> None:
    for path in ("/metrics", "/%6detrics", "/%6Detrics?x=1"):
        assert httpx.get(f"{site.url}{path}", headers=AUTHORIZED).status_code == 404, path
    assert httpx.get(f"{site.url}/health/ready").status_code == 200


def test_a_large_body_arrives_and_one_too_large_is_refused(site: Site) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "x" * 8_000_000}]}
    sent = httpx.post(f"{site.url}/v1/chat/completions", json=body, headers=AUTHORIZED, timeout=60)
    assert sent.status_code == 200, sent.text[:200]
    body["messages"] = [{"role": "user", "content": "x" * 34_000_000}]
    with suppress(httpx.WriteError):  # the connection may be closed while the body is still being sent
        refused = httpx.post(f"{site.url}/v1/chat/completions", json=body, headers=AUTHORIZED, timeout=60)
        assert refused.status_code == 413


def test_one_that_is_told_to_stop_loses_nothing(own_site: Site) -> None:
    site = own_site
    answers: list[str] = []
    failures: list[str] = []
    site.provider.pause_s = 0.03
    stop = threading.Event()

    def call(number: int) -> None:
        with httpx.Client(base_url=site.url, headers=AUTHORIZED, timeout=60) as client:
            while not stop.is_set():
                body = {"model": "auto", "stream": bool(number % 2), "messages": [{"role": "user", "content": "hello"}]}
                try:
                    answer = client.post("/v1/chat/completions", json=body)
                    is_whole = answer.text.endswith("[DONE]\n\n") if body["stream"] else '"choices"' in answer.text
                    (answers if answer.status_code == 200 and is_whole else failures).append(answer.text)
                except httpx.HTTPError as exc:
                    failures.append(repr(exc))

    callers = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for caller in callers:
        caller.start()
    time.sleep(1)
    site.gateways[0].signal(signal.SIGTERM)
    site.gateways[0].process.wait(60)
    n_then = len(answers)
    wait_for(lambda: len(answers) > n_then + 50, 30)
    stop.set()
    for caller in callers:
        caller.join(60)
    assert failures == []
    wait_for(lambda: len(site.rows()) == len(answers))
    assert len(site.provider.requests) == len(answers)


@pytest.mark.parametrize("kind", list(RUNNING))
def test_no_request_goes_into_a_connection_that_is_being_closed(kind: str, tmp_path: Path) -> None:
    """The proxy stands still while a gateway closes what is idle, and has requests before it hears of that."""
    drain_s, n_callers = 5.0, 20  # as the README says: no idle connection is kept for so long
    patient = httpx.Limits(keepalive_expiry=60)
    with running_site(kind, tmp_path, drain_s) as site, ExitStack() as stack:
        clients = [
            stack.enter_context(httpx.Client(base_url=site.url, headers=AUTHORIZED, timeout=30, limits=patient))
            for _ in range(n_callers)
        ]
        pool = stack.enter_context(ThreadPoolExecutor(n_callers))
        site.provider.pause_s = 0.05  # all are at work at the same time, so each has a connection
        body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "hello"}]}

        def ask(client: httpx.Client) -> int:
            return client.post("/v1/chat/completions", json=body).status_code

        assert set(pool.map(ask, clients)) == {200}
        site.gateways[0].signal(signal.SIGTERM)
        time.sleep(drain_s + LINGER_S / 2)
        with standing_still(kind):
            asked = [pool.submit(ask, client) for client in clients]
            site.gateways[0].process.wait(60)
        assert [answer.result() for answer in asked] == n_callers * [200]


@pytest.mark.parametrize("kind", list(RUNNING))
def test_one_that_has_come_back_is_asked_though_its_first_answer_has_not_ended(kind: str, tmp_path: Path) -> None:
    """Answers take minutes, and the next gateway is stopped meanwhile."""
    n_asked, port = 30, free_port()
    with running_provider() as provider, ExitStack() as stack:
        provider.pause_s = 0.6
        environment = settings(provider, tmp_path, DRAIN_S)
        staying = stack.enter_context(running_command(state_dir=tmp_path / "other", **environment))
        (tmp_path / kind).mkdir()
        ports = [port, int(staying.url.rpartition(":")[2])]
        site = Site(stack.enter_context(RUNNING[kind](tmp_path / kind, ports)), [], provider, tmp_path / "ledger.db")
        pool = stack.enter_context(ThreadPoolExecutor(2 * n_asked))

        def ask() -> Future[httpx.Response]:
            time.sleep(0.1)
            return pool.submit(site.ask, stream=True)

        asked = [ask() for _ in range(3)]  # the proxy has found out that one is away
        back = stack.enter_context(running_command("--port", str(port), state_dir=tmp_path / "one", **environment))
        deadline = time.monotonic() + 30
        while not _has_connection(back, provider) and time.monotonic() < deadline:
            asked.append(ask())
        staying.signal(signal.SIGTERM)
        asked += [ask() for _ in range(n_asked)]
        assert [answer.result().status_code for answer in asked] == len(asked) * [200]


@contextmanager
def standing_still(program: str) -> Iterator[None]:
    """The processes of that name that this test has started are stopped for a while."""
    mine = [pid for pid in descendants(os.getpid()) if Path(f"/proc/{pid}/comm").read_text().strip() == program]
    assert mine
    for pid in mine:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in mine:
            os.kill(pid, signal.SIGCONT)


def descendants(pid: int) -> Iterator[int]:
    for child in children(pid):
        yield child
        yield from descendants(child)


def test_what_may_have_been_read_is_never_sent_again(own_site: Site) -> None:
    site = own_site
    site.provider.always = "silence"
    answers: list[int] = []
    caller = threading.Thread(target=lambda: answers.append(site.ask().status_code))
    caller.start()
    wait_for(lambda: len(site.provider.requests) == 1)
    for gateway in site.gateways:
        if "req_" in gateway.output or _has_connection(gateway, site.provider):
            gateway.process.kill()
    caller.join(60)
    assert answers[0] in (502, 503)
    assert len(site.provider.requests) == 1


def _has_connection(gateway: Command, provider: Provider) -> bool:
    """Whether that process is connected with the provider."""
    wanted = f":{provider.port:04X}"
    sockets = Path(f"/proc/{gateway.process.pid}/net/tcp").read_text().splitlines()[1:]
    inodes = {line.split()[9] for line in sockets if line.split()[2].endswith(wanted)}
    links = [str(link.readlink()) for link in Path(f"/proc/{gateway.process.pid}/fd").iterdir()]
    return any(link.removeprefix("socket:[").rstrip("]") in inodes for link in links)
