"""Figures over many requests: equal to SQL written by hand, whatever the span, however the rows came in."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from gateway.ledger import Ledger
from gateway.ledger.rollup import SLOT_MS, first_ms
from gateway.ledger.schema import MIGRATIONS, migrate
from gateway.ledger.scope import EVERYBODY, LedgerScope
from gateway.ledger.store import delete_rows_before, insert_rows
from gateway.ledger.units import epoch_ms
from gateway.reports.accounts import usage_report
from gateway.reports.decisions import DecisionFilter, all_decisions, csv_lines, find_decisions
from gateway.reports.explanation import explain_row
from gateway.reports.latency import latency_report
from gateway.reports.savings import savings_report
from gateway.reports.sessions import session_report
from gateway.reports.timeline import edges, timeline
from tests.gateway import seed
from tests.live import wait_for

END = datetime(2026, 3, 30, 12, 34, 56, 789000, tzinfo=UTC)
KEYS = ("web shop", "batch", None)
ROWS = list(seed.traffic(3000, epoch_ms(END) or 0, days=10, keys=KEYS))
QUARTER = timedelta(milliseconds=SLOT_MS)

SPANS = [
    pytest.param(None, None, id="everything"),
    pytest.param(END - timedelta(days=3), None, id="open end"),
    pytest.param(None, END - timedelta(days=3), id="open beginning"),
    pytest.param(END - timedelta(days=7), END - timedelta(hours=1), id="days"),
    pytest.param(END - timedelta(minutes=50), END - timedelta(minutes=40), id="within a quarter or two"),
    pytest.param(END - timedelta(minutes=3), END, id="within one quarter"),
    pytest.param(datetime(2026, 3, 25, tzinfo=UTC), datetime(2026, 3, 26, tzinfo=UTC), id="whole quarters"),
    pytest.param(END, END - timedelta(days=1), id="nothing"),
]

BY_HAND = """
    SELECT
        count(*) AS requests,
        coalesce(sum(completion_tokens > 0), 0) AS answered,
        coalesce(sum(completion_tokens > 0 AND route = 'local'), 0) AS answered_locally,
        coalesce(sum(outcome IN ('failed', 'interrupted', 'lost')), 0) AS errors,
        coalesce(sum(reason = 'failover'), 0) AS failovers,
        coalesce(sum(reason = 'escalated'), 0) AS escalations,
        coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
        coalesce(sum(completion_tokens), 0) AS completion_tokens,
        coalesce(sum(cached_tokens), 0) AS cached_tokens,
        coalesce(sum(baseline_nusd) FILTER (WHERE cost_nusd IS NOT NULL), 0) AS baseline_nusd,
        coalesce(sum(cost_nusd) FILTER (WHERE baseline_nusd IS NOT NULL), 0) AS cost_nusd,
        coalesce(sum(deciding_nusd) FILTER (WHERE cost_nusd IS NOT NULL AND baseline_nusd IS NOT NULL), 0)
            AS deciding_nusd,
        avg(first_token_ms) FILTER (WHERE stream) AS first_token_ms_mean
    FROM requests
    WHERE created_ms >= :since AND created_ms < :until
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    seed.write(path, ROWS)
    engine = create_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def by_hand(connection: Connection, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    span = {"since": epoch_ms(since) or 0, "until": epoch_ms(until) or 2**62}
    row = dict(connection.execute(text(BY_HAND), span).mappings().one())
    money = {name: row.pop(f"{name}_nusd") for name in ("baseline", "cost", "deciding")}
    money["paid"] = money["cost"] + money["deciding"]
    money["saved"] = money["baseline"] - money["paid"]
    usd = {f"{name}_usd": f"{Decimal(nusd).scaleb(-9):f}" for name, nusd in money.items()}
    return {**row, **usd}


@pytest.mark.parametrize(("since", "until"), SPANS)
def test_report_is_what_sql_by_hand_says(
    connection: Connection, since: datetime | None, until: datetime | None
) -> None:
    report = savings_report(connection, EVERYBODY, since, until).to_json()
    expected = by_hand(connection, since, until)
    mean = expected.pop("first_token_ms_mean")
    assert {name: report[name] for name in expected} == expected
    assert report["first_token_ms_mean"] == pytest.approx(mean)
    assert sum(group["requests"] for group in report["groups"]) == expected["requests"]


@pytest.mark.parametrize(("since", "until"), [span for span in SPANS if None not in span.values])
def test_intervals_add_up_to_the_report(connection: Connection, since: datetime, until: datetime) -> None:
    intervals = [
        interval.to_json() for interval in timeline(connection, EVERYBODY, since, until, ZoneInfo("Asia/Kathmandu"))
    ]
    report = savings_report(connection, EVERYBODY, since, until).to_json()
    for name in ("requests", "answered", "errors", "prompt_tokens", "completion_tokens"):
        assert sum(interval[name] for interval in intervals) == report[name]
    for name in ("cost_usd", "saved_usd"):
        assert sum(Decimal(interval[name]) for interval in intervals) == Decimal(report[name])


def test_row_that_comes_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    seed.write(path, ROWS[:100])
    engine = create_engine(f"sqlite:///{path}")
    insert_rows(engine, ROWS[50:150])
    with engine.connect() as connection:
        assert savings_report(connection, EVERYBODY).requests == 150
        assert connection.execute(text("SELECT count(*) FROM requests")).scalar() == 150
    engine.dispose()


def test_ledger_from_before_the_sums_gets_them(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO schema_version VALUES (1)"))
        for statement in MIGRATIONS[0]:
            connection.execute(text(statement))
        names = [row.name for row in connection.execute(text("PRAGMA table_info(requests)"))]
        insert = f"INSERT INTO requests ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
        connection.execute(text(insert), [row.to_columns() for row in ROWS])
        migrate(connection)
    with engine.connect() as connection:
        report = savings_report(connection, EVERYBODY).to_json()
        expected = by_hand(connection, None, None)
        mean = expected.pop("first_token_ms_mean")
        assert {name: report[name] for name in expected} == expected
        assert report["first_token_ms_mean"] == pytest.approx(mean)
        usage = {item.id or None: item.sums.requests for item in usage_report(connection, "key", EVERYBODY)}
        assert usage == {key: sum(row.key_id == key for row in ROWS) for key in KEYS}
        own = savings_report(connection, LedgerScope("key:batch"))
        assert own.requests == usage["batch"]
    engine.dispose()


def test_deleted_rows_leave_their_sums(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    seed.write(path, ROWS)
    engine = create_engine(f"sqlite:///{path}")
    cut = END - timedelta(days=5)
    with engine.begin() as connection:
        before = (
            savings_report(connection, EVERYBODY).to_json(),
            savings_report(connection, EVERYBODY, cut - QUARTER).to_json(),
        )
        deleted = 0
        while some := delete_rows_before(connection, epoch_ms(cut) or 0):
            deleted += some
        oldest = connection.execute(text("SELECT min(created_ms) FROM requests")).scalar_one()
        kept = connection.execute(text("SELECT count(*) FROM requests")).scalar_one()
        assert deleted + kept == len(ROWS)
        assert (epoch_ms(cut) or 0) - SLOT_MS <= oldest
        assert 0 < deleted < len(ROWS)
        assert savings_report(connection, EVERYBODY).to_json() == before[0]
        assert (first_ms(connection) or 0) // SLOT_MS == min(row.created_ms for row in ROWS) // SLOT_MS
    engine.dispose()


def test_running_ledger_forgets_what_is_too_old_and_takes_new_rows(tmp_path: Path) -> None:
    path, now_ms = tmp_path / "ledger.db", time.time_ns() // 1_000_000
    seed.write(path, seed.traffic(6000, now_ms, days=20))
    ledger = Ledger(f"sqlite:///{path}", tmp_path / "spool", keep_days=7)
    ledger.start()
    ledger.record(replace(ROWS[0], id="req_new", created_ms=now_ms))

    def oldest_ms() -> int:
        with ledger.read() as connection:
            return int(connection.execute(text("SELECT min(created_ms) FROM requests")).scalar_one())

    wait_for(lambda: now_ms - oldest_ms() < 7 * seed.DAY_MS + SLOT_MS)
    with ledger.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM requests WHERE id = 'req_new'")).scalar_one() == 1
        assert savings_report(connection, EVERYBODY).requests == 6001
    ledger.close()


def test_reader_waits_for_rows_of_before_not_for_those_that_keep_coming(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "spool")
    ledger.start()
    stop = threading.Event()

    def keep_coming() -> None:
        for number in count():
            ledger.record(replace(ROWS[0], id=f"req_{number}"))
            if stop.is_set():
                return

    busy = threading.Thread(target=keep_coming)
    busy.start()
    try:
        wait_for(lambda: ledger.pending_bytes > 100_000)
        assert ledger.flush(timeout_s=20)
    finally:
        stop.set()
        busy.join()
        ledger.close()


@pytest.mark.parametrize(
    ("zone", "since", "hours"),
    [
        ("Europe/Stockholm", datetime(2026, 3, 28, 23, tzinfo=UTC), 23),  # the night when the clock goes forward
        ("Europe/Stockholm", datetime(2026, 10, 24, 22, tzinfo=UTC), 25),  # and back
        ("Asia/Kathmandu", datetime(2026, 5, 1, 18, 15, tzinfo=UTC), 24),  # a quarter of an hour off the others
    ],
)
def test_days_are_those_of_the_readers_clock(zone: str, since: datetime, hours: int) -> None:
    def lengths(span: timedelta) -> list[timedelta]:
        found = [edge.astimezone(UTC) for edge in edges(since, since + span, ZoneInfo(zone))]
        return [later - earlier for earlier, later in pairwise(found)]

    assert lengths(timedelta(days=40))[:2] == [timedelta(hours=hours), timedelta(days=1)]
    assert set(lengths(timedelta(hours=hours))) == {timedelta(minutes=30)}


def test_percentiles_are_what_sql_by_hand_says(connection: Connection) -> None:
    since = END - timedelta(days=9)
    report = latency_report(connection, EVERYBODY, since, END, UTC)
    span = {"since": epoch_ms(since), "until": epoch_ms(END)}
    for route in ("local", "cloud"):
        values = f"""
            FROM requests WHERE route = '{route}' AND stream AND first_token_ms IS NOT NULL
            AND created_ms >= :since AND created_ms < :until
        """
        count = connection.execute(text(f"SELECT count(*) {values}"), span).scalar_one()
        at = {**span, "at": -(-count * 95 // 100) - 1}
        p95 = connection.execute(text(f"SELECT first_token_ms {values} ORDER BY 1 LIMIT 1 OFFSET :at"), at).scalar()
        assert (report[route]["answers"], report[route]["p95_ms"]) == (count, p95)
    assert sum(interval["local"]["answers"] for interval in report["intervals"]) == report["local"]["answers"]


@pytest.mark.parametrize(
    "wanted",
    [
        DecisionFilter(EVERYBODY),
        DecisionFilter(EVERYBODY, route="cloud", reason="failover"),
        DecisionFilter(EVERYBODY, outcome="cancelled"),
        DecisionFilter(EVERYBODY, model=seed.LOCAL_MODEL),
    ],
)
def test_pages_lead_to_every_row_once(connection: Connection, wanted: DecisionFilter) -> None:
    paged, after = [], None
    while True:
        page = find_decisions(connection, wanted, limit=7, after=after)
        paged += [row["id"] for row in page.rows]
        after = page.next
        if after is None:
            break
    filters = {"route": wanted.route, "reason": wanted.reason, "outcome": wanted.outcome, "served_model": wanted.model}
    matching = [row for row in ROWS if all(v is None or getattr(row, name) == v for name, v in filters.items())]
    newest_first = sorted(matching, key=lambda row: (row.created_ms, row.id), reverse=True)
    assert paged == [row.id for row in newest_first]
    assert [row["id"] for row in all_decisions(connection.engine.connect, wanted)] == paged


def test_spreadsheets_run_nothing(connection: Connection) -> None:
    row = {**find_decisions(connection, DecisionFilter(EVERYBODY)).rows[0], "requested_model": "=cmd|'/c calc'!A0"}
    heading, line = "".join(csv_lines(iter([row]))).splitlines()
    assert heading.startswith("id,created,endpoint")
    assert "'=cmd|" in line


@pytest.mark.parametrize(
    ("route", "reason", "score", "verdicts"),
    [
        ("local", "score", 0.2, {"pinned": "passed", "capability": "passed", "offline": "passed", "score": "decided"}),
        ("cloud", "pinned", 0.2, {"pinned": "decided", "capability": "unasked", "score": "unasked"}),
        ("cloud", "context", 0.2, {"pinned": "passed", "capability": "decided", "offline": "unasked"}),
        ("local", "failover", 0.8, {"offline": "passed", "score": "decided", "failover": "decided"}),
        ("none", "invalid", 0.0, {}),
    ],
)
def test_rules_are_told_in_their_order(route: str, reason: str, score: float, verdicts: dict[str, str]) -> None:
    steps = explain_row({"route": route, "reason": reason, "score": score, "threshold": 0.5})
    told = {step["rule"]: step["verdict"] for step in steps}
    assert verdicts.items() <= told.items()
    assert bool(told) == bool(verdicts)


def test_postgresql_says_the_same(engine: Engine, postgres: tuple[str, Engine]) -> None:
    _, other = postgres
    with other.begin() as connection:
        migrate(connection)
    insert_rows(other, ROWS[:1000])
    insert_rows(other, ROWS[500:])  # some of them once more
    since, end = END - timedelta(days=6, minutes=7), END

    def told(connection: Connection) -> list[Any]:
        return [
            savings_report(connection, EVERYBODY).to_json(),
            savings_report(connection, EVERYBODY, since, end).to_json(),
            *(
                [usage.to_json() for usage in usage_report(connection, by, EVERYBODY, since)]
                for by in ("key", "team", "tag")
            ),
            [session.to_json() for session in session_report(connection, EVERYBODY, since)[0]],
            latency_report(connection, EVERYBODY, since, end, UTC),
            [
                row["id"]
                for row in all_decisions(
                    connection.engine.connect, DecisionFilter(EVERYBODY, route="cloud", key_id="batch")
                )
            ],
            find_decisions(connection, DecisionFilter(EVERYBODY, outcome="cancelled"), limit=3).rows,
        ]

    with engine.connect() as here, other.connect() as there:
        assert told(there) == told(here)
    with other.begin() as connection:
        before = savings_report(connection, EVERYBODY).to_json()
        while delete_rows_before(connection, epoch_ms(since) or 0):
            pass
        assert savings_report(connection, EVERYBODY).to_json() == before
