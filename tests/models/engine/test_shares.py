"""Fair shares of the engine: one owner with many requests does not keep others waiting, and alone has all places."""

import threading
from collections.abc import Iterator
from typing import cast

import pytest

from models.engine.errors import EngineBusy
from models.engine.http.asgi import owner_of
from models.engine.scheduling.generation import Event, Failed, Generation
from models.engine.scheduling.shares import Turns, to_displace
from models.engine.scheduling.token_selection import TokenSelector
from tests.models.engine.scheduled import ANSWER_S, Answer, Scheduled, scheduled
from tests.models.engine.tiny import tiny_model, token_of

pytestmark = pytest.mark.engine

PROMPT = [1, *map(token_of, "thesea" * 4)]


@pytest.fixture(scope="module")
def tiny() -> Iterator[Scheduled]:
    with scheduled(tiny_model(), n_ctx=2048, max_sequences=2) as running:
        yield running


def generations(owners: str) -> list[Generation]:
    """One for each letter, which is its owner; the first is the oldest."""
    nothing = cast(TokenSelector, None)
    return [Generation([1], 1, nothing, owner=owner, queued_at=float(at)) for at, owner in enumerate(owners)]


class Blocked:
    """Keeps the scheduler's thread between two steps until everything is submitted, and writes down what ends."""

    def __init__(self, engine: Scheduled) -> None:
        self.engine, self.ended = engine, list[str]()
        self._go_on = threading.Event()
        self._done = engine.scheduler.call(lambda: self._go_on.wait(ANSWER_S))

    def ask(self, owner: str) -> Answer:
        answer = self.engine.start(PROMPT, 1, owner=owner)
        taken = answer.generation.listener

        def listen(event: Event) -> None:
            self.ended.append(owner)
            taken(event)

        answer.generation.listener = listen
        return answer

    def go_on(self) -> None:
        self._go_on.set()
        self._done.result(ANSWER_S)


@pytest.mark.parametrize(
    ("waiting", "running", "begins"),
    [("aab", "a", 2), ("aab", "", 0), ("aab", "ab", 0), ("abc", "ab", 2), ("aa", "aaa", 0)],
)
def test_the_oldest_of_whoever_has_the_fewest_begins(waiting: str, running: str, begins: int) -> None:
    queue = generations(waiting)
    assert Turns().next_to_begin(queue, generations(running)) is queue[begins]


def test_owners_with_as_many_take_turns() -> None:
    turns, queue, order = Turns(), generations("aaabb"), ""
    while queue:
        generation = turns.next_to_begin(queue, [])
        queue.remove(generation)
        turns.had(generation.owner)
        order += generation.owner
    assert order == "ababa"


def test_what_was_preempted_comes_first() -> None:
    queue = generations("ab")
    queue[0]._n_new = 1
    assert Turns().next_to_begin(queue, generations("aa")) is queue[0]


@pytest.mark.parametrize(
    ("waiting", "owner", "n", "displaced"),
    [("aaaa", "b", 1, [3]), ("aaaab", "b", 2, []), ("aaaaaab", "b", 2, [4, 5]), ("aab", "b", 1, []), ("", "b", 1, [])],
)
def test_the_newest_of_whoever_has_most_makes_room(waiting: str, owner: str, n: int, displaced: list[int]) -> None:
    queue = generations(waiting)
    assert to_displace(queue, owner, n) == [queue[number] for number in displaced]


def test_one_does_not_wait_for_the_fifty_of_another(tiny: Scheduled) -> None:
    blocked = Blocked(tiny)
    answers = [blocked.ask("many") for _ in range(50)] + [blocked.ask("one")]
    blocked.go_on()
    assert all(answer.ended.wait(ANSWER_S) for answer in answers)
    assert all(answer.finished for answer in answers)
    first_of_one = blocked.ended.index("one")
    assert first_of_one <= 4, blocked.ended


def test_a_full_queue_takes_those_who_have_less_in_it(tiny: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny.scheduler, "_max_queue", 2)
    blocked = Blocked(tiny)
    many = [blocked.ask("many") for _ in range(4)]
    with pytest.raises(EngineBusy):
        blocked.ask("many")
    one = blocked.ask("one")
    blocked.go_on()
    assert all(answer.ended.wait(ANSWER_S) for answer in (*many, one))
    assert one.finished
    assert [isinstance(answer.events[-1], Failed) for answer in many] == [False, False, False, True]


@pytest.mark.parametrize(("value", "owner"), [(b"abc", "abc"), (b"x" * 100, "x" * 64), (None, "")])
def test_the_owner_comes_in_a_header(value: bytes | None, owner: str) -> None:
    headers = [] if value is None else [(b"x-slimgate-owner", value)]
    assert owner_of({"headers": headers}) == owner
