"""A session that had to stay here once stays, in every gateway over one database; the cloud counts what arrives."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from gateway.config.settings import Settings
from gateway.dispatch.private_sessions import BY_SESSION, SEEN_EVERY_MS, UNUSED_MS, PrivateSessions
from gateway.ledger import Ledger
from gateway.ledger.units import now_ms
from tests.gateway.test_privacy import MAIL, PRIVATE, Lane, user
from tests.live import running_gateway, wait_for
from tests.provider import running_provider

FOUND = "the detector found: email"
NOT_READ = "it is not known whether"
OLD, NEW = "old" * 11, "new" * 11


class Pair:
    """Two gateways over one database, between one local server and one cloud."""

    def __init__(self, lanes: list[Lane], database: Path) -> None:
        self.lanes, self.database = lanes, database

    @property
    def cloud_requests(self) -> int:
        return len(self.lanes[0].cloud.requests)

    def execute(self, statement: str) -> list[Any]:
        engine = create_engine(f"sqlite:///{self.database}")
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            rows = list(result) if result.returns_rows else []
        engine.dispose()
        return rows

    @contextmanager
    def without_table(self) -> Iterator[None]:
        """As if the database were away for all that asks it for sessions."""
        self.execute("ALTER TABLE private_sessions RENAME TO put_away")
        try:
            yield
        finally:
            self.execute("ALTER TABLE put_away RENAME TO private_sessions")


@pytest.fixture(scope="module")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    with ExitStack() as stack:
        local, cloud = stack.enter_context(running_provider()), stack.enter_context(running_provider())
        lanes = []
        for name in ("one", "other"):
            settings = Settings(
                state_dir=folder / name,
                secret="the same secret for both of them",
                ledger={"url": f"sqlite:///{folder / 'ledger.db'}"},
                local={"base_url": local.base_url},
                cloud={"base_url": cloud.base_url, "retries": 0, "breaker_failures": 1000},
                privacy={"detect": ["email"]},
                router={"threshold": 0.0},
                embeddings={"backend": "cloud", "model": "vectors"},
            )
            gateway = stack.enter_context(running_gateway(settings))
            gateway.wait_ready()
            lanes.append(Lane(gateway, local, cloud))
        yield Pair(lanes, folder / "ledger.db")


@pytest.fixture
def pair(_pair: Pair) -> Pair:
    _pair.lanes[0].cloud.requests.clear()
    return _pair


def route_of(answer: httpx.Response) -> tuple[str, str]:
    return answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]


@pytest.mark.parametrize("how", ["detector", "header", "failed"])
def test_it_stays_in_both_gateways_once_a_request_had_to(pair: Pair, how: str) -> None:
    one, other = pair.lanes
    session = {"x-slimgate-session": f"by-{how}"}
    assert route_of(other.chat(session)) == ("cloud", "score")
    assert pair.cloud_requests == 1
    if how == "detector":
        one.chat(session, messages=user(MAIL))
    elif how == "header":
        one.chat(session | PRIVATE)
    else:  # what is refused was not answered, and its text is sent again all the same
        assert one.chat(session | PRIVATE, model="cloud").status_code == 403
    for lane in (one, other, one):
        assert route_of(lane.chat(session)) == ("local", "privacy")
    assert pair.cloud_requests == 1
    assert route_of(other.chat({"x-slimgate-session": "another"})) == ("cloud", "score")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"messages": user("Hello!"), "stream": True}),
        ("completions", {"prompt": "Hello!"}),
        ("responses", {"input": "Hello!"}),
        ("responses/compact", {"input": "Hello!"}),
        ("messages", {"messages": user("Hello!"), "max_tokens": 5}),
        ("embeddings", {"input": "Hello!"}),
        ("route", {"prompt": "Hello!"}),
    ],
)
def test_no_endpoint_leads_out_of_it(pair: Pair, path: str, body: dict[str, Any]) -> None:
    one, other = pair.lanes
    session = {"session_id": "codex-1"}
    one.chat(session | PRIVATE)
    answer = other.post(path, {"model": "auto", **body}, **session)
    assert pair.cloud_requests == 0
    assert (answer.status_code == 403) == (path == "embeddings")
    other.post(path, {"model": "auto", **body}, session_id=f"codex-2-{path}")
    assert pair.cloud_requests == (path != "route")


def test_a_session_that_only_the_body_names_is_one(pair: Pair) -> None:
    one, other = pair.lanes
    metadata = {"user_id": "user_1_account_2_session_3"}
    one.post("messages", {"model": "auto", "messages": user(MAIL), "max_tokens": 5, "metadata": metadata})
    answer = other.post("messages", {"model": "auto", "messages": user("Hi!"), "max_tokens": 5, "metadata": metadata})
    assert (*route_of(answer), pair.cloud_requests) == ("local", "privacy", 0)


def test_the_session_is_named_and_the_database_knows_no_name(pair: Pair) -> None:
    one, other = pair.lanes
    session = {"x-slimgate-session": "my-secret-plan"}
    one.chat(session, messages=user(MAIL))
    explained = other.post("route", {"prompt": "Hello!"}, **session).json()
    assert explained["private"] == BY_SESSION.format("my-secret-plan", FOUND)
    assert all(
        "my-secret-plan" not in id and len(id) == 64 for (id,) in pair.execute("SELECT id FROM private_sessions")
    )


def test_while_the_database_is_away_every_session_stays(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair.lanes
    monkeypatch.setattr("gateway.dispatch.private_sessions.AWAY_S", 0.0)
    with pair.without_table():
        assert route_of(other.chat({"x-slimgate-session": "unknown"})) == ("local", "privacy")
        explained = other.post("route", {"prompt": "Hello!"}, **{"x-slimgate-session": "unknown"}).json()
        assert NOT_READ in explained["private"]
        other.chat({"x-slimgate-session": "kept later"}, messages=user(MAIL))
        assert route_of(other.chat({})) == ("cloud", "score")  # without a session nothing is asked
    assert route_of(other.chat({"x-slimgate-session": "unknown"})) == ("cloud", "score")
    later = {"x-slimgate-session": "kept later"}
    assert route_of(other.chat(later)) == ("local", "privacy")
    wait_for(lambda: route_of(one.chat(later)) == ("local", "privacy"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "spool")
    ledger.start()
    assert ledger.flush()
    yield ledger
    ledger.close()


def sessions_of(ledger: Ledger, tmp_path: Path, secret: str = OLD) -> PrivateSessions:
    return PrivateSessions(ledger, Settings(state_dir=tmp_path, secret=secret))


def settle(sessions: PrivateSessions, why: str | None, caller: str = "key", session: str = "s") -> str | None:
    return asyncio.run(sessions.settle(why, caller, session))


def test_two_callers_may_call_their_sessions_the_same(ledger: Ledger, tmp_path: Path) -> None:
    settle(sessions_of(ledger, tmp_path), FOUND, "a", "bc")
    assert settle(sessions_of(ledger, tmp_path), None, "a", "bc") == BY_SESSION.format("bc", FOUND)
    assert settle(sessions_of(ledger, tmp_path), None, "ab", "c") is None
    assert settle(sessions_of(ledger, tmp_path), None, "b", "bc") is None


def test_a_new_secret_forgets_no_session(ledger: Ledger, tmp_path: Path) -> None:
    settle(sessions_of(ledger, tmp_path, OLD), FOUND)
    assert settle(sessions_of(ledger, tmp_path, NEW), None) is None
    assert settle(sessions_of(ledger, tmp_path, f"{NEW}\n{OLD}"), None) is not None
    assert settle(sessions_of(ledger, tmp_path, NEW), None) is not None  # it was kept again by the new one


def test_what_is_in_use_is_kept_and_the_rest_forgotten(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, begun = sessions_of(ledger, tmp_path), now_ms()
    for session in ("used", "unused"):
        settle(sessions, FOUND, session=session)
    monkeypatch.setattr("gateway.dispatch.private_sessions.now_ms", lambda: begun + SEEN_EVERY_MS + 1000)
    settle(sessions, None, session="used")
    monkeypatch.setattr("gateway.dispatch.private_sessions.now_ms", lambda: begun + UNUSED_MS + SEEN_EVERY_MS // 2)
    sessions._sweep()
    assert settle(sessions_of(ledger, tmp_path), None, session="used") is not None
    assert settle(sessions_of(ledger, tmp_path), None, session="unused") is None
