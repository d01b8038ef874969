"""Replaying past requests: read from whatever people have, decided as the gateway would, and added up exactly."""

import asyncio
import contextlib
import csv
import gzip
import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.config.settings import Settings
from gateway.dispatch.assumed import assumed_decider
from gateway.reports.replay import json_stream
from gateway.reports.replay.deciding import Prices, Replayer
from gateway.reports.replay.json_stream import Unreadable, read_values
from gateway.reports.replay.recorded import requests_in
from gateway.reports.replay.whatif import CURVE, ReplayedRequest, WhatIf
from gateway.reports.tuning import MOVABLE
from gateway.spending.pricing import Pricer
from models.usage.usage import Usage
from models.wire.chat import ChatRequest, text_of
from models.wire.errors import RequestError
from models.wire.token_estimates import prompt_tokens_guess
from router.artifact import load_artifact
from router.policy import LocalCapabilities
from router.training.json_lines import opened
from tests.conftest import MakeGateway
from tests.gateway import seed
from tests.live import wait_for
from tests.provider import Provider

EASY, HARD = (
    "Summarise this mail: see you on Tuesday.",
    "Prove that there are infinitely many primes of the form 4k + 3.",
)


def body(text: Any = EASY, **fields: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **fields}


def says(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


# What is read.


def values(content: bytes) -> list[tuple[str, Any]]:
    return list(read_values(io.BufferedReader(io.BytesIO(content))))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner), max_leaves=8
)
objects = st.dictionaries(st.text(), json_values, max_size=4)


