"""How sure the local model was of its first tokens: in the ledger, its exports and explanations, and not in answers."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.ledger import LedgerRow, Outcome
from gateway.reports.explanation import explain_row
from models.wire.first_tokens import FIELD, HEADER
from tests.gateway.test_ledger import OK
from tests.live import Gateway, running_gateway
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.test_first_tokens import SLOW_WITH_BLANKS
from tests.models.engine.test_supervisor import engine_that
from tests.models.engine.tiny import NEVER_ENDS
from tests.provider import Provider, running_provider

pytestmark = pytest.mark.engine

NAMES = ("first_n", "first_logprob", "first_least_logprob", "first_margin", "first_entropy")
BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "hello"}], "temperature": 0, "max_tokens": 12}
LOCAL = {**BODY, "model": "local", **NEVER_ENDS}

Sides = tuple[Gateway, LiveEngine, Provider]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """A gateway before an engine with a tiny model, whose whole answers begin with blanks, and a cloud."""
    folder = tmp_path_factory.mktemp("first")
    engine_command = engine_that(folder, SLOW_WITH_BLANKS)
    with (
        running_provider() as cloud,
        running_engine(folder / "engine", command=engine_command, deterministic=True) as engine,
    ):
        engine.ready()
        features = ["logprobs", "logit_bias", "json_object", "completions", "several_choices"]
        settings = Settings(
            state_dir=folder / "state",
            local={"base_url": f"{engine.url}/v1", "features": features},
            cloud={"base_url": cloud.base_url, "retries": 0},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield gateway, engine, cloud


def post(gateway: Gateway, body: dict[str, Any], path: str = "/v1/chat/completions") -> httpx.Response:
    answer = httpx.post(gateway.url + path, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def recorded(gateway: Gateway, answer: httpx.Response) -> list[Any]:
    row = gateway.row()
    assert row["id"] == answer.headers["x-request-id"]
    return [row[name] for name in NAMES]


def engines_own(engine: LiveEngine) -> list[Any]:
    return list(httpx.Response(200, content=engine.post(LOCAL).headers[HEADER]).json().values())


SHAPES = pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", LOCAL),
        ("/v1/chat/completions", {**LOCAL, "logprobs": True, "top_logprobs": 2}),
        ("/v1/responses", {"model": "local", "input": "hello", "temperature": 0, "max_output_tokens": 16}),
        ("/v1/messages", {**BODY, "model": "local"}),
        ("/v1/completions", {"model": "local", "prompt": "hello", "temperature": 0, "max_tokens": 12, **NEVER_ENDS}),
    ],
)


@SHAPES
def test_streamed_or_whole_the_row_has_them_and_the_caller_not(sides: Sides, path: str, body: dict[str, Any]) -> None:
    gateway, engine, _ = sides
    seen = []
    for stream in (False, True):
        answer = post(gateway, {**body, "stream": stream}, path)
        seen.append(recorded(gateway, answer))
        told = answer.content.lower() + repr(answer.headers).lower().encode()
        assert not any(word in told for word in (b"first-tokens", b"first_tokens", b"mean_margin"))
    assert seen[0] == seen[1]
    n, mean, least, margin, entropy = seen[0]
    assert 1 <= n <= 8
    assert least <= mean <= 0 <= min(margin, entropy)
    if path == "/v1/chat/completions":
        assert seen[0] == engines_own(engine)


def test_a_client_sees_no_other_fields(sides: Sides) -> None:
    chat = sides[0].client().chat.completions
    whole = chat.create(**LOCAL)
    chunks = list(chat.create(**LOCAL, stream=True))
    assert not whole.model_extra
    assert not any(chunk.model_extra for chunk in chunks)
    assert FIELD not in whole.model_dump_json()


def test_under_a_grammar_and_of_the_cloud_there_are_none(sides: Sides) -> None:
    gateway = sides[0]
    closed = post(gateway, {**BODY, "model": "local", "response_format": {"type": "json_object"}})
    assert recorded(gateway, closed) == [None] * 5
    for stream in (False, True):
        assert recorded(gateway, post(gateway, {**BODY, "model": "cloud", "stream": stream})) == [None] * 5


def test_exports_and_the_explanation_have_them(sides: Sides) -> None:
    gateway = sides[0]
    post(gateway, LOCAL)
    row = gateway.row()
    (line, *_) = csv.DictReader(io.StringIO(gateway.get("/v1/decisions/export", format="csv").text))
    assert [float(line[name]) for name in NAMES] == [row[name] for name in NAMES]
    step = gateway.get(f"/v1/decisions/{row['id']}").json()["rules"][-1]
    assert (step["rule"], step["verdict"]) == ("first_tokens", "passed")
    assert f"first 8 tokens: {math.exp(row['first_logprob']):.3f} on average" in step["text"]
    assert f"margin {row['first_margin']:.2f}, entropy {row['first_entropy']:.2f}" in step["text"]


KNOWN = replace(
    OK,
    first_n=8,
    first_logprob=-0.25,
    first_least_logprob=-1.5,
    first_margin=3.0,
    first_entropy=0.5,
    outcome=Outcome.OK,
)


def test_an_explanation_without_alternatives() -> None:
    row = {**KNOWN.to_columns(), "second_look": None, "first_margin": None, "first_entropy": None}
    assert explain_row(row)[-1]["text"] == "Probability of the first 8 tokens: 0.779 on average, 0.223 the least"
    assert explain_row({**row, "first_n": None})[-1]["rule"] == "score"


@pytest.mark.parametrize(("name", "wrong"), [(name, "7") for name in NAMES] + [("first_n", 9), ("first_n", -1)])
def test_a_line_of_the_spool_with_a_wrong_value_loses_it_alone(name: str, wrong: Any) -> None:
    assert LedgerRow.from_line(KNOWN.to_line()) == KNOWN
    assert LedgerRow.from_line(replace(KNOWN, **{name: wrong}).to_line()) == replace(KNOWN, **{name: cast("Any", None)})
