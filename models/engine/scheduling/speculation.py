"""How many guessed tokens a step computes beside those that are certain: as many as pay.

The chances come from `prompt_lookup`, the costs from the steps themselves.
"""

from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from math import log

from models.engine.scheduling.step_batching import Chunk

MAX_PROPOSED = 32
"""Most guessed tokens of one step, over all answers: each needs room for its logits."""

MIN_GAIN = 0.05
"""Proposals must promise so much more speed, in the mean of all answers: estimates are not exact."""

SHARE_AT_FIRST = 0.1
"""What each further token of a step costs, as a share of a step with one token, until it has been measured: little, so
that it is measured."""

LEARNING_RATE = 0.25
FORGETTING_RATE = 0.0003
"""By this what was measured moves back towards the first guess with every step: costs that were measured while other
programs were busy are tried again."""

_OUTLIER = 3.0
"""A step that took so many times what was expected was disturbed, and counts as no more than that."""


class StepCosts:
    """Learns how long a step with several tokens takes, as a multiple of a step with one token.

    It depends on the model, its encoding, the processor and its load. Where reading the weights takes the time, several
    tokens take hardly longer than one. On one core a small model in Q8_0 took 2.8 times as long for 2 tokens, since a
    single one is computed in another way, 5.3 times for 8 and 8.5 times for 16. So a step with `n` tokens takes
    ``a + b * n`` single steps; `a` and `b` are fitted to the steps with proposals, the single step to those without.
    """

    def __init__(self) -> None:
        self._single_s = 0.0
        self._moments = FIRST_MOMENTS

    @property
    def known(self) -> bool:
        """Whether any step has been measured."""
        return self._single_s > 0

    def relative(self, n_tokens: int) -> float:
        """How long a step with `n_tokens` takes, in steps with one."""
        if n_tokens == 1:
            return 1.0
        n, nn, times, n_times = self._moments
        slope = max(0.0, (n_times - n * times) / (nn - n * n))
        return max(1.0, times + slope * (n_tokens - n))

    def observe(self, n_certain: int, n_proposed: int, step_s: float) -> None:
        """Take the measure of a step that computed that many tokens, and no prompts."""
        n_tokens = n_certain + n_proposed
        expected = self.relative(n_tokens)
        if self.known:
            step_s = min(step_s, _OUTLIER * self._single_s * expected)
        if n_proposed == 0:
            rate = LEARNING_RATE if self.known else 1
            self._single_s += rate * (step_s / expected - self._single_s)
        elif self.known:
            self._moments = _blend(self._moments, _moments_of(n_tokens, step_s / self._single_s), LEARNING_RATE)
        self._moments = _blend(self._moments, FIRST_MOMENTS, FORGETTING_RATE)


Moments = tuple[float, float, float, float]
"""Means of a step's number of tokens, of its square, of the time, and of the product of number and time."""


def _moments_of(n_tokens: int, times: float) -> Moments:
    return n_tokens, n_tokens**2, times, n_tokens * times


def _blend(old: Moments, new: Moments, rate: float) -> Moments:
    a, b, c, d = ((1 - rate) * before + rate * now for before, now in zip(old, new, strict=True))
    return a, b, c, d


FIRST_MOMENTS = _blend(_moments_of(1, 1), _moments_of(1 + MAX_PROPOSED, 1 + SHARE_AT_FIRST * MAX_PROPOSED), 0.5)


def best_lengths(outlooks: Sequence[Sequence[float]], n_answers: int, costs: StepCosts, room: int) -> list[int]:
    """How many tokens to propose for each of some answers.

    A step makes each answer one token longer, and by as many more as are expected to be right; it takes the longer the
    more are proposed. The lengths are those for which the product of the speeds of all `n_answers` is greatest. So one
    answer proposes as many tokens as make it fastest; beside others it proposes less, since they wait for its tokens
    too; and in a full batch, where tokens cost in proportion to their number, nothing is gained and nothing proposed.

    Parameters
    ----------
    outlooks : sequence of sequence of float
        For each answer that has a guess, the chances that its first, second and further guessed token will be right.
    n_answers : int
        Answers that share the step, with or without a guess.
    room : int
        Most tokens to propose.

    Examples
    --------
    >>> best_lengths([[0.9, 0.8, 0.7, 0.1]], 1, StepCosts(), 32), best_lengths([[0.1, 0.01]], 1, StepCosts(), 32)
    ([3], [0])
    >>> best_lengths([[0.9, 0.8, 0.7, 0.1]], 8, StepCosts(), 32)
    [0]
    """
    expected = [1.0] * len(outlooks)
    lengths, best = [0] * len(outlooks), [0] * len(outlooks)
    gained, most = 0.0, n_answers * log(1 + MIN_GAIN)
    candidates = [(-log(1 + outlook[0]), number) for number, outlook in enumerate(outlooks)]
    heapify(candidates)
    plain = costs.relative(n_answers)
    for n_proposed in range(1, room + 1):
        if not candidates:
            break
        gain, number = heappop(candidates)
        gained -= gain
        outlook = outlooks[number]
        expected[number] += outlook[lengths[number]]
        lengths[number] += 1
        total = gained - n_answers * log(costs.relative(n_answers + n_proposed) / plain)
        if total > most:
            best, most = lengths.copy(), total
        if lengths[number] < len(outlook):
            more = outlook[lengths[number]]
            heappush(candidates, (-log(1 + more / expected[number]), number))
    return best


class Speculation:
    """Adds proposals to the chunks of a step, and learns from the step's time whether they pay."""

    def __init__(self) -> None:
        self._costs = StepCosts()

    def extend(self, chunks: Sequence[Chunk], room: int) -> list[Chunk]:
        """`chunks` with the proposals that pay; a step that also reads prompts is long enough, and gets none.

        Parameters
        ----------
        room : int
            Most tokens to propose.
        """
        if not self._costs.known or any(chunk.n_tokens > 1 for chunk in chunks):
            return list(chunks)
        outlooks = {number: outlook for number, chunk in enumerate(chunks) if (outlook := _outlook(chunk))}
        if not outlooks:
            return list(chunks)
        lengths = best_lengths(list(outlooks.values()), len(chunks), self._costs, min(room, MAX_PROPOSED))
        extended = list(chunks)
        for number, length in zip(outlooks, lengths, strict=True):
            extended[number] = _with_proposal(chunks[number], length)
        return extended

    def observe(self, chunks: Sequence[Chunk], step_s: float) -> None:
        """Take the measure of one step."""
        if all(chunk.n_tokens == 1 for chunk in chunks):
            self._costs.observe(len(chunks), sum(len(chunk.proposal) for chunk in chunks), step_s)


def _outlook(chunk: Chunk) -> list[float]:
    generation = chunk.generation
    if generation.lookup is None:
        return []
    left = generation.max_tokens - len(generation.tokens)
    return generation.lookup.outlook(min(left - 1, MAX_PROPOSED))


def _with_proposal(chunk: Chunk, length: int) -> Chunk:
    lookup = chunk.generation.lookup
    return chunk if lookup is None or not length else replace(chunk, proposal=lookup.propose(length))