@pytest.mark.slow
@given(st.lists(objects, max_size=5), st.sampled_from([None, 2]), st.booleans(), st.integers(1, 40))
def test_an_array_is_read_whole_however_it_comes(items: list[Any], indent: int, ascii: bool, chunk: int) -> None:
    content = json.dumps(items, indent=indent, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK_BYTES", chunk)
        found = values(content)
    assert [place for place, _ in found] == [f", entry {number}" for number in range(1, len(items) + 1)]
    assert [value for _, value in found] == json.loads(content.decode("utf-8", "replace"))


def test_lines_are_numbered_and_bad_ones_named() -> None:
    found = values(b'\xef\xbb\xbf{"a": 1}\n\n{"b": \n nonsense\n{"c": 3}')
    assert [place for place, _ in found] == [":1", ":3", ":4", ":5"]
    assert [value for _, value in found if not isinstance(value, Unreadable)] == [{"a": 1}, {"c": 3}]
    assert found[1][1].why == "not valid JSON: unexpected end of data at character 8"


def test_one_object_over_many_lines_is_one_value() -> None:
    assert values(json.dumps(body(), indent=2).encode()) == [(", entry 1", body())]


@pytest.mark.parametrize(
    ("content", "good", "why"),
    [
        (b'[{"a": 1}, {"b": nonsense}, {"c": 3}]', 1, "the rest is not read"),
        (b'[{"a": 1}, {"b": 2}', 2, "ends before its array does"),
        (b'[{"a": 1}, {"b": ', 1, "not valid JSON"),
        (b"[" * 100_000, 0, "nested too deeply"),
        (b'[{"a": "' + b"x" * 5000 + b'"}]', 0, "longer than"),
        (b'{"a": "' + b"x" * 5000 + b'"}\n', 0, "longer than"),
    ],
)
def test_what_cannot_be_read_is_said(content: bytes, good: int, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if b"xxx" in content:
        monkeypatch.setattr(json_stream, "MOST_BYTES", 1000)
        monkeypatch.setattr(json_stream, "CHUNK_BYTES", 100)
    found = values(content)
    assert len(found) == good + 1
    assert why in found[-1][1].why


def test_after_a_line_too_long_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST_BYTES", 1000)
    found = values(b'{"a": "' + b"x" * 5000 + b'"}\n{"b": 2}\n')
    assert (found[0][0], found[1]) == (":1", (":2", {"b": 2}))


def test_gzip_is_unpacked_and_a_damaged_one_said(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.gz"
    packed = gzip.compress(b'{"a": 1}\n' * 10_000)
    path.write_bytes(packed)
    with opened(path) as (file, _raw):
        assert len(list(read_values(file))) == 10_000
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(OSError, match="damaged gzip"), opened(path) as (file, _raw):
        list(read_values(file))


# What it stands for.


def node(id: str, parent: str | None, role: str, *parts: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": list(parts)}
    return {"id": id, "parent": parent, "message": {"author": {"role": role}, "content": content}}


CHATGPT = {
    "title": "t",
    "current_node": "6",
    "mapping": {
        "0": {"id": "0", "parent": None, "message": None},
        "1": node("1", "0", "system", ""),
        "2": node("2", "1", "user", "look", {"content_type": "image_asset_pointer"}),
        "3": {**node("3", "2", "assistant"), "message": {"author": {"role": "assistant"}, "content": {"text": "code"}}},
        "4": node("4", "3", "tool", "result"),
        "5": node("5", "4", "assistant", "nice"),
        "other": node("other", "5", "user", "a branch that was left"),
        "6": node("6", "5", "user", "thanks"),
    },
}
TALK = [says("system", "be kind"), says("user", "hi"), says("assistant", "hello"), says("user", "more")]
SHAREGPT = {
    "conversations": [
        {"from": "human", "value": "hi"},
        {"from": "gpt", "value": "hello"},
        {"from": "human", "value": "more"},
        {"from": "gpt", "value": "of what?"},
    ]
}
RESPONSE = {"choices": [{"message": says("assistant", "a long answer")}]}

FORMS: list[Any] = [
    pytest.param(body("hi"), [("hi", None)], id="a body"),
    pytest.param({**body("hi"), "model": None}, [("hi", None)], id="without a model"),
    pytest.param({"model": "m", "input": "hi"}, [("hi", None)], id="responses"),
    pytest.param(
        {"model": "m", "max_tokens": 9, "system": "s", "messages": [says("user", "hi")]},
        [("s|hi", None)],
        id="anthropic",
    ),
    pytest.param({"prompt": "hi"}, [("hi", None)], id="a prompt"),
    pytest.param(
        {"custom_id": "1", "method": "POST", "url": "/v1/responses", "body": {"model": "m", "input": "hi"}},
        [("hi", None)],
        id="batch",
    ),
    pytest.param({"request": body("hi"), "response": RESPONSE}, [("hi", "a long answer")], id="log"),
    pytest.param({"request": body("hi"), "response": {"body": RESPONSE}}, [("hi", "a long answer")], id="batch log"),
    pytest.param({"messages": TALK}, [("be kind|hi|hello|more", None)], id="ends in a question"),
    pytest.param({"messages": TALK[:3]}, [("be kind|hi", "hello")], id="ends in an answer"),
    pytest.param(
        {"messages": [*TALK, says("assistant", "of what?")]},
        [("be kind|hi", "hello"), ("be kind|hi|hello|more", "of what?")],
        id="two answers",
    ),
    pytest.param(SHAREGPT, [("hi", "hello"), ("hi|hello|more", "of what?")], id="sharegpt"),
    pytest.param(CHATGPT, [("look", "code\nnice")], id="chatgpt"),
]


@pytest.mark.parametrize(("value", "expected"), FORMS)
def test_every_answer_is_one_request(value: Any, expected: list[tuple[str, str | None]]) -> None:
    found = [("|".join(map(text_of, each.request.messages)), each.answer) for each in requests_in(value)]
    assert found == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "JSON object"),
        ({"foo": 1}, "no request in it"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, r"messages\[0\].role"),
        ({"model": "text-embedding-3-small", "input": "x"}, "embeddings"),
        ({"url": "/v1/embeddings", "body": {"input": "x"}}, "embeddings"),
        ({"conversations": [{"from": "human", "value": "x"}]}, "no answer"),
        ({"conversations": [{"from": "alien", "value": "x"}]}, "not a known speaker"),
        ({"conversations": [{"from": "human"}]}, r"conversations\[0\]"),
        ({"mapping": {}, "current_node": "x"}, "do not form a conversation"),
        ({"mapping": {"x": {"parent": "x"}}, "current_node": "x"}, "do not form a conversation"),
    ],
)
def test_what_is_no_request_says_why(value: Any, words: str) -> None:
    with pytest.raises((ValueError, RequestError), match=words):
        list(requests_in(value))


CHATS = ("mapping", "current_node", "parent", "message", "author", "role", "content", "parts", "conversations", "from")
BODIES = (
    "value",
    "messages",
    "body",
    "request",
    "response",
    "choices",
    "usage",
    "input",
    "prompt",
    "url",
    "tool_calls",
)
FIELDS = (*CHATS, *BODIES, "text", "input_tokens", "tools", "functions", "response_format", "modalities", "n")
REPLAYER = Replayer(
    assumed_decider(Settings(), load_artifact().scorer, LocalCapabilities(frozenset(), 4096), lambda: 0.5),
    Prices(Pricer(Settings()), ""),
    answer_tokens=256,
)

anything = st.recursive(
    st.none() | st.integers() | st.sampled_from(["user", "assistant", "gpt", "human", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything)
@example({**body(), "tools": 3, "modalities": 3, "n": "x", "response_format": [], "functions": 1})
def test_nothing_odd_ends_the_run(value: Any) -> None:
    with contextlib.suppress(ValueError, RequestError):
        for recorded in requests_in(value):
            asyncio.run(REPLAYER.replay(recorded))


def test_tokens_are_those_on_record_else_by_the_text() -> None:
    def tokens(value: Any) -> tuple[Usage, bool]:
        (recorded,) = requests_in(value)
        return recorded.tokens(256)

    guess = prompt_tokens_guess(ChatRequest.parse(body()))
    usage = {"prompt_tokens": 31, "completion_tokens": 17, "prompt_tokens_details": {"cached_tokens": 8}}
    assert tokens({"request": body(), "response": {**RESPONSE, "usage": usage}}) == (Usage(31, 17, 8), True)
    newer = {"input_tokens": 31, "output_tokens": 17, "input_tokens_details": {"cached_tokens": 8}}
    assert tokens({"request": body(), "response": {"usage": newer}}) == (Usage(31, 17, 8), True)
    assert tokens({"request": body(), "response": RESPONSE}) == (Usage(guess, 4), False)
    assert tokens(body()) == (Usage(guess, 256), False)
    assert tokens(body(max_tokens=50)) == (Usage(guess, 50), False)


# What it adds up to.

outcomes = st.builds(
    ReplayedRequest,
    route=st.sampled_from(["local", "cloud", "none"]),
    reason=st.sampled_from(["score", "pinned", "context"]),
    score=st.sampled_from([0.0, 0.29, 0.3, 0.31, 0.5, 0.98, 1.0]),
    usage=st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
    recorded=st.booleans(),
    cloud_nusd=st.none() | st.integers(0, 99),
    baseline_nusd=st.none() | st.integers(0, 99),
    local_nusd=st.integers(0, 9),
).filter(lambda outcome: outcome.route != "none" or outcome.reason != "score")


@given(st.lists(outcomes, min_size=1, max_size=30), st.lists(st.floats(0, 1.0001), max_size=3))
def test_sums_are_those_of_deciding_each_at_each_threshold(
    found: list[ReplayedRequest], thresholds: list[float]
) -> None:
    whatif = WhatIf([*thresholds, 0.3])
    for outcome in found:
        whatif.add(outcome)

    def goes(outcome: ReplayedRequest, threshold: float) -> str:
        if outcome.reason != "score":
            return outcome.route
        return "cloud" if outcome.score >= threshold else "local"

    priced = [each for each in found if each.cloud_nusd is not None and each.baseline_nusd is not None]
    for point in whatif.points([*whatif.thresholds, *CURVE]):
        at = point.threshold
        local = [each for each in found if goes(each, at) == "local"]
        assert (point.requests, point.local) == (len(found), len(local))
        assert point.cloud == sum(goes(each, at) == "cloud" for each in found)
        paid: dict[str, Callable[[ReplayedRequest], Any]] = {
            "cloud": lambda each: each.cloud_nusd,
            "local": lambda each: each.local_nusd,
            "none": lambda _each: 0,
        }
        assert point.cost_usd * 10**9 == sum(paid[goes(each, at)](each) for each in priced)
        answered = [each for each in priced if goes(each, at) != "none"]
        assert point.baseline_usd * 10**9 == sum(each.baseline_nusd or 0 for each in answered)
        failing = sum(each.score for each in local) / len(local) if local else None
        assert point.expected_failure_rate == (None if failing is None else pytest.approx(failing))
    assert whatif.coverage == len(priced) / len(found)


# The command.

Replay = Callable[..., Result]


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["replay", *map(str, arguments)])


def write_lines(path: Path, *lines: Any) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def test_it_says_what_a_product_manager_wants_to_know(replay: Replay, tmp_path: Path) -> None:
    image = [{"type": "image_url", "image_url": {"url": "https://example.com"}}]
    lines = [body(EASY)] * 7 + [body(HARD)] * 2 + [body(image)]
    path = write_lines(tmp_path / "log.jsonl", *lines[:4], "nonsense", *lines[4:], {"foo": 1})
    done = replay(path, "--thresholds", "0,1.0001")
    assert done.exit_code == 0, done.output
    words = " ".join(done.stdout.split())
    assert "Of 10 requests, 70% would have stayed local at 0.45, the threshold in force; you would have paid" in words
    assert "with gpt-4.1 (an estimate)" in words
    assert "rules decide 1 of them: 1 to cloud (capability)" in words
    assert "missing counts 256 tokens" in words
    assert f"{path}:5: not valid JSON" in done.stderr
    assert f"{path}:12: there is no request in it" in done.stderr
    assert "2 could not be read" in done.stderr


def test_what_orjson_cannot_write_is_a_bad_entry_and_no_end(replay: Replay, tmp_path: Path) -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    odd = [body(tools=[deep]), body(tools=[10**30]), body("\ud800"), body()]
    path = tmp_path / "log.json"
    path.write_text(json.dumps(odd))
    done = replay(path, "--json")
    assert json.loads(done.stdout)["requests"] == 2
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()[:2]] == [
        f"{path}, entry 1",
        f"{path}, entry 2",
    ]


def test_json_and_csv_tell_the_same(replay: Replay, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "log.jsonl", *[body(EASY)] * 3, body(HARD), body("hi", model="cloud"), "nonsense")
    told = json.loads(replay(path, "--json", "--thresholds", "0.2,0.6", "--answer-tokens", "100").stdout)
    assert [point["threshold"] for point in told["points"]] == [0.2, 0.45, 0.6]
    assert (told["requests"], told["unreadable"], told["completion_tokens"]) == (5, 1, 500)
    assert told["decided_by_rule"] == [{"route": "cloud", "reason": "pinned", "requests": 1}]
    # gpt-4.1 costs 2 and 8 dollars a million tokens
    assert float(told["points"][0]["baseline_usd"]) == pytest.approx((told["prompt_tokens"] * 2 + 500 * 8) / 1e6)
    table = list(
        csv.DictReader(io.StringIO(replay(path, "--csv", "--thresholds", "0.2,0.6", "--answer-tokens", "100").stdout))
    )
    assert [row["cost_usd"] for row in table] == [point["cost_usd"] for point in told["points"]]


def test_a_price_of_ones_own_for_the_local_model_counts(
    replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIMGATE_LOCAL__BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("SLIMGATE_LOCAL__MODEL", "mine")
    monkeypatch.setenv("SLIMGATE_PRICES", '{"mine": {"input_usd_per_mtok": 0, "output_usd_per_mtok": 1}}')
    told = json.loads(replay(write_lines(tmp_path / "log.jsonl", *[body()] * 4), "--json").stdout)
    assert float(told["points"][-1]["cost_usd"]) == pytest.approx(4 * 256 / 1e6)


def test_rules_are_those_of_the_local_model_described(replay: Replay, tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    path = write_lines(tmp_path / "log.jsonl", body(tools=[tool]), body("word " * 3000), body(model="local", n=2))

    def rules(*arguments: str) -> dict[str, str]:
        told = json.loads(replay(path, "--json", *arguments).stdout)["decided_by_rule"]
        return {rule["reason"]: rule["route"] for rule in told}

    assert rules() == {"capability": "none"}  # what is pinned to a side that cannot do it is refused
    assert rules("--features", "several_choices", "--n-ctx", "2048") == {
        "capability": "cloud",
        "context": "cloud",
        "pinned": "local",
    }


def test_it_decides_as_the_running_gateway(
    replay: Replay, tmp_path: Path, make_gateway: MakeGateway, provider: Provider
) -> None:
    side = {"base_url": provider.base_url}
    gateway = make_gateway(local=side, cloud=side, router={"threshold": 0.3})
    wait_for(lambda: httpx.get(f"{gateway.url}/health/ready").json()["local"] == "up")
    asked = [body(EASY), body(HARD), body("hi", model="cloud"), body("hi", n=3), {"messages": TALK}]
    said = [httpx.post(f"{gateway.url}/v1/route", json={**each, "model": "auto"}).json() for each in asked[:2]]
    said += [
        httpx.post(f"{gateway.url}/v1/route", json=each).json() for each in [asked[2], {**asked[3], "model": "auto"}]
    ]
    said.append(httpx.post(f"{gateway.url}/v1/route", json=asked[4]).json())
    told = json.loads(replay(write_lines(tmp_path / "log.jsonl", *asked), "--json", "--thresholds", "0.3").stdout)
    point = next(point for point in told["points"] if point["threshold"] == 0.3)
    assert point["local"] == sum(decision["route"] == "local" for decision in said)
    assert told["decided_by_score"] == sum(decision["reason"] == "score" for decision in said)


def test_the_ledger_is_replayed_by_its_own_figures(replay: Replay, tmp_path: Path) -> None:
    rows = list(seed.traffic(500, time.time_ns() // 1_000_000, days=10))
    seed.write(tmp_path / "ledger.db", rows)
    told = json.loads(replay("--ledger", "--json", "--thresholds", "0.5").stdout)
    answered = [row for row in rows if row.completion_tokens]
    assert (told["requests"], told["tokens_on_record"], told["assumed"]) == (len(answered), len(answered), None)
    point = next(point for point in told["points"] if point["threshold"] == 0.5)

    def local(row: Any) -> bool:
        return bool(row.score < 0.5 if row.reason in MOVABLE else row.route == "local")

    assert point["local"] == sum(map(local, answered))
    assert float(point["cost_usd"]) == pytest.approx(
        sum(row.baseline_nusd or 0 for row in answered if not local(row)) / 1e9
    )
    recent = [row for row in answered if row.created_ms >= time.time_ns() // 1_000_000 - seed.DAY_MS]
    assert 0 < json.loads(replay("--ledger", "--days", "1", "--json").stdout)["requests"] <= len(recent) + 1
    assert "all recorded" in replay("--ledger").stdout


def test_scores_of_another_classifier_are_not_mixed_in(replay: Replay, tmp_path: Path) -> None:
    rows = list(seed.traffic(100, time.time_ns() // 1_000_000))
    others = [replace(row, id=f"other{number}", artifact="another") for number, row in enumerate(rows)]
    seed.write(tmp_path / "ledger.db", [*rows, *others])
    answered = sum(row.completion_tokens > 0 for row in rows)
    done = replay("--ledger", "--json")
    assert json.loads(done.stdout)["requests"] == answered
    assert f"{answered} requests that another classifier scored are left out" in done.stderr


def test_what_may_not_leave_stays(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_PRIVACY__DETECT", '["email"]')
    path = write_lines(tmp_path / "log.jsonl", body(f"{HARD} Answer to ada@example.com."), body(HARD, model="local"))
    told = json.loads(replay(path, "--json", "--thresholds", "0").stdout)["decided_by_rule"]
    assert {rule["reason"]: rule["route"] for rule in told} == {"privacy": "local", "pinned": "local"}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        ((), 2, "Give files or --ledger"),
        (("x", "--ledger"), 2, "Give files or --ledger"),
        (("nowhere.jsonl",), 2, "nowhere.jsonl: No such file"),
        (("x", "--thresholds", "0.3,high"), 2, "give numbers from 0 to 1.0001"),
        (("x", "--thresholds", "7"), 2, "give numbers from 0 to 1.0001"),
        (("x", "--features", "telepathy"), 2, "unknown: telepathy"),
        (("x", "--json", "--csv"), 2, "not both"),
        (("--ledger",), 1, "No request was found"),
    ],
)
def test_mistakes_are_named(replay: Replay, arguments: tuple[str, ...], exit_code: int, words: str) -> None:
    done = replay(*arguments)
    assert done.exit_code == exit_code
    assert words in " ".join(done.output.replace("│", " ").split())
