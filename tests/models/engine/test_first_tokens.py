"""The engine tells how sure the model was of the first tokens of an answer, beside the answer."""

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from models.engine.http.asgi import BLANKS_HEADER
from models.engine.native.llama import Context
from models.engine.native.samplers import Logits
from models.engine.request.sampling import SamplingParams
from models.engine.scheduling.prompt_lookup import CopyLookup
from models.engine.scheduling.token_selection import Certainty, SelectedToken, TokenSelector
from models.wire.first_tokens import FIELD, HEADER, FirstTokens
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.scheduled import Scheduled, scheduled
from tests.models.engine.test_supervisor import engine_that
from tests.models.engine.tiny import NEVER_ENDS, tiny_model, token_of

pytestmark = pytest.mark.engine

PROMPT = [1, *map(token_of, "thesea" * 5)]


@pytest.fixture(scope="module")
def tiny() -> Iterator[Scheduled]:
    with scheduled(tiny_model(), n_ctx=2048, max_sequences=2) as running:
        yield running


class Watching(TokenSelector):
    """Keeps the logits that each token is chosen from."""

    def __init__(self, *how: Any) -> None:
        super().__init__(*how)
        self.seen: list[Logits] = []

    def select(self, context: Context, index: int) -> SelectedToken:
        self.seen.append(context.logits(index).copy())
        return super().select(context, index)


def by_hand(seen: list[Logits], tokens: list[int]) -> tuple[float, float, float, float]:
    """Mean and least log-probability, mean margin and entropy, with plain arithmetic in double precision."""
    logprobs, margins, entropies = [], [], []
    for logits, token in zip(seen, tokens, strict=True):
        weights = np.exp(logits.astype(np.float64) - float(logits.max()))
        probabilities = weights / weights.sum()
        second, likeliest = sorted(probabilities)[-2:]
        logprobs.append(np.log(probabilities[token]))
        margins.append(np.log(likeliest) - np.log(second))
        entropies.append(-sum(probabilities * np.log(probabilities)))
    return float(np.mean(logprobs)), float(min(logprobs)), float(np.mean(margins)), float(np.mean(entropies))


@pytest.mark.parametrize("n_tokens", [1, 5, 8, 30])
@pytest.mark.parametrize("temperature", [0, 1.5])
def test_the_numbers_are_those_of_a_softmax_by_hand(tiny: Scheduled, n_tokens: int, temperature: float) -> None:
    never_ends = {int(token): bias for token, bias in NEVER_ENDS["logit_bias"].items()}
    sampling = SamplingParams(temperature=temperature, seed=7, top_k=5, logit_bias=never_ends)
    answer = tiny.write(PROMPT, n_tokens, selects=Watching, sampling=sampling)
    selector, first = answer.generation.selector, answer.generation.first_tokens
    assert isinstance(selector, Watching)
    assert first is not None
    n = min(8, n_tokens)
    assert first.n == n
    told = (first.mean_logprob, first.least_logprob, first.mean_margin, first.mean_entropy)
    assert told == pytest.approx(by_hand(selector.seen[:n], answer.tokens[:n]), abs=2e-5)


def test_tokens_that_were_guessed_ahead_count_the_same(tiny: Scheduled) -> None:
    usual = tiny.write(PROMPT, 20)
    lookup = CopyLookup(PROMPT, 20, usual.tokens, tiny.model.end_tokens)
    ahead = tiny.write(PROMPT, 20, lookup=lookup)
    assert ahead.tokens == usual.tokens
    one, other = ahead.generation.first_tokens, usual.generation.first_tokens
    assert one is not None
    assert other is not None
    assert (one.mean_logprob, one.mean_entropy) == pytest.approx((other.mean_logprob, other.mean_entropy), abs=0.01)


@pytest.mark.parametrize(
    ("logits", "token", "expected"),
    [
        ([0.0, 0.0, 0.0, 0.0], 1, (np.log(0.25), 0.0, np.log(4))),
        ([5.0, -np.inf, -np.inf, -np.inf], 0, (0.0, 100.0, 0.0)),
        ([0.0, 300.0, 1.0, 2.0], 0, (-100.0, 100.0, 0.0)),
        ([2.0, 1.0, -np.inf, 1.0], 1, (-1.551445, 1.0, 0.975328)),
    ],
)
def test_distributions(logits: list[float], token: int, expected: tuple[float, float, float]) -> None:
    assert Certainty(np.array(logits, np.float32)).signals(token) == pytest.approx(expected, abs=1e-5)


