"""Second looks by what the exam taught: on without a setting, and by the score of the answer that has begun."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.dispatch import cascade
from gateway.dispatch.cascade_judge import Judge
from models.wire.chat import ChatRequest
from models.wire.first_tokens import FirstTokens
from router.artifact import DEFAULT_ARTIFACT, load_pipeline, save_artifact
from router.confidence import CascadeVerdict
from router.decision import Reason, Route, RoutingDecision
from router.second_look import BegunScorer, SignalWeights
from tests.live import Gateway, running_gateway
from tests.models.engine.live import LiveEngine
from tests.provider import running_provider

BY_LOGPROB = SignalWeights(-6.0, 0.0, {"mean_logprob": -8.0})
"""Fails from a mean log-probability of -0.75 downwards: SmolLM2 is surer of what it repeats, and not of gibberish."""

TAUGHT = BegunScorer(BY_LOGPROB, BY_LOGPROB, True, 0.6, 0.5, 0.7, 0.6)

CONFIDENT = "Repeat after me: The cat sat on the mat."
GIBBERISH = "brillig slithy toves gyre 42 mimsy??"


def artifact_at(folder: Path, begun: BegunScorer) -> Path:
    save_artifact(folder, load_pipeline(DEFAULT_ARTIFACT), {}, {"threshold": 0.7, "begun": begun.to_json()})
    return folder


@pytest.fixture
def gateway(tmp_path: Path, deterministic_engine: LiveEngine) -> Iterator[Gateway]:
    with running_provider() as provider:
        settings = Settings(
            state_dir=tmp_path / "state",
            local={"base_url": f"{deterministic_engine.url}/v1", "features": ["logprobs"]},
            cloud={"base_url": provider.base_url, "retries": 0},
            router={"artifact": artifact_at(tmp_path / "artifact", TAUGHT)},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield gateway


def ask(gateway: Gateway, text: str) -> tuple[str, str]:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 12}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=60)
    assert answer.status_code == 200
    return answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]


def test_the_answer_that_has_begun_is_scored(gateway: Gateway) -> None:
    assert ask(gateway, GIBBERISH) == ("cloud", "escalated")
    result = gateway.row()["second_look"]
    assert (result["verdict"], result["score"] >= 0.7) == ("escalated", True)
    assert ask(gateway, CONFIDENT) == ("local", "score")
    result = gateway.row()["second_look"]
    assert (result["verdict"], result["score"] < 0.7) == ("went_on", True)


def test_where_it_does_not_pay_there_is_none(tmp_path: Path, deterministic_engine: LiveEngine) -> None:
    with running_provider() as provider:
        settings = Settings(
            state_dir=tmp_path / "state",
            local={"base_url": f"{deterministic_engine.url}/v1", "features": ["logprobs"]},
            cloud={"base_url": provider.base_url, "retries": 0},
            router={"artifact": artifact_at(tmp_path / "artifact", replace(TAUGHT, pays=False))},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            assert ask(gateway, GIBBERISH) == ("local", "score")
            assert gateway.row()["second_look"] is None


DECISION = RoutingDecision(Route.LOCAL, Reason.SCORE, score=0.5, threshold=0.7)
SURE, UNSURE = FirstTokens(8, -0.1, -0.5), FirstTokens(8, -2.0, -5.0)


@pytest.mark.parametrize(
    ("first_tokens", "confidence", "least", "verdict"),
    [
        (SURE, 0.9, 0.0, CascadeVerdict.WENT_ON),
        (UNSURE, 0.9, 0.0, CascadeVerdict.ESCALATED),
        (SURE, 0.3, 0.4, CascadeVerdict.ESCALATED),
        (None, 0.3, 0.0, CascadeVerdict.WENT_ON),
        (None, None, 0.0, CascadeVerdict.UNKNOWN),
    ],
)
def test_verdicts(
    first_tokens: FirstTokens | None, confidence: float | None, least: float, verdict: CascadeVerdict
) -> None:
    judge = Judge(least, TAUGHT, DECISION, likeness=1.0)
    assert judge.verdict(confidence, judge.score(first_tokens)) is verdict


@pytest.mark.parametrize(("n_alternatives", "asked"), [(0, None), (5, 5)])
def test_another_server_is_asked_for_alternatives(n_alternatives: int, asked: int | None) -> None:
    request = ChatRequest.parse({"model": "auto", "messages": [{"role": "user", "content": "hello"}]})
    body = cascade.telling(request, n_alternatives).body
    assert (body["logprobs"], body.get("top_logprobs")) == (True, asked)


def test_without_an_exam_nothing_is_scored() -> None:
    judge = Judge(0.0)
    assert judge.score(UNSURE) is None
    assert judge.verdict(0.1, None) is CascadeVerdict.WENT_ON


def test_a_missing_signal_is_no_score() -> None:
    needs = replace(TAUGHT, familiar=SignalWeights(0.0, 1.0, {"mean_margin": 1.0}))
    assert Judge(0.0, needs, DECISION, likeness=1.0).score(FirstTokens(8, -0.1, -0.5, None, None)) is None
