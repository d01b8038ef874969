"""Tokens computed ahead change no answer, whatever is guessed: real models, and steps that are said to cost nothing.

The engine itself proposes only where that is faster, which depends on the machine. Here it always does.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from models.catalogue.bundled import bundled_model_path
from models.engine.grammar.schema import check_schema
from models.engine.grammar.source import SchemaPart, schema_source
from models.engine.native.guidance import GrammarCompiler
from models.engine.native.llama import Context
from models.engine.native.samplers import Sampler
from models.engine.request.sampling import SamplingParams
from models.engine.scheduling import speculation
from models.engine.scheduling.prompt_lookup import CopyLookup
from models.engine.scheduling.token_selection import SelectedToken, TokenLogprob, TokenSelector
from models.wire.json_reader import JsonReader
from tests.live import wait_for
from tests.models.engine.scheduled import Answer, Scheduled, scheduled
from tests.models.engine.tiny import tiny_model

pytestmark = pytest.mark.engine

LOG = "monday: rain\ntuesday: rain\nwednesday: sun\nthursday: rain\nfriday: sun\nsaturday: rain\nsunday: rain\n"
COPYING = f"The log says:\n{LOG}\nOnce more, the log says:\nmonday: rain\n"
WRITING = "Once upon a time there was a small ship that"

ROUNDING = 1e-3
"""Of a token's log-probability. Without repacked weights the model was found to be exact to the last bit."""


class FreeSteps(speculation.StepCosts):
    """Costs by which everything that is likely at all is proposed."""

    known = True

    def relative(self, n_tokens: int) -> float:
        return 1 + n_tokens * 1e-6

    def observe(self, n_certain: int, n_proposed: int, step_s: float) -> None:
        pass


@pytest.fixture(autouse=True, scope="module")
def _free_steps() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speculation, "StepCosts", FreeSteps)
        yield


@pytest.fixture(scope="module")
def real() -> Iterator[Scheduled]:
    """Without a prefix cache, so that equal prompts lie in equal cells. It has room for 40 logits."""
    with scheduled(bundled_model_path(), n_ctx=1024, n_cells=2048, max_sequences=40, prefix_cache=False) as running:
        yield running


@pytest.fixture(scope="module")
def tiny() -> Iterator[Scheduled]:
    with scheduled(tiny_model(), n_ctx=1024, n_cells=1024) as running:
        yield running


class Guesses(CopyLookup):
    """Proposes what it is told to: of all answers' tokens, those at the answer's place."""

    def __init__(self, prompt: Sequence[int], max_new: int, told: Sequence[int], wrong_every: int = 0) -> None:
        super().__init__(prompt, max_new)
        self._told = [0 if wrong_every and n % wrong_every == wrong_every - 1 else t for n, t in enumerate(told)]
        self._begin = len(prompt)

    def _guess(self, limit: int) -> list[int]:
        written = self._length - self._begin
        return self._told[written : written + limit]


def tokens_of(running: Scheduled, text: str) -> list[int]:
    return running.model.tokenize(text, add_special=True)


def looked_up(running: Scheduled, prompt: Sequence[int], max_new: int) -> CopyLookup:
    return CopyLookup(prompt, max_new, never=running.model.end_tokens)


def same(one: Answer, other: Answer) -> None:
    assert one.tokens == other.tokens
    assert (one.text, one.finished.reason) == (other.text, other.finished.reason)
    assert [t.token for t in one.selected] == one.tokens
    logprobs = [[t.logprob.logprob for t in answer.selected if t.logprob] for answer in (one, other)]
    assert logprobs[0] == pytest.approx(logprobs[1], abs=ROUNDING)


@pytest.mark.parametrize("fields", [{"temperature": 0}, {"temperature": 1, "top_k": 0, "seed": 5}])
@pytest.mark.parametrize(("text", "fewest"), [(COPYING, 10), (WRITING, 0)])
def test_equal_requests_get_equal_answers_with_and_without(
    real: Scheduled, text: str, fewest: int, fields: dict[str, Any]
) -> None:
    """Greedy or with a seed: a token is drawn by the same numbers, whether or not it was proposed."""
    prompt, sampling = tokens_of(real, text), SamplingParams(**fields)
    without = real.write(prompt, 24, sampling=sampling)
    ahead = real.write(prompt, 24, sampling=sampling, lookup=looked_up(real, prompt, 24))
    same(ahead, without)
    if not fields["temperature"]:
        assert ahead.finished.proposals.accepted >= fewest


@pytest.mark.parametrize("wrong_every", [0, 1, 2, 5])
def test_wrong_guesses_leave_nothing_behind(real: Scheduled, wrong_every: int) -> None:
    """Guesses that are all right, all wrong, or right for a while; the same cells are free afterwards."""
    prompt = tokens_of(real, WRITING)
    without = real.write(prompt, 24)
    n_free = real.n_free
    ahead = real.write(prompt, 24, lookup=Guesses(prompt, 24, without.tokens, wrong_every))
    same(ahead, without)
    proposals = ahead.finished.proposals
    right = {0: 22, 1: 0, 2: 12, 5: 19}[wrong_every]
    assert right - 2 <= proposals.accepted <= right + 1
    assert (proposals.accepted == proposals.proposed) == (wrong_every == 0)
    assert real.n_free == n_free


