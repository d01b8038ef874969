"""Providers that repeat what they were sent: the key comes out nowhere, the prompt in no log."""

import io
import itertools
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.dialects.chat import ChatDialect
from gateway.record.logs import apply_log_settings
from models.host.log_format import LineFormatter
from tests.collector import Collector, running_collector
from tests.live import Gateway, running_gateway
from tests.process import running_command
from tests.provider import FAULTS, Call, Provider, running_provider

pytestmark = pytest.mark.slow

KEY = "Wq7/canary+9f3b=Zz81xKp2"
"""Of no known form, and other in an address than here."""

KEYS = {"cloud": KEY, "second": "sk-proj-canary0123456789abcdefgh", "local": "Lm5-canary-55aa66bb77xz"}

MARK = "Zanzibar-4711"
FORGED = "12:00:00 CRITICAL slimgate: all is lost"
PROMPT = f"Say hello to {MARK}.\n{FORGED}\r\nAnd {MARK} again\x1b[2J\u202e."
MESSAGES = [{"role": "user", "content": PROMPT}]

SHAPES: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": MESSAGES},
    "responses": {"input": PROMPT},
    "messages": {"messages": MESSAGES, "max_tokens": 32},
    "completions": {"prompt": PROMPT},
    "embeddings": {"input": PROMPT},
}


def key_of(call: Call) -> str:
    return call.provider.headers[-1]["authorization"].removeprefix("Bearer ")


def echo(call: Call) -> str:
    """What such a provider says: the key in all the ways that they quote it, and what it was asked."""
    key = key_of(call)
    parts = [key, f"Bearer {key}", quote(key, safe=""), f"{key[:6]}...{key[-4:]}", f"{key[:4]}********{key[-4:]}"]
    parts += [f"***{key[-4:]}", key[4:16], f"https://api.example/v1?api_key={quote(key, safe='')}"]
    return f"You sent {', '.join(parts)}: {json.dumps(call.body, ensure_ascii=False)} {PROMPT}"


def error(call: Call) -> dict[str, Any]:
    return {"message": echo(call), "type": "server_error", "param": None, "code": "some_code"}


def fault(function: Callable[[Call], Any]) -> None:
    name = f"leaks_{function.__name__}"
    FAULTS[name] = function
    LEAKS.append(name)


LEAKS: list[str] = []


def _answers_with(status: str) -> None:
    async def answer(call: Call) -> None:
        await call.answer(status, {"error": error(call)})

    answer.__name__ = status.partition(" ")[0]
    fault(answer)


for _status in (
    "400 Bad Request", "401 Unauthorized", "402 Payment Required", "403 Forbidden", "404 Not Found",
    "407 Proxy Authentication Required", "408 Timeout", "413 Too Large", "422 Unprocessable", "500 Oops", "503 Busy",
):  # fmt: skip
    _answers_with(_status)


@fault
async def rate_limit(call: Call) -> None:
    await call.answer("429 Too Many Requests", {"error": error(call)}, "retry-after: 1")


@fault
async def identifiers(call: Call) -> None:
    await call.answer("400 Bad Request", {"error": dict.fromkeys(("message", "type", "param", "code"), echo(call))})


@fault
async def words_alone(call: Call) -> None:
    await call.answer("400 Bad Request", {"object": "error", "message": echo(call), "code": 400})


@fault
async def html(call: Call) -> None:
    await call.answer("502 Bad Gateway", f"<html>\n<p>{echo(call)}</html>".encode(), content_type="text/html")


@fault
async def html_200_with_key(call: Call) -> None:
    await call.answer("200 OK", f"<html>\n<p>{echo(call)}</html>".encode(), content_type="text/html")


@fault
async def redirect(call: Call) -> None:
    where = f"https://other.example/?key={quote(key_of(call), safe='')}"
    await call.answer("302 Found", echo(call).encode(), f"location: {where}")


@fault
async def error_in_200_with_key(call: Call) -> None:
    await call.answer("200 OK", {"error": error(call)})


@fault
async def endless_error(call: Call) -> None:
    await call.head("500 Oops", "application/json")
    while True:
        await call.send(b'{"error": {"message": "' + (json.dumps(echo(call))[1:-1] * 20).encode())