SLOW_WITH_BLANKS = """
    import time
    from models.engine.native.llama import Context
    from models.engine.http import signs_of_life
    signs_of_life.SIGN_EVERY_S = 0.005
    real = Context.decode
    def decode(self, batch):
        time.sleep(0.01)
        return real(self, batch)
    Context.decode = decode
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    folder = tmp_path_factory.mktemp("engine")
    with running_engine(folder / "state", command=engine_that(folder, SLOW_WITH_BLANKS), deterministic=True) as engine:
        engine.ready()
        yield engine


CHAT: dict[str, Any] = {
    "model": "local",
    "messages": [{"role": "user", "content": "hello"}],
    "temperature": 0,
    **NEVER_ENDS,
}
TEXT = {"model": "local", "prompt": "hello", "temperature": 0, **NEVER_ENDS}
BOTH = pytest.mark.parametrize(("path", "body"), [("/v1/chat/completions", CHAT), ("/v1/completions", TEXT)])


def told_in(stream: httpx.Response) -> tuple[list[bytes], int, FirstTokens | None]:
    """The events of a stream, and which of them is the comment."""
    told = (event + b"\n\n" for event in stream.content.split(b"\n\n") if event)
    events = [event for event in told if event.startswith((b"data:", b": first"))]  # no signs of life
    places = [place for place, event in enumerate(events) if event.startswith(b": first-tokens ")]
    assert len(places) <= 1
    return events, *((places[0], FirstTokens.from_comment(events[places[0]])) if places else (-1, None))


@BOTH
@pytest.mark.parametrize("n_tokens", [3, 20])
def test_streamed_or_whole_they_are_equal(engine: LiveEngine, path: str, body: dict[str, Any], n_tokens: int) -> None:
    body = {**body, "max_tokens": n_tokens}
    plain = engine.post(body, path)
    events, place, streamed = told_in(engine.post({**body, "stream": True}, path))
    blanks = httpx.post(engine.url + path, json=body, headers={BLANKS_HEADER: "1"}, timeout=110)
    assert streamed is not None
    assert streamed.n == min(8, n_tokens)
    assert FirstTokens.from_json(plain.headers[HEADER]) == streamed
    assert FIELD not in plain.json()
    assert blanks.content.startswith(b" ")
    assert FirstTokens.from_wire(blanks.json()[FIELD]) == streamed
    assert HEADER not in blanks.headers
    finish = next(i for i, event in enumerate(events) if b'"finish_reason":"length"' in event)
    assert place < finish
    texts = [choice.get("delta", choice) for event in events[:place] for choice in orjson.loads(event[6:])["choices"]]
    assert sum(bool(text.get("content") or text.get("text")) for text in texts) <= 8  # no later than with the eighth


def test_asked_for_probabilities_it_tells_the_same(engine: LiveEngine) -> None:
    answer = engine.post({**CHAT, "max_tokens": 10, "logprobs": True, "top_logprobs": 20})
    entries = answer.json()["choices"][0]["logprobs"]["content"][:8]
    told = FirstTokens.from_json(answer.headers[HEADER])
    assert told is not None
    assert told.mean_logprob == pytest.approx(sum(e["logprob"] for e in entries) / 8, abs=1e-5)
    margins = [e["top_logprobs"][0]["logprob"] - e["top_logprobs"][1]["logprob"] for e in entries]
    assert told.mean_margin == pytest.approx(sum(margins) / 8, abs=1e-5)


def test_of_several_choices_they_are_the_first_ones(engine: LiveEngine) -> None:
    several = engine.post({**CHAT, "max_tokens": 10, "n": 3, "temperature": 1, "seed": 5})
    one = engine.post({**CHAT, "max_tokens": 10, "temperature": 1, "seed": 5})
    assert several.json()["choices"][0]["message"] == one.json()["choices"][0]["message"]
    ours, theirs = (FirstTokens.from_json(answer.headers[HEADER]) for answer in (several, one))
    assert ours is not None
    assert theirs is not None
    assert ours.mean_logprob == pytest.approx(theirs.mean_logprob, abs=0.01)


@pytest.mark.parametrize(
    "rules",
    [
        {"response_format": {"type": "json_object"}},
        {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"},
    ],
)
def test_under_a_grammar_there_are_none(engine: LiveEngine, rules: dict[str, Any]) -> None:
    body = {"model": "local", "messages": CHAT["messages"], "max_tokens": 20, **rules}
    answer = engine.post(body)
    assert answer.status_code == 200
    assert HEADER not in answer.headers
    assert told_in(engine.post({**body, "stream": True}))[2] is None


def test_the_official_client_reads_the_stream_as_before(engine: LiveEngine) -> None:
    chunks = list(engine.client().chat.completions.create(**CHAT, max_tokens=12, stream=True))
    whole = engine.client().chat.completions.create(**CHAT, max_tokens=12)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    assert "first_tokens" not in whole.model_dump_json() + "".join(chunk.model_dump_json() for chunk in chunks)