def test_penalties_know_the_accepted_tokens_only(real: Scheduled) -> None:
    prompt = tokens_of(real, COPYING)
    sampling = SamplingParams(temperature=0, frequency_penalty=0.7, presence_penalty=0.5, logit_bias={260: -5.0})
    without = real.write(prompt, 30, sampling=sampling)
    for wrong_every in (0, 3):
        lookup = Guesses(prompt, 30, without.tokens, wrong_every)
        same(real.write(prompt, 30, sampling=sampling, lookup=lookup), without)


N_DRAWS = 1500
DRAWN = 3


class Lenient(TokenSelector):
    """A wrong rule: a proposed token is taken wherever the model finds it likely enough."""

    told: Sequence[int] = ()

    def select(self, context: Context, index: int) -> SelectedToken:
        told, self.told = self.told[0], self.told[1:]
        likely = bool(context.logits(index)[told] > context.logits(index).max() - 1)
        selected = super().select(context, index)
        return replace(selected, token=told) if likely else selected


def drawn(running: Scheduled, first_seed: int, told: Sequence[int], how: str) -> Counter[tuple[int, ...]]:
    """How often each answer of `DRAWN` tokens comes, with a seed of its own each."""
    prompt, answers = tokens_of(running, "hello the sea"), []
    for seed in range(first_seed, first_seed + N_DRAWS):
        lookup = None if how == "without" else Guesses(prompt, DRAWN, told)
        sampling = SamplingParams(temperature=0.7, top_k=0, top_p=1, min_p=0, seed=seed)
        selects = Lenient if how == "wrong" else TokenSelector
        answer = running.start(prompt, DRAWN, lookup=lookup, sampling=sampling, selects=selects)
        if isinstance(answer.generation.selector, Lenient):
            answer.generation.selector.told = told
        answers.append(answer)
        if len(answers) > 100:
            assert answers[-100].ended.wait(100)
    for answer in answers:
        assert answer.ended.wait(100)
    return Counter(tuple(answer.tokens) for answer in answers)


def p_value(one: Counter[tuple[int, ...]], other: Counter[tuple[int, ...]], n_first: int) -> float:
    """How probable it is that the first tokens of both come from one distribution; rare ones count together."""
    counts = [Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()]
    for counter, answers in zip(counts, (one, other), strict=True):
        for tokens, n in answers.items():
            counter[tokens[:n_first]] += n
    common = [tokens for tokens in counts[0] | counts[1] if counts[0][tokens] + counts[1][tokens] >= 30]
    table = [[*(counter[t] for t in common), counter.total() - sum(counter[t] for t in common)] for counter in counts]
    return float(chi2_contingency(np.array(table) + np.array([[0] * len(common) + [1]])).pvalue)


def test_proposals_change_no_probability(tiny: Scheduled) -> None:
    """Of many answers, some of them proposed right; a rule that favours what is proposed is found out."""
    first = drawn(tiny, 0, (), "without")
    told = first.most_common(1)[0][0]
    before = tiny.counted("proposed_tokens_total"), tiny.counted("accepted_tokens_total")
    ahead = drawn(tiny, 10_000, told, "ahead")
    proposed, accepted = (
        tiny.counted(f"{name}_tokens_total") - n for name, n in zip(("proposed", "accepted"), before, strict=True)
    )
    assert proposed > N_DRAWS / 2
    assert 0.1 * proposed < accepted < 0.9 * proposed
    wrong = drawn(tiny, 20_000, told, "wrong")
    for n_first in range(1, DRAWN + 1):
        assert p_value(first, ahead, n_first) > 0.001
        assert p_value(first, wrong, n_first) < 0.001


def test_a_schema_is_followed_where_guesses_break_it(real: Scheduled) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"day": {"enum": ["monday", "friday"]}, "sun": {"type": "boolean"}},
    }
    schema |= {"required": ["day", "sun"], "additionalProperties": False}
    check_schema(JsonReader(schema))
    rules = GrammarCompiler(real.model).compile(schema_source(SchemaPart(schema, "schema")))
    prompt = tokens_of(real, LOG + 'As JSON: {"day": "monday", "sun": maybe} {"day": "sunday", "sun": maybe} ')
    without = real.write(prompt, 40, grammar=rules.begin())
    assert without.finished.reason == "stop"
    lookups = [looked_up(real, prompt, 40), Guesses(prompt, 40, without.tokens), Guesses(prompt, 40, prompt[-40:])]
    for lookup in lookups:
        same(real.write(prompt, 40, grammar=rules.begin(), lookup=lookup), without)