@fault
async def reason_phrase(call: Call) -> None:
    await call.head(f"500 {MARK} {key_of(call)}", "application/json", f"x-echo: {key_of(call)} {MARK}")


@fault
async def no_http(call: Call) -> None:
    await call.send(f"{MARK} {key_of(call)} HTTP\r\n\r\n{echo(call)}\r\n\r\n".encode())


@fault
async def names(call: Call) -> None:
    """A proper answer by a model of an improper name, that ends for an improper reason."""
    name = f"gpt {key_of(call)}\r\nx-forged: yes\n{FORGED}"
    if "input" in call.body and "messages" not in call.body:
        data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
        await call.answer("200 OK", {"object": "list", "data": data, "model": "vectors"})
        return
    if call.streams:
        await call.head("200 OK", "text/event-stream")
        await call.event({**call.chunk({"content": "Hi"}), "model": name})
        await call.event(call.chunk({}, name))
        await call.done()
        return
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": name}
    await call.answer("200 OK", {"id": "x", "object": "chat.completion", "choices": [choice], "model": name})


def _in_stream(name: str, first: bool, payload: Callable[[Call], bytes]) -> None:
    async def breaks(call: Call) -> None:
        if not call.streams:
            await call.answer("500 Oops", {"error": error(call)})
            return
        if first:
            await call.head("200 OK", "text/event-stream")
        else:
            await call.begin_stream()
            await call.words(3)
        await call.send(b"data: " + payload(call) + b"\n\n")

    breaks.__name__ = name
    fault(breaks)


_in_stream("first_event", True, lambda call: json.dumps({"error": error(call)}).encode())
_in_stream("later_event", False, lambda call: json.dumps({"error": error(call)}).encode())
_in_stream("bare_event", False, lambda call: json.dumps({"object": "error", **error(call)}).encode())
_in_stream("string_event", False, lambda call: json.dumps({"error": echo(call)}).encode())
_in_stream("malformed", False, lambda call: b'{"choices": [' + json.dumps(echo(call)).encode())
_in_stream("odd", False, lambda call: json.dumps([echo(call)]).encode())
_in_stream("odd_choices", False, lambda call: json.dumps({"choices": [echo(call)]}).encode())
_in_stream("failed", False, lambda call: json.dumps({"type": "response.failed", "error": error(call)}).encode())


