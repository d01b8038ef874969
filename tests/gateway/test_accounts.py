"""Who used what: equal to the rows added up by hand, whatever the span; and no caller sees what is not its own."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from gateway.config.settings import Settings
from gateway.keys.caller import Caller
from gateway.keys.terms import KeyTerms, Role
from gateway.ledger import LedgerRow
from gateway.ledger.accounts import AccountKind
from gateway.ledger.row import ERRORS
from gateway.ledger.scope import EVERYBODY, LedgerScope
from gateway.ledger.units import epoch_ms
from gateway.record.request_record import RequestRecord
from gateway.reports.accounts import page_of, usage_report
from gateway.reports.chargeback import chargeback, chargeback_csv, month_span
from gateway.reports.csv_cells import harmless
from gateway.reports.decisions import DecisionFilter, filter_choices, find_decisions
from gateway.reports.savings import savings_report
from gateway.reports.sessions import session_report
from gateway.spending.pricing import Pricer
from models.wire.errors import RequestError
from tests.gateway import seed

END = datetime(2026, 3, 30, 12, 34, 56, 789000, tzinfo=UTC)
OWNERS: list[tuple[str | None, str | None, list[str]]] = [
    ("key_web", "shop", ["prod", "eu"]),
    ("key_app", "shop", ["prod"]),
    ("key_lab", "research", []),
    ("key_free", None, ["Prod"]),
    (None, None, []),
]
KEYS = {
    "key_web": ("=web", "ann", "shop", ["prod", "eu"]),
    "key_app": ("app", "@bob", "shop", ["prod"]),
    "key_lab": ("lab", "", "research", []),
}


def owned(rows: Iterable[LedgerRow]) -> Iterator[LedgerRow]:
    """The rows with owners by turns, every second one in a session, which callers name alike."""
    for number, row in enumerate(rows):
        key, team, tags = OWNERS[number % len(OWNERS)]
        session = f"s{number // 50}" if number % 2 else None
        yield replace(row, key_id=key, team=team, tags=json.dumps(tags) if tags else None, session_id=session)


ROWS = list(owned(seed.traffic(2000, epoch_ms(END) or 0, days=10)))
SCOPES = {
    "all": EVERYBODY,
    "team": LedgerScope("team:shop"),
    "key": LedgerScope("key:key_web"),
    "nobody": LedgerScope("key:"),
}
SPANS = {
    "everything": (None, None),
    "days": (END - timedelta(days=3, minutes=7), END - timedelta(hours=1)),
    "minutes": (END - timedelta(minutes=52), END - timedelta(minutes=40)),
    "open end": (END - timedelta(days=2), None),
}
NAMES_OF: dict[str, Callable[[LedgerRow], list[str]]] = {
    "key": lambda row: [row.key_id or ""],
    "team": lambda row: [row.team or ""],
    "tag": lambda row: json.loads(row.tags or "[]"),
}


def add_keys(connection: Connection) -> None:
    insert = text(
        "INSERT INTO api_keys (id, created_ms, name, owner, team, tags, role, sees, terms) "
        "VALUES (:id, 0, :name, :owner, :team, :tags, 'caller', 'own', '{}')"
    )
    for id, (name, owner, team, tags) in KEYS.items():
        connection.execute(insert, {"id": id, "name": name, "owner": owner, "team": team, "tags": json.dumps(tags)})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    seed.write(path, ROWS)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        add_keys(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def within(span: tuple[datetime | None, datetime | None], scope: LedgerScope) -> list[LedgerRow]:
    since, until = (epoch_ms(moment) for moment in span)
    return [row for row in ROWS if (since or 0) <= row.created_ms < (until or 2**60) and scope.has(row)]


def by_hand(rows: Iterable[LedgerRow]) -> dict[str, Any]:
    rows = list(rows)
    priced = [row for row in rows if row.cost_nusd is not None and row.baseline_nusd is not None]
    answered = [row for row in rows if row.completion_tokens]
    paid = sum((row.cost_nusd or 0) + row.deciding_nusd for row in priced)
    baseline = sum(row.baseline_nusd or 0 for row in priced)
    usd = {"paid": paid, "baseline": baseline, "saved": baseline - paid, "spent": sum(r.cost_nusd or 0 for r in rows)}
    return {
        "requests": len(rows),
        "answered": len(answered),
        "answered_locally": sum(row.route == "local" for row in answered),
        "errors": sum(row.outcome in ERRORS for row in rows),
        "prompt_tokens": sum(row.prompt_tokens for row in rows),
        "completion_tokens": sum(row.completion_tokens for row in rows),
        "cached_tokens": sum(row.cached_tokens for row in rows),
        **{f"{name}_usd": f"{Decimal(nusd).scaleb(-9):f}" for name, nusd in usd.items()},
    }


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize("by", ["key", "team", "tag"])
def test_usage_is_what_the_visible_rows_add_up_to(
    connection: Connection, by: AccountKind, scope: LedgerScope, span: tuple[datetime | None, datetime | None]
) -> None:
    expected = defaultdict(list)
    for row in within(span, scope):
        for name in NAMES_OF[by](row):
            expected[name].append(row)
    told = [usage.to_json() for usage in usage_report(connection, by, scope, *span)]
    assert {item["id"] or "": {name: item[name] for name in by_hand([])} for item in told} == {
        name: by_hand(rows) for name, rows in expected.items()
    }
    assert [item["requests"] for item in told] == sorted((item["requests"] for item in told), reverse=True)


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_savings_are_those_of_the_visible_rows(
    connection: Connection, scope: LedgerScope, span: tuple[datetime | None, datetime | None]
) -> None:
    report = savings_report(connection, scope, *span).to_json()
    expected = by_hand(within(span, scope))
    expected.pop("spent_usd")
    assert {name: report[name] for name in expected} == expected


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_sessions_are_told_apart_by_key_and_come_newest_first(connection: Connection, scope: LedgerScope) -> None:
    span, expected = SPANS["days"], defaultdict(list)
    for row in within(span, scope):
        if row.session_id:
            expected[row.session_id, row.key_id].append(row)
    told: list[dict[str, Any]] = []
    next: str | None = "0"
    while next is not None:
        sessions, next = session_report(connection, scope, *span, limit=7, start=int(next))
        told += [session.to_json() for session in sessions]
    assert len(told) == len(expected)
    assert {(item["id"], item["key_id"]): {name: item[name] for name in by_hand([])} for item in told} == {
        id: by_hand(rows) for id, rows in expected.items()
    }
    assert [item["last"] for item in told] == sorted((item["last"] for item in told), reverse=True)


@pytest.mark.parametrize(
    ("filter", "wanted"),
    [
        ({"team": "shop"}, lambda row: row.team == "shop"),
        ({"tag": "prod"}, lambda row: "prod" in json.loads(row.tags or "[]")),
        ({"tag": "pro"}, lambda row: "pro" in json.loads(row.tags or "[]")),
        ({"session_id": "s3"}, lambda row: row.session_id == "s3"),
        ({"session_id": "s3", "key_id": "key_web"}, lambda row: (row.session_id, row.key_id) == ("s3", "key_web")),
    ],
)
def test_decisions_are_found_by_whose_they_are(
    connection: Connection, filter: dict[str, Any], wanted: Callable[[LedgerRow], bool]
) -> None:
    found = find_decisions(connection, DecisionFilter(EVERYBODY, **filter), limit=1000)
    assert {row["id"] for row in found.rows} == {row.id for row in ROWS if wanted(row)}
    assert all(row["tags"] is None or isinstance(row["tags"], list) for row in found.rows)


def test_choices_are_those_of_the_visible_rows(connection: Connection) -> None:
    own = filter_choices(connection, DecisionFilter(LedgerScope("team:shop")))
    assert (own["keys"], own["teams"], own["tags"]) == (["key_app", "key_web"], ["shop"], ["eu", "prod"])
    assert own["key_names"] == {"key_web": "=web", "key_app": "app"}


def test_chargeback_is_one_line_a_key_that_no_spreadsheet_runs(connection: Connection) -> None:
    zone = ZoneInfo("Europe/Stockholm")
    lines = chargeback(connection, EVERYBODY, "2026-03", zone)
    told = list(csv.DictReader(io.StringIO(chargeback_csv(lines))))
    rows = within(month_span("2026-03", zone), EVERYBODY)
    assert {line["key_id"]: int(line["requests"]) for line in told} == {
        key or "": sum(row.key_id == key for row in rows) for key, *_ in OWNERS
    }
    web = next(line for line in told if line["key_id"] == "key_web")
    assert (web["key_name"], web["owner"], web["team"], web["tags"]) == ("'=web", "ann", "shop", "prod eu")
    assert Decimal(web["saved_usd"]) == Decimal(web["baseline_usd"]) - Decimal(web["paid_usd"])
    assert int(web["local"]) + int(web["cloud"]) == by_hand(r for r in rows if r.key_id == "key_web")["answered"]


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "2026", "2026-1", "1999-12", "2200-01", "٢٠٢٦-٠١", "", "2026-01-01"]
)
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(RequestError, match="month"):
        month_span(month, UTC)


def test_months_begin_and_end_on_the_readers_clock() -> None:
    since, until = month_span("2026-12", ZoneInfo("Europe/Stockholm"))
    assert (since.isoformat(), until.isoformat()) == ("2026-12-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00")


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-2*3"])
def test_formulas_become_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-0.25", "12", "0.000000001", "web", "", 7, -7, None, 0.5])
def test_other_cells_stay_what_they_are(cell: Any) -> None:
    assert harmless(cell) == cell


def test_pages_hold_every_item_once() -> None:
    assert page_of([1, 2, 3], 0, 2) == ([1, 2], "2")
    assert page_of([1, 2, 3], 2, 2) == ([3], None)
    assert page_of([1, 2, 3], 9, 2) == ([], None)


@pytest.mark.parametrize(
    ("account", "sees"),
    [
        ("all", {"key_web", "key_app", "key_lab", None}),
        ("team:shop", {"key_web", "key_app"}),
        ("key:key_lab", {"key_lab"}),
    ],
)
def test_a_scope_has_the_rows_that_its_query_finds(connection: Connection, account: str, sees: set[str | None]) -> None:
    scope = LedgerScope(account)
    found = find_decisions(connection, DecisionFilter(scope), limit=3000)
    assert {row["id"] for row in found.rows} == {row.id for row in ROWS if scope.has(row)}
    assert sees <= {row["key_id"] for row in found.rows}


@pytest.mark.parametrize("account", ["key:", "team:"])
def test_a_key_or_team_without_a_name_sees_nothing(connection: Connection, account: str) -> None:
    scope = LedgerScope(account)
    assert find_decisions(connection, DecisionFilter(scope)).rows == []
    assert savings_report(connection, scope).requests == 0
    assert not any(scope.has(row) for row in ROWS)


def test_a_scope_of_another_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        list(LedgerScope("tag:prod").conditions())


@pytest.mark.parametrize(("own", "wanted"), [("gpt-4o-mini", "gpt-4o-mini"), (None, "gpt-4.1")])
def test_savings_of_a_key_are_measured_against_its_own_baseline(own: str | None, wanted: str) -> None:
    pricer = Pricer(Settings(cloud={"model": "gpt-4.1"}))
    record = RequestRecord("chat.completions", caller=Caller("k", "k", Role.CALLER, terms=KeyTerms(baseline_model=own)))
    row = replace(record.row(), route="local", prompt_tokens=1_000_000)
    priced = pricer.price(replace(row))
    usd = {"gpt-4.1": Decimal(2), "gpt-4o-mini": Decimal("0.15")}
    assert (priced.baseline_model, priced.baseline_nusd) == (wanted, int(usd[wanted] * 10**9))
    assert pricer.price(replace(LedgerRow.from_line(row.to_line()))).baseline_model == wanted


def test_postgresql_says_the_same(connection: Connection, postgres: tuple[str, Engine]) -> None:
    _, other = postgres
    seed.write_to(other, ROWS)
    with other.begin() as there:
        add_keys(there)

    def told(connection: Connection) -> list[Any]:
        kinds: list[AccountKind] = ["key", "team", "tag"]
        return [
            *(
                [usage.to_json() for usage in usage_report(connection, kind, scope, *span)]
                for kind in kinds
                for scope in SCOPES.values()
                for span in SPANS.values()
            ),
            *([session.to_json() for session in session_report(connection, scope)[0]] for scope in SCOPES.values()),
            find_decisions(connection, DecisionFilter(EVERYBODY, tag="prod")).rows,
        ]

    with other.connect() as there:
        assert told(there) == told(connection)
