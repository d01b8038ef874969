"""What a caller sees of the ledger: as if nobody else's requests were in it, at every endpoint.

Who calls is named by a header where the same caller asks several gateways; one test has a real key.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, func, select
from starlette.types import Scope

from gateway.config.settings import Settings
from gateway.endpoints.visible import scope_of
from gateway.keys.caller import Caller, caller_of
from gateway.keys.terms import Role, Sees
from gateway.ledger import LedgerRow
from gateway.ledger.schema import FEEDBACK
from tests.conftest import MakeGateway
from tests.gateway import seed
from tests.live import Gateway, running_gateway

HEADER = "x-test-caller"
CALLERS = {
    "own": Caller("key_own", "own", Role.VIEWER, Sees.OWN, "shop"),
    "team": Caller("key_own", "own", Role.VIEWER, Sees.TEAM, "shop"),
    "stranger": Caller("key_new", "new", Role.VIEWER, Sees.OWN),
    "all": Caller("key_boss", "boss", Role.VIEWER, Sees.ALL),
}
END_MS = 1_790_000_000_000
SPAN = {"since": "2026-09-01T00:00:00Z", "until": "2026-09-22T00:00:00Z"}
ASKED = {
    "/v1/usage": [{"by": by} for by in ("key", "team", "tag", "session")],
    "/v1/usage/chargeback.csv": [{"month": "2026-09"}],
    "/v1/decisions": [{}, {"key_id": "key_other"}, {"team": "lab"}, {"tag": "secret"}, {"session_id": "s1"}],
    "/v1/threshold/flips": [{"candidate": "0.3"}],
}
"""What is asked of endpoints that take more than a span."""

EVERYBODYS = {
    "/metrics",
    "/v1/exam",
    "/v1/exam/{key}",
    "/v1/ledger/set-aside",
    "/v1/status",
    "/v1/threshold",
    "/v1/threshold/curve",
    "/v1/threshold/flips",
}
"""Endpoints whose figures cannot be told apart by caller."""

OF_NO_REQUEST = {"/v1/models", "/v1/models/{name}"}
"""Endpoints that say when the gateway was started."""


def owned(rows: Iterable[LedgerRow]) -> Iterator[LedgerRow]:
    owners = [("key_own", "shop", '["prod"]'), ("key_mate", "shop", '["prod"]'), ("key_other", "lab", '["secret"]')]
    for number, row in enumerate(rows):
        key, team, tags = owners[number % 3]
        yield replace(row, key_id=key, team=team, tags=tags, session_id=f"s{number % 4}", end_user=f"user of {key}")


ROWS = list(owned(seed.traffic(300, END_MS, days=10)))
IDS = {key: next(row.id for row in ROWS if row.key_id == key) for key in ("key_own", "key_mate", "key_other")}


def caller_by_header(scope: Scope) -> Caller:
    names = [value.decode() for name, value in scope["headers"] if name == HEADER.encode()]
    return CALLERS[names[0]] if names else caller_of(scope)


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Gateway]]:
    """By caller: a gateway whose ledger holds only what that caller may see."""
    with ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(
            "gateway.endpoints.visible.caller_of", caller_by_header
        )
        running = {}
        for name, caller in CALLERS.items():
            state_dir: Path = tmp_path_factory.mktemp(name)
            seed.write(state_dir / "ledger.db", [row for row in ROWS if scope_of(caller).has(row)])
            settings = Settings(
                state_dir=state_dir, local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}
            )
            running[name] = stack.enter_context(running_gateway(settings))
        yield running


def ask(gateway: Gateway, path: str, caller: str, **params: str) -> httpx.Response:
    return httpx.get(gateway.url + path, params=params, headers={HEADER: caller}, timeout=30)


def paths(gateway: Gateway) -> list[str]:
    described = gateway.app.openapi()["paths"]
    return sorted(path for path, methods in described.items() if "get" in methods)


def questions(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What is asked of one endpoint: paths with their parameters, of requests of one's own and of others."""
    for params in ASKED.get(path, [{}]):
        for id in IDS.values() if "{id}" in path else [""]:
            yield re.sub(r"\{\w+\}", id or "x", path), {**SPAN, **params}