def test_a_stop_string_within_accepted_tokens_ends_the_answer(real: Scheduled) -> None:
    prompt = tokens_of(real, COPYING)
    whole = real.write(prompt, 40)
    stop = whole.text[30:36]
    assert whole.text.index(stop) == 30 or whole.text.index(stop) < 30
    without = real.write(prompt, 40, stops=[stop])
    ahead = real.write(prompt, 40, stops=[stop], lookup=Guesses(prompt, 40, whole.tokens))
    same(ahead, without)
    assert ahead.finished.stop == stop
    assert ahead.text == whole.text[: whole.text.index(stop)]
    assert ahead.finished.usage == without.finished.usage
    assert ahead.finished.proposals.proposed > ahead.finished.proposals.accepted


@pytest.mark.parametrize("max_new", [1, 2, 3, 9])
def test_an_answer_is_never_longer_than_it_may_be(real: Scheduled, max_new: int) -> None:
    prompt = tokens_of(real, WRITING)
    whole = real.write(prompt, 12)
    ahead = real.write(prompt, max_new, lookup=Guesses(prompt, max_new, whole.tokens))
    assert (ahead.tokens, ahead.finished.reason) == (whole.tokens[:max_new], "length")
    assert ahead.finished.usage.completion_tokens == max_new
    assert ahead.finished.proposals.proposed == max(0, max_new - 2)  # the first comes with the prompt, the last is free


class Told(TokenSelector):
    """Takes the tokens that it is told, whatever the model thinks of them: it is still asked how likely they are."""

    told: Sequence[int] = ()

    def select(self, context: Context, index: int) -> SelectedToken:
        token, self.told = self.told[0], self.told[1:]
        logprobs = context.logits(index) - np.logaddexp.reduce(context.logits(index))
        return SelectedToken(token, TokenLogprob(token, float(logprobs[token])))


def write_told(running: Scheduled, prompts: Sequence[list[int]], told: list[int], *, wrong_every: int) -> list[Answer]:
    """Answers side by side that all say the same; every so many guesses are wrong, if any are made."""
    answers = []
    for prompt in prompts:
        lookup = Guesses(prompt, len(told), told, wrong_every) if wrong_every else None
        selector = Told(Sampler(), None, 0)
        selector.told = told
        answers.append(running.start(prompt, len(told), lookup=lookup, selects=lambda *_, s=selector: s))
    for answer in answers:
        assert answer.ended.wait(100)
    return answers


def equally_likely(one: Answer, other: Answer) -> bool:
    """Whether the model thought the same of every token: then it saw the same tokens before it, but for rounding."""
    here, there = ([t.logprob.logprob for t in answer.selected if t.logprob] for answer in (one, other))
    return len(here) == len(there) and np.allclose(here, there, rtol=0, atol=NEIGHBOURS)


NEIGHBOURS = 0.7
"""Of a log-probability: where other answers lie in the cells between, sums are made in another order."""


def test_answers_side_by_side_guess_for_themselves(real: Scheduled) -> None:
    prompts = [tokens_of(real, text) for text in (COPYING, WRITING, LOG)]
    told = tokens_of(real, LOG)[:24]
    alone = [write_told(real, [prompt], told, wrong_every=0)[0] for prompt in prompts]
    together = write_told(real, prompts, told, wrong_every=4)
    assert all(map(equally_likely, together, alone))
    assert not any(equally_likely(alone[0], other) for other in alone[1:])
    assert all(answer.finished.proposals.accepted > 8 for answer in together)


def test_a_preempted_answer_goes_on_where_it_was(tiny: Scheduled) -> None:
    """Two answers outgrow the cells, while most guesses are right."""
    prompts = [tokens_of(tiny, "hello the sea " * n) for n in (20, 23)]
    told = [20 + n * n % 300 for n in range(600)]
    alone = [write_told(tiny, [prompt], told, wrong_every=0)[0] for prompt in prompts]
    before = tiny.counted("preempted_total")
    together = write_told(tiny, prompts, told, wrong_every=7)
    assert tiny.counted("preempted_total") > before
    assert [answer.tokens for answer in together] == [told, told]
    assert all(map(equally_likely, together, alone))


def test_a_caller_who_leaves_leaves_nothing_behind(tiny: Scheduled) -> None:
    prompt = tokens_of(tiny, "hello the sea " * 9)
    never = SamplingParams(temperature=0, logit_bias=dict.fromkeys(tiny.model.end_tokens, -100.0))
    answer = tiny.start(prompt, 500, sampling=never, lookup=Guesses(prompt, 500, [300] * 500))
    wait_for(lambda: len(answer.events) > 3, 30)
    tiny.scheduler.cancel([answer.generation])
    wait_for(lambda: tiny.scheduler.n_running == 0, 30)
    n_held = tiny.context.n_ctx - tiny.n_free
    cache = tiny.scheduler._kv_cache
    entries = cache._prefixes.most_recent_first()
    assert n_held == cache._pool.n_held_by_any([entry.sequence for entry in entries])
    assert all(cache._pool.n_held(entry.sequence) == len(entry.tokens) for entry in entries)
