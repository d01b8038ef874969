"""What pushed a score is kept of some requests, and never any word of theirs."""

import httpx
import pytest

from gateway.scoring.contributions import PER_SECOND, ContributionSampler, contributions_json
from gateway.scoring.prompt import to_prompt
from models.wire.chat import ChatRequest
from router.artifact import load_artifact
from tests.conftest import MakeGateway
from tests.provider import Provider

SECRET = "Summarise the confidential merger between Initech and Globex in two sentences, please."
BODY = {"model": "auto", "messages": [{"role": "user", "content": SECRET}]}


def test_words_are_one_and_none_is_named() -> None:
    text = contributions_json(load_artifact().scorer, to_prompt(ChatRequest.parse(BODY))).lower()
    assert "wording" in text
    assert [word for word in SECRET.lower().strip(".").split() if f'"{word}' in text or f"“{word}" in text] == []


def test_no_more_than_a_few_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("gateway.scoring.contributions.time.monotonic", lambda: clock[0])
    sampler, prompt = ContributionSampler(load_artifact().scorer), to_prompt(ChatRequest.parse(BODY))

    def kept(n: int) -> int:
        return sum(sampler.of(prompt) is not None for _ in range(n))

    assert kept(100) == PER_SECOND
    clock[0] += 1.0
    assert kept(100) == PER_SECOND
    clock[0] += 0.25
    assert kept(100) == 1


def test_decision_tells_what_pushed_it(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=BODY)
    row = httpx.get(f"{gateway.url}/v1/decisions/{answer.headers['x-request-id']}").json()
    assert row["contributions"]["features"]
    assert 0 <= row["contributions"]["vocabulary_coverage"] <= 1
    export = httpx.get(f"{gateway.url}/v1/decisions/export").text
    assert '""features""' in export
    assert "Initech" not in export
