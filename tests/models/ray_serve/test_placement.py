"""Which replica a prompt is placed on, without Ray."""

from typing import Any

import pytest

from models.ray_serve.kept_blocks import MOST_KEPT, KeptBlocks, from_told
from models.ray_serve.outline import BLOCK_BYTES, MOST_BLOCKS, Outline, outline_of
from models.ray_serve.placement import CHOSEN_S, NEAR_S, STALE_S, Placement

KEY = b"k" * 32
SYSTEM = {"role": "system", "content": "You are the clerk of a harbour office. " * 20}
EMPTY = Outline((), 10)


def chat(*texts: str) -> dict[str, Any]:
    roles = ("user", "assistant")
    turns = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"model": "local", "messages": [SYSTEM, *turns]}


def outline(*texts: str) -> Outline:
    return outline_of(chat(*texts), KEY)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def told(number: int = 1, *, kept: bytes = b"", **health: Any) -> dict[str, Any]:
    """What a replica tells that does nothing and reads 100 tokens a second."""
    facts = {"running": 0, "queued": 0, "unread_tokens": [], "reading_tokens_per_s": 100.0, "ends_in_s": []}
    rest = {"max_sequences": 4, "stalled_s": 0.0, "n_kept_tokens": 8192, "created": 1}
    model = {"id": "m", "n_ctx": 4096, "features": [], "probed": True, "max_sequences": 4}
    return {"number": number, "health": {**facts, **rest, **health}, "model": model, "kept": kept}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def placement(clock: Clock) -> Placement:
    return Placement(clock)


def test_a_longer_conversation_begins_with_the_blocks_of_the_shorter() -> None:
    first, second = outline("Where is the ship?"), outline("Where is the ship?", "At sea.", "And now?")
    assert len(first.blocks) > 5
    assert second.blocks[: len(first.blocks)] == first.blocks
    assert second.n_unread(len(first.blocks)) < first.n_tokens < second.n_tokens


@pytest.mark.parametrize(
    "changed",
    [
        {**chat("Where is the ship?"), "tools": [{"type": "function", "function": {"name": "find"}}]},
        {"messages": [{**SYSTEM, "content": "x" + SYSTEM["content"]}]},
        {"messages": [{**SYSTEM, "role": "user"}]},
    ],
)
def test_a_prompt_that_differs_at_its_beginning_shares_nothing(changed: dict[str, Any]) -> None:
    assert not set(outline_of(changed, KEY).blocks) & set(outline("Where is the ship?").blocks)


def test_hashes_depend_on_the_key_and_hold_no_text() -> None:
    assert not set(outline("a").blocks) & set(outline_of(chat("a"), b"z" * 32).blocks)
    assert all(len(block) == 8 for block in outline("a").blocks)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"messages": 5},
        {"messages": [None, 5, {"content": {}}]},
        {"prompt": [2**70]},
        {"tools": 1},
    ],
)
def test_what_is_no_request_has_an_outline_too(body: Any) -> None:
    assert outline_of(body, KEY).n_tokens >= 1


def test_a_text_completion_has_an_outline() -> None:
    text = "Once upon a time " * 20
    assert len(outline_of({"prompt": text}, KEY).blocks) == len(text) // BLOCK_BYTES


def test_what_is_remembered_of_a_prompt_is_bounded() -> None:
    assert len(outline("x" * 10 * MOST_BLOCKS * BLOCK_BYTES).blocks) == MOST_BLOCKS


