"""Whatever processes do at the same time, what they spend and set aside stays within the limit."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from gateway.ledger import Ledger
from gateway.spending.holds import HOLD_S, HOLDS
from tests.gateway.spending.books import ZONE, Clock, Process, running_ledger

LIMIT = 1000


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with running_ledger(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pair(ledger: Ledger, clock: Clock) -> tuple[Process, Process]:
    """Two processes that share one account."""
    one, other = processes(ledger, clock, 2)
    return one, other


def processes(ledger: Ledger, clock: Clock, n: int) -> list[Process]:
    key_id = uuid.uuid4().hex
    return [Process(ledger, clock, key_id, LIMIT) for _ in range(n)]


def held(process: Process) -> list[int]:
    """What all processes hold, by the database."""
    c = HOLDS.c
    query = select(c.held_nusd).where(c.account == process.account.name, c.holder != "").order_by(c.held_nusd)
    with process.ledger.write() as connection:
        return list(connection.execute(query).scalars())


def test_what_is_set_aside_is_not_there_for_others(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert one.reserve("a", 600)
    assert not other.reserve("b", 401)
    assert other.reserve("c", 400)
    assert not one.reserve("d", 1)
    assert held(one) == [400, 600]


def test_a_request_that_costs_less_leaves_the_rest(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert one.reserve("a", 900)
    one.end("a", 100)
    one.tidy()
    one.tidy()
    assert other.reserve("b", 900)
    assert not one.reserve("c", 1)


def test_a_request_that_fails_leaves_everything(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert one.reserve("a", LIMIT)
    one.fail("a")
    one.tidy()
    one.tidy()
    assert held(one) == [0]
    assert other.reserve("b", LIMIT)


def test_a_stored_row_is_counted_once_however_late_its_process_hears_of_it(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert one.reserve("a", 400)
    one.end("a", 400)
    stored = one.book()
    assert not one.reserve("b", 201)  # counts twice: better than not at all
    for id in stored:
        one.reservations.stored(id)
    assert one.reserve("c", 600)
    assert not other.reserve("d", 1)


def test_what_cost_more_than_its_bound_is_made_up_for(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert one.reserve("a", 100)
    one.end("a", 700)
    one.tidy()
    assert not other.reserve("b", 301)
    assert other.reserve("c", 300)


def test_a_process_that_died_holds_its_part_until_it_expires(pair: tuple[Process, Process], clock: Clock) -> None:
    one, other = pair
    assert one.reserve("a", 900)
    clock.advance(HOLD_S - 1)
    assert not other.reserve("b", 200)
    clock.advance(2)
    assert other.reserve("c", LIMIT)


def test_a_process_that_lives_goes_on_holding(pair: tuple[Process, Process], clock: Clock) -> None:
    one, other = pair
    assert one.reserve("a", 900)
    for _ in range(5):
        clock.advance(HOLD_S / 2)
        one.tidy()
    assert not other.reserve("b", 200)


def test_a_clean_end_gives_back_at_once(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert one.reserve("a", 900)
    one.fail("a")
    one.reservations.give_back()
    assert other.reserve("b", LIMIT)


def test_plenty_is_held_ahead_and_given_back(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert one.reserve("a", 10)
    (ahead,) = held(one)
    assert 10 < ahead <= 10 + LIMIT // 16
    _, suffices = one.reservations.claim("b", (one.account,), 10)
    assert suffices  # without a look at the database
    for id in "ab":
        one.reservations.release(id)
    one.tidy()
    one.tidy()
    assert held(one) == [0]
    assert other.reserve("c", LIMIT)


def test_what_waits_to_be_decided_is_not_held(pair: tuple[Process, Process]) -> None:
    one, other = pair
    assert other.reserve("a", 600)
    reservation, suffices = one.reservations.claim("b", (one.account,), 500)
    assert not suffices
    one.tidy()
    assert sum(held(one)) <= LIMIT
    one.reservations.extend({"b": reservation}, ZONE)
    assert reservation.refused is not None
    assert reservation.refused.left_nusd == 400
    one.tidy()
    assert held(one) in ([600], [0, 600])


def test_those_who_come_later_take_nothing_from_those_before(pair: tuple[Process, Process]) -> None:
    one = pair[0]
    claims = {id: one.reservations.claim(id, (one.account,), 400)[0] for id in "abc"}
    for id in "abc":
        one.reservations.extend({id: claims[id]}, ZONE)
    assert [claim.refused is None for claim in claims.values()] == [True, True, False]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["reserve", "reserve", "end", "fail", "book", "hear", "tidy"]),
        st.integers(1, 500),
    ),
    max_size=40,
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_of_events_passes_the_limit(ledger: Ledger, steps: list[tuple[int, str, int]]) -> None:
    group = processes(ledger, Clock(), 3)
    unheard: list[list[str]] = [[], [], []]
    for number, (which, what, nusd) in enumerate(steps):
        process = group[which]
        oldest = next(iter(process.open), None)
        if what == "reserve":
            process.reserve(f"{process.key_id}-{number}", nusd)
        elif what == "end" and oldest is not None:
            process.end(oldest, min(nusd, process.open[oldest]))
        elif what == "fail" and oldest is not None:
            process.fail(oldest)
        elif what == "book":
            unheard[which] += process.book()
        elif what == "hear":
            for id in unheard[which]:
                process.reservations.stored(id)
            unheard[which] = []
        elif what == "tidy":
            process.tidy()
        assert sum(one.spent_nusd + sum(one.open.values()) for one in group) <= LIMIT


def ask_in_threads(group: list[Process]) -> int:
    """What all processes set aside that ask for the same money at the same time."""
    sent: list[int] = []

    def work(process: Process, prefix: str) -> None:
        for number in range(40):
            if process.reserve(f"{prefix}-{number}", 37):
                sent.append(37)
                if number % 3 == 0:
                    process.tidy()

    threads = [threading.Thread(target=work, args=(process, f"{n}")) for n, process in enumerate(group)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sent)


def ask_over(url: str, folder: Path, n_processes: int) -> int:
    """As `ask_in_threads`, for processes that share nothing but the database."""
    with ExitStack() as stack:
        ledgers = [stack.enter_context(running_ledger(folder / str(number), url)) for number in range(n_processes)]
        return ask_in_threads([Process(ledger, Clock(), "shared", LIMIT) for ledger in ledgers])


@pytest.mark.parametrize("n_processes", [1, 4])
def test_processes_at_the_same_time_do_not_either(tmp_path: Path, n_processes: int) -> None:
    asked = ask_over(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, n_processes)
    assert LIMIT - 37 * n_processes < asked <= LIMIT


@pytest.mark.parametrize("ahead_s", [2 * HOLD_S, -2 * HOLD_S])
def test_a_wrong_clock_takes_nothing_from_others(postgres: tuple[str, Engine], tmp_path: Path, ahead_s: float) -> None:
    wrong = Clock()
    wrong.advance(ahead_s)
    with running_ledger(tmp_path, postgres[0]) as ledger:
        one, other = (Process(ledger, clock, "shared", LIMIT) for clock in (Clock(), wrong))
        assert one.reserve("a", 600)
        assert not other.reserve("b", 600)
        assert other.reserve("c", 300)
        other.tidy()
        assert not one.reserve("d", 200)
        assert held(one) == [300, 600]


def test_nor_do_they_over_postgresql(postgres: tuple[str, Engine], tmp_path: Path) -> None:
    assert LIMIT - 37 * 4 < ask_over(postgres[0], tmp_path, 4) <= LIMIT
