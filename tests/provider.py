"""A cloud provider that misbehaves on request, over real HTTP on a real socket.

It writes its bytes itself, since no proper server could be made to cut, stall and lie as providers do. Every fault is a
function in `FAULTS`. `python -m tests.provider --port 9200 [--fault NAME]` runs it alone.
"""

import argparse
import asyncio
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

WORDS = ("The", " cloud", " answers", " with", " eight", " words", " in", " all.")
PROMPT_TOKENS = 11
MODEL = "gpt-4.1-2025-04-14"


@dataclass
class Provider:
    """What the provider saw, and what it shall do next.

    Attributes
    ----------
    faults : deque of str
        Names of `FAULTS`, one used up by each chat request; `always` stands in when it is empty.
    connections : int
        How many were opened, whatever came over them.
    hung_up : int
        Streams whose caller went away before their end.
    billed : list of (prompt, completion) tokens
        What the provider itself counts, the truth that a ledger must agree with: also of answers that it broke off, or
        was not let finish.
    metrics, health : str, dict
        What ``/metrics`` and ``/health`` say; 404 where that is empty.
    listed : dict
        What its list of models says of the model beside the usual.
    extra_headers : dict
        Headers of each answer.
    """

    port: int = 0
    always: str = "none"
    faults: deque[str] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    billed: list[tuple[int, int]] = field(default_factory=list)
    connections: int = 0
    hung_up: int = 0
    words_sent: int = 0
    at_once: int = 0
    most_at_once: int = 0
    pause_s: float = 0.0
    metrics: str = ""
    health: dict[str, Any] = field(default_factory=dict)
    listed: dict[str, Any] = field(default_factory=dict)
    extra_headers: dict[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def next_fault(self) -> str:
        return self.faults.popleft() if self.faults else self.always


@dataclass
class Call:
    """One chat request in hand."""

    provider: Provider
    body: dict[str, Any]
    writer: asyncio.StreamWriter
    words_said: int = 0
    begun: bool = False
    billed: bool = False

    @property
    def streams(self) -> bool:
        return bool(self.body.get("stream"))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: str, content_type: str, *extra: str) -> None:
        more = (f"{name}: {value}" for name, value in self.provider.extra_headers.items())
        lines = [f"HTTP/1.1 {status}", f"content-type: {content_type}", "connection: close", *more, *extra, "", ""]
        await self.send("\r\n".join(lines).encode())

    async def answer(self, status: str, payload: Any, *extra: str, content_type: str = "application/json") -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        await self.head(status, content_type, f"content-length: {len(data)}", *extra)
        await self.send(data)

    async def error(self, status: str, message: str, code: str | None, *extra: str) -> None:
        error = {"message": message, "type": "server_error", "param": None, "code": code}
        await self.answer(status, {"error": error}, *extra)

    async def event(self, payload: Any) -> None:
        await self.send(b"data: " + json.dumps(payload).encode() + b"\n\n")

    def chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {"id": "chatcmpl-p", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
        return {**chunk, "choices": [choice], **({"usage": None} if self.asked_usage else {})}

    @property
    def asked_usage(self) -> bool:
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    async def begin_stream(self, first: bytes = b"") -> None:
        self.begun = True
        await self.head("200 OK", "text/event-stream")
        await self.send(first)
        await self.event(self.chunk({"role": "assistant", "content": ""}))

    async def words(self, count: int = len(WORDS)) -> None:
        for word in WORDS[:count]:
            await self.event(self.chunk({"content": word}))
            self.words_said += 1
            self.provider.words_sent += 1
            await asyncio.sleep(self.provider.pause_s)

    def usage(self, completion_tokens: int = len(WORDS)) -> dict[str, int]:
        self.bill(PROMPT_TOKENS, completion_tokens)
        total = PROMPT_TOKENS + completion_tokens
        return {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": completion_tokens, "total_tokens": total}

    def bill(self, prompt_tokens: int, completion_tokens: int) -> None:
        self.billed = True
        self.provider.billed.append((prompt_tokens, completion_tokens))

    async def part_of_a_body(self) -> None:
        """A good part of an answer in one piece: all its words, and not the end."""
        self.begun, self.words_said = True, len(WORDS)
        await self.head("200 OK", "application/json", "content-length: 1000")
        await self.send(b'{"id": "chatcmpl-p", "object": "chat.completion", "choices": [')

    async def finish(self) -> None:
        await self.event(self.chunk({}, "stop"))
        if self.asked_usage:
            await self.event({**self.chunk({}), "choices": [], "usage": self.usage()})

    async def done(self) -> None:
        await self.send(b"data: [DONE]\n\n")

    def reset(self) -> None:
        """Break the connection off so that the other side sees a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Fault = Callable[[Call], Awaitable[None]]
FAULTS: dict[str, Fault] = {}


def fault(function: Fault) -> Fault:
    """Make `function` known by its name, which no other may have: the last one imported would win."""
    if function.__name__ in FAULTS:
        raise ValueError(f"there is a fault '{function.__name__}' already")
    FAULTS[function.__name__] = function
    return function


@fault
async def none(call: Call) -> None:
    """A proper answer."""
    if not call.streams:
        message = {"role": "assistant", "content": "".join(WORDS), "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        answer = {"id": "chatcmpl-p", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
        await call.answer("200 OK", {**answer, "usage": call.usage()})
        return
    await call.begin_stream()
    await call.words()
    await call.finish()
    await call.done()


@fault
async def rate_limited(call: Call) -> None:
    await call.error("429 Too Many Requests", "slow down", "rate_limit_exceeded", "retry-after: 7")


@fault
async def rate_limited_briefly(call: Call) -> None:
    await call.error("429 Too Many Requests", "slow down", "rate_limit_exceeded", "retry-after: 1")


@fault
async def prefill_refused(call: Call) -> None:
    await call.error("400 Bad Request", "the last message must be the user's", "invalid_value")


@fault
async def error_500(call: Call) -> None:
    await call.error("500 Internal Server Error", "we broke", None)


@fault
async def error_503(call: Call) -> None:
    await call.error("503 Service Unavailable", "overloaded", "overloaded")


@fault
async def bad_key(call: Call) -> None:
    await call.error("401 Unauthorized", "Incorrect API key provided", "invalid_api_key")


@fault
async def unknown_model(call: Call) -> None:
    await call.error("404 Not Found", "no such model", "model_not_found")


@fault
async def content_filter(call: Call) -> None:
    await call.error("400 Bad Request", "flagged by the content filter", "content_filter")


@fault
async def context_length(call: Call) -> None:
    await call.error("400 Bad Request", "maximum context length is 8 tokens", "context_length_exceeded")


@fault
async def context_length_of_vllm(call: Call) -> None:
    message = "This model's maximum context length is 8 tokens. However, you requested 9 tokens."
    await call.answer(
        "400 Bad Request", {"object": "error", "message": message, "type": "BadRequestError", "code": 400}
    )


@fault
async def flagged(call: Call) -> None:
    await call.error("403 Forbidden", "this request was flagged", "moderation_blocked")


@fault
async def quota_used_up(call: Call) -> None:
    await call.error("429 Too Many Requests", "You exceeded your current quota", "insufficient_quota")


@fault
async def error_in_200(call: Call) -> None:
    await call.answer("200 OK", {"error": {"message": "the upstream model is overloaded", "code": 503}})


@fault
async def rate_limited_until(call: Call) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    await call.error("429 Too Many Requests", "slow down", "rate_limit_exceeded", f"retry-after: {until}")


@fault
async def reset(call: Call) -> None:
    call.reset()


@fault
async def silence(call: Call) -> None:
    await asyncio.sleep(60)


@fault
async def slow_first_token(call: Call) -> None:
    await call.head("200 OK", "text/event-stream" if call.streams else "application/json")
    await asyncio.sleep(60)


@fault
async def hesitates(call: Call) -> None:
    """Slow, but not too slow."""
    await asyncio.sleep(0.5)
    await none(call)


@fault
async def cut_stream(call: Call) -> None:
    if not call.streams:
        await call.part_of_a_body()
        return
    await call.begin_stream()
    await call.words(3)


@fault
async def reset_stream(call: Call) -> None:
    await call.begin_stream()
    await call.words(3)
    call.reset()


@fault
async def stall(call: Call) -> None:
    if call.streams:
        await call.begin_stream()
        await call.words(3)
    else:
        await call.part_of_a_body()
    await asyncio.sleep(60)


@fault
async def malformed_chunk(call: Call) -> None:
    await call.begin_stream()
    await call.words(3)
    await call.send(b'data: {"choices": [{"delta": {"cont\n\n')
    await call.words()
    await call.finish()
    await call.done()


@fault
async def odd_chunk(call: Call) -> None:
    """JSON, and yet no chunk."""
    await call.begin_stream()
    await call.words(3)
    await call.event({"choices": ["stop"]})
    await call.done()


@fault
async def error_event(call: Call) -> None:
    await call.begin_stream()
    await call.words(3)
    await call.event({"error": {"message": "the model crashed", "type": "server_error", "code": None}})


@fault
async def error_event_first(call: Call) -> None:
    await call.head("200 OK", "text/event-stream")
    await call.event({"error": {"message": "the model crashed", "type": "server_error", "code": None}})


@fault
async def missing_done(call: Call) -> None:
    """Whole, but nobody says so."""
    await call.begin_stream()
    await call.words()
    await call.finish()


@fault
async def empty_finish_reasons(call: Call) -> None:
    """Cut off, by a server that sends an empty finish reason with every chunk."""
    await call.begin_stream()
    for word in WORDS[:3]:
        await call.event(call.chunk({"content": word}, finish=""))
    await call.done()


@fault
async def begins_with_a_bom(call: Call) -> None:
    await call.begin_stream(first=b"\xef\xbb\xbf")
    await call.words()
    await call.finish()
    await call.done()


@fault
async def done_without_finish(call: Call) -> None:
    await call.begin_stream()
    await call.words(3)
    await call.done()


@fault
async def no_usage(call: Call) -> None:
    await call.begin_stream()
    await call.words()
    await call.event(call.chunk({}, "stop"))
    await call.done()


@fault
async def usage_in_last_choice(call: Call) -> None:
    await call.begin_stream()
    await call.words()
    await call.event({**call.chunk({}, "stop"), "usage": call.usage()})
    await call.done()


@fault
async def comments(call: Call) -> None:
    """OpenRouter's way of keeping a connection alive."""
    await call.head("200 OK", "text/event-stream")
    await call.send(b": PROCESSING\n\n: PROCESSING\n\n")
    await call.event(call.chunk({"role": "assistant", "content": ""}))
    await call.words()
    await call.send(b": PROCESSING\n\n")
    await call.finish()
    await call.done()


@fault
async def endless(call: Call) -> None:
    """More than anybody wants to read."""
    await call.begin_stream()
    while True:
        await call.event(call.chunk({"content": "word " * 2000}))


@fault
async def huge(call: Call) -> None:
    """An answer in one piece that is larger than every buffer on the way."""
    message = {"role": "assistant", "content": "word " * 4_000_000}
    await call.answer("200 OK", {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


@fault
async def html_200(call: Call) -> None:
    await call.answer("200 OK", b"<html><body>Sign in to the hotel network</body></html>", content_type="text/html")


@fault
async def empty_200(call: Call) -> None:
    await call.answer("200 OK", b"", content_type="text/event-stream" if call.streams else "application/json")


@fault
async def no_choices(call: Call) -> None:
    await call.answer("200 OK", {"id": "x", "object": "chat.completion", "choices": []})


@fault
async def empty_choice(call: Call) -> None:
    await call.answer("200 OK", {"id": "x", "object": "chat.completion", "choices": [{}]})


async def _serve(provider: Provider, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    provider.connections += 1
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if " /v1/models" in lines[0]:
            model = {"id": MODEL, "object": "model", "created": 1, "owned_by": "test", **provider.listed}
            await Call(provider, {}, writer).answer("200 OK", {"object": "list", "data": [model]})
        elif lines[0].startswith(("GET /metrics", "GET /health")):
            told: Any = provider.metrics.encode() if "/metrics" in lines[0] else provider.health
            await Call(provider, {}, writer).answer("200 OK" if told else "404 Not Found", told)
        else:
            provider.paths.append(lines[0].split(" ")[1])
            provider.bodies.append(body)
            await _chat(provider, headers, json.loads(body or b"{}"), reader, writer)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _chat(
    provider: Provider,
    headers: dict[str, str],
    body: dict[str, Any],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    provider.requests.append(body)
    provider.headers.append(headers)
    provider.at_once += 1
    provider.most_at_once = max(provider.most_at_once, provider.at_once)
    call = Call(provider, body, writer)
    working = asyncio.ensure_future(FAULTS[provider.next_fault()](call))
    gone = asyncio.ensure_future(reader.read())  # ends when the caller hangs up
    await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
    hung_up = not working.done()
    provider.hung_up += hung_up
    for task in (working, gone):
        task.cancel()
    await asyncio.gather(working, gone, return_exceptions=True)
    if not call.billed and (call.begun or hung_up):  # the prompt was read, and so many words made of it
        call.bill(PROMPT_TOKENS, call.words_said)
    provider.at_once -= 1


async def _run(provider: Provider, started: Callable[[], None], stopping: asyncio.Event) -> None:
    server = await asyncio.start_server(lambda r, w: _serve(provider, r, w), "127.0.0.1", provider.port)
    provider.port = server.sockets[0].getsockname()[1]
    started()
    await stopping.wait()
    server.close()
    serving = asyncio.all_tasks() - {asyncio.current_task()}
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    await asyncio.sleep(0.01)  # closed transports close their sockets a turn of the loop later


@contextmanager
def running_provider(port: int = 0) -> Iterator[Provider]:
    """A provider in a thread of its own, gone when the block ends."""
    provider = Provider(port=port)
    loop = asyncio.new_event_loop()
    stopping, started = asyncio.Event(), threading.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(_run(provider, started.set, stopping),))
    thread.start()
    assert started.wait(5)
    try:
        yield provider
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)
        loop.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9200)
    parser.add_argument("--fault", choices=sorted(FAULTS), default="none")
    options = parser.parse_args()
    provider = Provider(port=options.port, always=options.fault)
    print(f"provider at http://127.0.0.1:{options.port}/v1, fault: {options.fault}", flush=True)
    asyncio.run(_run(provider, lambda: None, asyncio.Event()))


if __name__ == "__main__":
    main()