def test_what_is_remembered_of_a_replica_is_bounded() -> None:
    kept = KeptBlocks()
    for number in range(3 * MOST_KEPT // MOST_BLOCKS):
        kept.keep(tuple(number.to_bytes(4) + n.to_bytes(4) for n in range(MOST_BLOCKS)), room_tokens=10**9)
    assert len(kept) == MOST_KEPT


def test_a_session_goes_to_the_replica_that_has_its_prefix(placement: Placement) -> None:
    placement.learn({"a": told(), "b": told()})
    placement.routed("b", "1", outline("Where is the ship?"))
    placement.ended("b", "1")
    assert placement.ranked(["a", "b"], outline("Where is the ship?", "At sea.", "And now?")) == ["b", "a"]


def test_without_a_prefix_the_least_loaded_replica_answers(placement: Placement) -> None:
    placement.learn({"a": told(running=3), "b": told(running=1), "c": told(running=2)})
    assert placement.ranked(["a", "b", "c"], EMPTY) == ["b", "c", "a"]


def test_a_prefix_is_not_waited_for_longer_than_it_takes_to_read_it(placement: Placement) -> None:
    turn = outline("Where is the ship?")  # about 200 tokens, so two seconds
    placement.routed("b", "1", turn)
    placement.ended("b", "1")
    for queue, first in ((100, "b"), (400, "a")):
        placement.learn({"a": told(queue), "b": told(queue, unread_tokens=[queue])})
        assert placement.ranked(["a", "b"], turn)[0] == first
    placement.learn({"a": told(3), "b": told(3, running=4, ends_in_s=[9.0] * 4)})
    assert placement.ranked(["a", "b"], turn)[0] == "a"


def test_replicas_that_are_about_as_soon_share_the_work(placement: Placement) -> None:
    faster = 100.0 * (1 + NEAR_S / 2)
    placement.learn({"a": told(reading_tokens_per_s=faster), "b": told()})
    order = []
    for number in range(4):
        order.append(placement.ranked(["a", "b"], EMPTY)[0])
        placement.routed(order[-1], str(number), Outline((), 1))
    assert sorted(order) == ["a", "a", "b", "b"]


def test_what_was_routed_since_counts_before_the_replica_tells_of_it(placement: Placement, clock: Clock) -> None:
    placement.learn({"a": told(), "b": told()})
    clock.now += 0.1
    placement.routed("a", "1", Outline((), 1000))
    assert placement.ranked(["a", "b"], EMPTY)[0] == "b"
    clock.now += 0.1
    placement.learn({"a": told(2, running=1, unread_tokens=[5]), "b": told(2, running=3)})
    assert placement.ranked(["a", "b"], EMPTY)[0] == "a"


def test_choices_of_the_same_moment_see_each_other(placement: Placement, clock: Clock) -> None:
    placement.learn({"a": told(), "b": told()})
    clock.now += 0.1
    chosen = [placement.choose(["a", "b"], str(number), EMPTY, frozenset())[0] for number in range(4)]
    assert sorted(chosen) == ["a", "a", "b", "b"]
    assert placement.choose(["a", "b"], "3", EMPTY, frozenset())[0] == chosen[3]  # tried again: it counts once
    clock.now += CHOSEN_S + 1
    placement.learn({"a": told(2), "b": told(2, running=1)})
    assert placement.choose(["a", "b"], "4", EMPTY, frozenset())[0] == "a"


def test_what_has_ended_since_no_longer_counts(placement: Placement, clock: Clock) -> None:
    turn = outline("Where is the ship?")
    placement.learn({"a": told(), "b": told()})
    placement.routed("b", "1", turn)
    clock.now += 0.1
    placement.learn({"a": told(2), "b": told(2, running=1)})
    placement.ended("b", "1")
    assert placement.ranked(["a", "b"], outline("Where is the ship?", "At sea."))[0] == "b"


def test_where_speeds_are_not_known_the_prefix_has_a_head_start(placement: Placement) -> None:
    placement.learn({"a": told(reading_tokens_per_s=0.0), "b": told(reading_tokens_per_s=0.0)})
    turn = outline("Where is the ship?")
    chosen = []
    for number in range(4):
        chosen.append(placement.ranked(["a", "b"], turn)[0] if number else "b")
        placement.routed("b", str(number), turn)
    assert chosen == ["b", "b", "b", "a"]


def test_an_engine_that_was_started_anew_has_kept_nothing(placement: Placement) -> None:
    turn = outline("Where is the ship?")
    placement.learn({"a": told(), "b": told()})
    placement.routed("b", "1", turn)
    placement.ended("b", "1")
    placement.learn({"a": told(2), "b": told(2, created=2, running=1)})
    assert placement.ranked(["a", "b"], turn)[0] == "a"


def test_other_ingresses_hear_from_the_replica_what_it_has_kept(placement: Placement) -> None:
    turn = outline("Where is the ship?")
    kept = KeptBlocks()
    kept.keep(turn.blocks)
    assert set(from_told(kept.told())) == set(turn.blocks)
    placement.learn({"a": told(), "b": told(kept=kept.told())})
    assert placement.ranked(["a", "b"], outline("Where is the ship?", "At sea.", "And now?"))[0] == "b"


def test_silent_replicas_and_those_to_avoid_come_last(placement: Placement, clock: Clock) -> None:
    placement.learn({"a": told(), "b": told(), "c": told()})
    clock.now += STALE_S + 1
    placement.learn({"a": told(1), "b": told(2, running=3), "c": told(2)})
    assert placement.ranked(["a", "b", "c"], EMPTY, frozenset("c")) == ["b", "a", "c"]
    assert [replica["id"] for replica in placement.health()] == ["b", "c"]


def test_a_replica_whose_engine_is_being_started_anew_is_left_out(placement: Placement) -> None:
    placement.learn({"a": told(), "b": told()})
    placement.learn({"a": {"number": 2, "health": None, "model": None, "kept": b""}, "b": told(2, running=3)})
    assert placement.ranked(["a", "b"], EMPTY) == ["b", "a"]
    assert [replica["id"] for replica in placement.health()] == ["b"]


def test_replicas_that_are_gone_are_forgotten(placement: Placement) -> None:
    placement.learn({"a": told(), "b": told()})
    placement.learn({"b": told(2)})
    placement.ended("a", "1")
    assert [replica["id"] for replica in placement.health()] == ["b"]


def test_before_anything_is_told_replicas_share_the_work(placement: Placement) -> None:
    placement.learn({"a": {}, "b": {}})
    placement.routed("a", "1", EMPTY)
    assert placement.ranked(["a", "b"], EMPTY) == ["b", "a"]


def test_a_replica_that_tells_nonsense_counts_as_silent(placement: Placement) -> None:
    placement.learn({"a": told(stalled_s=float("nan")), "b": told(running=3)})
    assert placement.ranked(["a", "b"], EMPTY) == ["b", "a"]