class Log:
    """What the gateway writes."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(LineFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def forget(self) -> None:
        self._stream.seek(0)
        self._stream.truncate()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def check(self) -> None:
        """Each record is a line, and none of them forged."""
        assert [line for line in self.lines if not re.match(r"\d\d:\d\d:\d\d [A-Z]+ +[\w.]+: ", line)] == []
        assert not any(line.startswith(FORGED) for line in self.lines)
        assert holds_no_key(self.text)


def holds_no_key(text: str) -> bool:
    """Neither whole nor in the parts that were quoted."""
    parts = [part for key in KEYS.values() for part in (key, quote(key, safe=""), key[4:16], key[:6], key[-4:])]
    return not any(part in text for part in parts)


@contextmanager
def logging_all() -> Iterator[Log]:
    """What all loggers say, at the lowest level."""
    log, root = Log(), logging.getLogger()
    level = root.level
    root.addHandler(log.handler)
    root.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        root.setLevel(level)
        root.removeHandler(log.handler)


class Setup:
    """A gateway with its log, and everybody who leaks behind it."""

    def __init__(self, gateway: Gateway, providers: list[Provider], log: Log, collector: Collector) -> None:
        self.gateway, self.providers, self.log, self.collector = gateway, providers, log, collector

    def ask(self, fault: str, path: str, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        for provider in self.providers:
            provider.always = fault
        answer = self.post(path, headers=headers, **body)
        for provider in self.providers:
            provider.always = "none"
        return answer

    def post(self, path: str, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        asked = {"model": "auto", **SHAPES[path], **body}
        return httpx.post(f"{self.gateway.url}/v1/{path}", json=asked, headers=headers, timeout=30)


@contextmanager
def running_setup(folder: Path, sides: str, **more: Any) -> Iterator[Setup]:
    """`sides` are those that there are, of cloud, second and local."""
    with ExitStack() as stack:
        log = stack.enter_context(logging_all())
        collector = stack.enter_context(running_collector())
        there = {side: stack.enter_context(running_provider()) for side in sides.split()}
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("SECOND_KEY", KEYS["second"])
        limits = {"retries": 0, "breaker_failures": 1_000_000, "first_byte_timeout_s": 5, "total_timeout_s": 5}
        cloud: dict[str, Any] = {
            "base_url": there["cloud"].base_url,
            "api_key": KEY,
            "responses": "native" if "second" in there else "translate",
            **limits,
        }
        if "second" in there:
            second = {"base_url": there["second"].base_url, "model": "second", "api_key_env": "SECOND_KEY", **limits}
            cloud["fallbacks"] = [second]
        local: dict[str, Any] = {"enabled": False}
        if "local" in there:
            local = {"base_url": there["local"].base_url, "api_key": KEYS["local"], "total_timeout_s": 5}
        settings = {
            "cloud": cloud,
            "local": local,
            "router": {"threshold": 1},
            "telemetry": {"otlp_endpoint": collector.url},
            "log": {"format": "text"},
        }
        made_by = {"embeddings": {"backend": "cloud", "model": "vectors"}}
        with running_gateway(Settings(state_dir=folder, **{**settings, **made_by, **more})) as gateway:
            if "local" in there:
                gateway.wait_ready()
            yield Setup(gateway, list(there.values()), log, collector)
        apply_log_settings(Settings())  # the log is the whole process's


@pytest.fixture(scope="module", params=["cloud", "cloud second", "cloud local"])
def setup(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    with running_setup(tmp_path_factory.mktemp("leaks"), request.param) as setup:
        yield setup
    assert setup.collector.spans
    assert not any(MARK.encode() in raw or KEY.encode() in raw for raw in setup.collector.raw)


@pytest.mark.parametrize("leak", LEAKS)
def test_no_key_comes_out_and_no_prompt_is_logged(setup: Setup, leak: str) -> None:
    setup.log.forget()
    for path, stream in itertools.product(SHAPES, (False, True)):
        if path == "embeddings" and stream:
            continue
        body: dict[str, Any] = {"stream": True} if stream else {}
        answer = setup.ask(leak, path, **body)
        assert holds_no_key(str(answer.headers)), (path, stream)
        if not leak.endswith("names"):  # an answer's own text is the provider's
            assert holds_no_key(answer.text), (path, stream, answer.text)
            assert answer.status_code >= 400 or stream
        assert answer.status_code not in (401, 407)
    setup.log.check()
    assert MARK not in setup.log.text
    rows = [row for row in setup.gateway.rows(9) if leak.endswith("names") or row["outcome"] != "ok"]
    assert len(rows) == 9
    assert holds_no_key(json.dumps(rows))
    assert MARK not in json.dumps([{**row, "served_model": ""} for row in rows])
    assert all((row["served_model"] or "").isprintable() and len(row["served_model"] or "") <= 200 for row in rows)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    with running_setup(tmp_path_factory.mktemp("cloud"), "cloud") as setup:
        yield setup


@pytest.mark.parametrize("path", SHAPES)
def test_a_refusals_words_reach_the_caller_clean(cloud: Setup, path: str) -> None:
    message = cloud.ask("leaks_400", path).json()["error"]["message"]
    assert message.startswith("You sent ***, Bearer ***, ***, ***, ***, ***, ***, https://api.example/v1?api_key=*** {")
    assert f"Say hello to {MARK}" in message
    assert message.isprintable()
    assert len(message) <= 1000


@pytest.mark.parametrize("leak", ["leaks_401", "leaks_402", "leaks_403"])
def test_what_is_said_about_our_key_is_not_for_callers(cloud: Setup, leak: str) -> None:
    answer = cloud.ask(leak, "chat/completions")
    assert answer.status_code == 503
    assert answer.json()["error"]["message"] in (
        "cloud: the provider refused the gateway's credentials",
        "cloud: the provider wants to be paid",
    )


def test_the_log_says_which_failure_it_was(cloud: Setup) -> None:
    for leak, words in (
        ("leaks_401", "cloud: the provider refused the gateway's credentials (status 401, code some_code, type server"),
        ("leaks_500", "cloud: status 500, code some_code, type server_error"),
        ("leaks_identifiers", "cloud: refused with status 400"),
    ):
        cloud.ask(leak, "chat/completions")
        assert f"failed: {words}" in cloud.log.text


def test_what_is_no_identifier_is_none(cloud: Setup) -> None:
    found = cloud.ask("leaks_identifiers", "chat/completions").json()["error"]
    assert (found["type"], found["param"], found["code"]) == ("invalid_request_error", None, None)


async def asks_for_ever(call: Call) -> None:
    await call.error("429 Too Many Requests", "slow down", "rate_limit_exceeded", "retry-after: inf")


def test_a_pause_without_end_is_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAULTS, "asks_for_ever", asks_for_ever)
    with running_setup(tmp_path, "cloud") as setup:
        answer = setup.ask("asks_for_ever", "chat/completions")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "86400")


TEXT = {"format": "text"}
WORDY = {**TEXT, "provider_messages": True, "exception_messages": True}
SILENT = {"html", "html_200_with_key", "redirect", "endless_error", "reason_phrase", "no_http", "names"}
SILENT |= {"malformed", "odd", "odd_choices"}
"""What says nothing in the form of an error."""


def test_where_it_is_asked_for_the_log_shows_providers_words_on_a_line_without_keys(tmp_path: Path) -> None:
    with running_setup(tmp_path, "cloud", log=WORDY) as setup:
        for leak in LEAKS:
            before = len(setup.log.lines)
            setup.ask(leak, "chat/completions", stream=True)
            told = [line for line in setup.log.lines[before:] if "; it was told: You sent ***" in line]
            assert bool(told) is (leak.removeprefix("leaks_") not in SILENT), leak
            assert all(MARK in line for line in told)
        setup.log.check()


def test_of_what_may_not_leave_the_log_shows_no_words_whatever_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = {"x-slimgate-privacy": "local", "x-slimgate-session": "s"}
    with running_setup(tmp_path, "cloud local", log=WORDY) as setup:
        assert setup.ask("leaks_500", "chat/completions", headers=private).status_code >= 500
        setup.ask("leaks_500", "chat/completions", headers={"x-slimgate-session": "s"}, stream=True)
        monkeypatch.setattr(ChatDialect, "request", fails)
        assert setup.post("chat/completions", headers=private).status_code == 500
        assert any("unforeseen failure" in line for line in setup.log.lines)
        assert MARK not in setup.log.text
        setup.log.check()


def fails(*_args: Any) -> bytes:
    try:
        raise KeyError(PROMPT)
    except KeyError as exc:
        raise ValueError(f"{KEY} {PROMPT}") from exc


@pytest.mark.parametrize("asked", [False, True])
def test_a_defect_of_ours_says_where_and_not_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool) -> None:
    monkeypatch.setattr(ChatDialect, "completion", fails)
    with running_setup(tmp_path, "cloud", log=WORDY if asked else TEXT) as setup:
        assert setup.post("chat/completions").status_code == 500
        setup.log.check()
        (line,) = [line for line in setup.log.lines if "unforeseen failure" in line]
    assert re.search(r"ValueError.* at test_leaks\.py:\d+ fails < answering\.py:\d+ _whole", line)
    assert re.search(r", caused by KeyError.* at test_leaks\.py:\d+ fails", line)
    assert (MARK in line) is asked


@pytest.mark.slow
def test_the_command_keeps_it_out_of_its_output_too(provider: Provider, tmp_path: Path) -> None:
    provider.always = "leaks_500"
    cloud = {"SLIMGATE_CLOUD__BASE_URL": provider.base_url, "SLIMGATE_CLOUD__API_KEY": KEY}
    with running_command(
        "--log-level", "debug", state_dir=tmp_path, SLIMGATE_LOCAL__ENABLED="false", **cloud
    ) as command:
        for path, stream in itertools.product(SHAPES, (False, True)):
            body = {"model": "auto", **SHAPES[path], "stream": stream}
            answer = httpx.post(f"{command.url}/v1/{path}", json=body, timeout=30)
            assert holds_no_key(answer.text)
        output = command.output
    assert "cloud: status 500, code some_code, type server_error" in output
    assert MARK not in output
    assert not any(line.startswith(FORGED) for line in output.splitlines())
    assert holds_no_key(output)