@pytest.mark.parametrize("caller", ["own", "team", "stranger"])
def test_no_endpoint_says_more_than_if_others_had_never_called(gateways: Mapping[str, Gateway], caller: str) -> None:
    refused, told = set(), set()
    for path in paths(gateways["all"]):
        for at, params in questions(path):
            answer, alone = (ask(gateways[name], at, caller, **params) for name in ("all", caller))
            if answer.status_code == 403:
                refused.add(path)
                assert "sees all" in answer.json()["error"]["message"]
            elif path not in OF_NO_REQUEST:
                assert (answer.status_code, answer.content) == (alone.status_code, alone.content)
                told |= {path} if answer.status_code == 200 else set()
    assert refused == EVERYBODYS
    assert told >= {"/v1/decisions", "/v1/latency", "/v1/savings", "/v1/savings/timeline", "/v1/usage"}


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        ("own", {"key_own"}),
        ("team", {"key_own", "key_mate"}),
        ("stranger", set()),
        ("all", {"key_own", "key_mate", "key_other"}),
    ],
)
def test_rows_usage_and_exports_are_those_of_the_keys_that_a_caller_sees(
    gateways: Mapping[str, Gateway], caller: str, seen: set[str]
) -> None:
    gateway = gateways["all"]
    rows = ask(gateway, "/v1/decisions", caller, limit="1000").json()["data"]
    assert {row["id"] for row in rows} == {row.id for row in ROWS if row.key_id in seen}
    export = ask(gateway, "/v1/decisions/export", caller, format="json").text
    assert export.count("\n") == len(rows)
    usage = ask(gateway, "/v1/usage", caller).json()["data"]
    assert {item["id"] for item in usage} == seen
    statuses = {key: ask(gateway, f"/v1/decisions/{id}", caller).status_code for key, id in IDS.items()}
    assert statuses == {key: 200 if key in seen else 404 for key in IDS}


def test_feedback_on_what_is_not_ones_own_finds_nothing_and_keeps_nothing(gateways: Mapping[str, Gateway]) -> None:
    gateway = gateways["all"]

    def say(caller: str, id: str) -> int:
        body = {"request_id": id, "ok": True}
        return httpx.post(f"{gateway.url}/v1/feedback", json=body, headers={HEADER: caller}, timeout=30).status_code

    assert [say("own", IDS[key]) for key in ("key_other", "key_mate", "key_own")] == [404, 404, 200]
    assert [say("team", IDS[key]) for key in ("key_other", "key_mate")] == [404, 200]
    engine = create_engine(gateway.settings.ledger_url)
    with engine.connect() as connection:
        kept = connection.execute(select(func.count()).select_from(FEEDBACK)).scalar_one()
    engine.dispose()
    assert kept == 2


@pytest.mark.parametrize(("by", "first", "second"), [("key", 2, 1), ("session", 2, 2)])
def test_pages_of_usage_follow_each_other(gateways: Mapping[str, Gateway], by: str, first: int, second: int) -> None:
    page = ask(gateways["all"], "/v1/usage", "all", by=by, limit="2").json()
    assert len(page["data"]) == first
    following = ask(gateways["all"], "/v1/usage", "all", by=by, limit="2", after=page["next"]).json()
    assert len(following["data"]) == second
    assert not [item for item in following["data"] if item in page["data"]]


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 30, "²"])
def test_a_place_that_no_page_gave_is_refused(gateways: Mapping[str, Gateway], after: str) -> None:
    answer = ask(gateways["all"], "/v1/usage", "all", after=after)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "after")


def test_a_real_key_sees_its_own(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}, api_key="sk-admin")
    as_admin = {"authorization": "Bearer sk-admin"}
    wanted = {"name": "looks", "role": "viewer", "team": "shop"}
    key = httpx.post(f"{gateway.url}/v1/keys", json=wanted, headers=as_admin).raise_for_status().json()
    rows = [replace(row, key_id=key["id"] if row.key_id == "key_own" else row.key_id) for row in ROWS]
    seed.write(gateway.settings.state_dir / "ledger.db", rows)

    def told(path: str, headers: dict[str, str]) -> Any:
        return httpx.get(gateway.url + path, headers=headers, timeout=30).json()

    own = {"authorization": f"Bearer {key['secret']}"}
    (usage,) = told("/v1/usage", own)["data"]
    assert (usage["id"], usage["name"], usage["requests"]) == (key["id"], "looks", 100)
    assert told("/v1/savings", own)["requests"] == 100
    assert told("/v1/savings", as_admin)["requests"] == 300
    assert told("/v1/status", own)["error"]["code"] == "forbidden"
    assert told(f"/v1/decisions/{IDS['key_mate']}", own)["error"]["code"] == "request_not_found"


@pytest.mark.parametrize(
    ("sees", "team", "account"),
    [
        (Sees.OWN, "shop", "key:k"),
        (Sees.TEAM, "shop", "team:shop"),
        (Sees.TEAM, "", "key:k"),
        (Sees.ALL, "", "all"),
    ],
)
def test_a_caller_sees_its_own_unless_it_was_made_to_see_more(sees: Sees, team: str, account: str) -> None:
    assert scope_of(Caller("k", "k", Role.VIEWER, sees, team)).account == account
