"""What is guessed of an answer that copies, and how much of it a step computes. No model takes part."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from models.engine.scheduling.prompt_lookup import CopyLookup, ProposalCounts
from models.engine.scheduling.speculation import MAX_PROPOSED, StepCosts, best_lengths

SOURCE = list(range(100, 160))
END = 7


def following(written: Sequence[int], *, prompt: Sequence[int] = SOURCE, **how: object) -> CopyLookup:
    """A lookup for an answer of which `written` has been written."""
    lookup = CopyLookup(prompt, 200, **how)  # type: ignore[arg-type]
    for token in written:
        lookup.add(token)
    return lookup


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([110, 111, 112], (113, 114, 115)),
        ([1, 2, 110, 111, 112, 113], (114, 115, 116)),
        ([110, 111], ()),  # two agree by chance
        ([1, 2, 3], ()),
        ([110, 111, 112, 50], (114, 115, 116)),  # one token was replaced by another
        ([110, 111, 112, 114], (115, 116, 117)),  # one was left out
        ([110, 111, 112, 50, 51, 52, 53, 54, 55], ()),  # something else altogether
        ([110, 111, 112, 50, 51, 140, 141, 142], (143, 144, 145)),
        ([157, 158, 159], (157, 158, 159)),  # at the source's end what was just written is all there is
        ([1, 2, 3, 4, 5, 1, 2, 3], (4, 5, 1)),  # from the answer itself
    ],
)
def test_what_stands_after_the_same_tokens_is_proposed(written: list[int], expected: tuple[int, ...]) -> None:
    assert following(written).propose(3) == expected


def test_the_place_that_agrees_longest_is_followed_and_of_equal_ones_the_latest() -> None:
    prompt = [1, 2, 3, 4, 50, 9, 2, 3, 4, 60, 8, 2, 3, 4, 70]
    assert following([1, 2, 3, 4], prompt=prompt).propose(1) == (50,)
    assert following([5, 2, 3, 4], prompt=prompt).propose(1) == (70,)


def test_a_prediction_is_proposed_from_the_first_token_on() -> None:
    prediction = [30, 31, 32, 33]
    assert following([], prediction=prediction).propose(3) == (30, 31, 32)
    assert following([30, 31], prediction=prediction).propose(9) == (32, 33)  # not beyond its end
    assert following([40, 31], prediction=prediction).propose(1) == (32,)
    assert following([110, 111, 112], prediction=prediction).propose(1) == (113,)


def test_an_end_is_never_proposed() -> None:
    lookup = following([1, 2, 3], prompt=[1, 2, 3, 4, END, 5], never={END})
    assert lookup.propose(5) == (4,)
    lookup.add(4)
    assert (lookup.propose(5), lookup.outlook(5)) == ((), [])


def test_chances_follow_what_came_of_earlier_guesses() -> None:
    before = following([110, 111, 112]).outlook(4)
    strays = [[*range(6 * n, 6 * n + 6), 110, 111, 112] for n in range(9)]
    right, wrong = following(SOURCE[10:40]), following([token for stray in strays for token in stray])
    assert right.outlook(4)[3] > before[3] > wrong.outlook(4)[3]
    assert all(later < earlier for earlier, later in pairwise(before))


def test_only_what_was_proposed_is_counted() -> None:
    lookup = following([110, 111, 112, 113])
    assert lookup.counts == ProposalCounts(0, 0)
    lookup.propose(4)
    for token in (114, 115, 50, 117):
        lookup.add(token)
    assert lookup.counts == ProposalCounts(4, 2)


@pytest.mark.parametrize("n_written", [0, 3, 200])
def test_an_answer_may_be_as_long_as_it_may_be(n_written: int) -> None:
    assert len(following([110, 111, 112] * 66 + [1, 2], prediction=SOURCE).propose(n_written)) <= n_written


def learnt(costs: Mapping[int, float], n_certain: int = 1) -> StepCosts:
    """What is known after many steps that took so long, in milliseconds, by their number of tokens."""
    known = StepCosts()
    for _ in range(40):
        known.observe(n_certain, 0, costs[n_certain] / 1000)
        for n_tokens, step_ms in costs.items():
            if n_tokens > n_certain:
                known.observe(n_certain, n_tokens - n_certain, step_ms / 1000)
    return known


SMALL_MODEL = {1: 10, 2: 28, 4: 36, 8: 53, 16: 85, 32: 151}
"""As measured with SmolLM2-135M in Q8_0 on one core."""
BOUND_BY_MEMORY = {1: 10, 2: 10, 8: 11, 32: 13}
NO_GAIN = {1: 10, 2: 20, 8: 80, 32: 320}

SURE = [0.99**n for n in range(1, 40)]
LIKELY = [0.8**n for n in range(1, 40)]
UNLIKELY = [0.3**n for n in range(1, 40)]


@pytest.mark.parametrize("costs", [SMALL_MODEL, BOUND_BY_MEMORY, NO_GAIN])
def test_what_steps_cost_is_learnt_from_steps(costs: Mapping[int, float]) -> None:
    known = learnt(costs)
    assert [known.relative(n) for n in costs] == pytest.approx([ms / costs[1] for ms in costs.values()], rel=0.35)


@pytest.mark.parametrize(
    ("costs", "outlook", "fewest", "most"),
    [
        (SMALL_MODEL, SURE, 12, MAX_PROPOSED),
        (SMALL_MODEL, LIKELY, 0, 0),
        (SMALL_MODEL, UNLIKELY, 0, 0),
        (BOUND_BY_MEMORY, SURE, MAX_PROPOSED, MAX_PROPOSED),
        (BOUND_BY_MEMORY, LIKELY, 8, 20),
        (BOUND_BY_MEMORY, UNLIKELY, 1, 5),
        (NO_GAIN, SURE, 0, 0),
    ],
)
def test_as_many_are_proposed_as_pay(costs: Mapping[int, float], outlook: list[float], fewest: int, most: int) -> None:
    (length,) = best_lengths([outlook], 1, learnt(costs), MAX_PROPOSED)
    assert fewest <= length <= most


def test_beside_others_less_is_proposed_and_in_a_full_batch_nothing() -> None:
    costs = StepCosts()
    alone, beside_two, beside_many = (best_lengths([SURE], n, costs, MAX_PROPOSED)[0] for n in (1, 3, 30))
    assert alone > beside_two > beside_many == 0
    costs = learnt(SMALL_MODEL)
    assert best_lengths([LIKELY] * 16, 16, costs, MAX_PROPOSED) == [0] * 16


def test_the_surest_come_first_and_none_beyond_the_room() -> None:
    lengths = best_lengths([UNLIKELY, SURE, LIKELY], 3, learnt(BOUND_BY_MEMORY), 9)
    assert sum(lengths) == 9
    assert lengths[1] >= lengths[2] >= lengths[0]
    assert best_lengths([SURE], 1, learnt(BOUND_BY_MEMORY), 0) == [0]
    assert best_lengths([SURE], 1, learnt(BOUND_BY_MEMORY), -3) == [0]


def test_a_step_that_other_programs_disturbed_says_little() -> None:
    costs = learnt(BOUND_BY_MEMORY)
    costs.observe(1, 7, 30.0)
    assert costs.relative(8) < 2
