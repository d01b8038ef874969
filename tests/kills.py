"""Callers who are killed, each at another point of a stream, and a provider that stops at that point.

Imported for its effect too, as `tests/answers.py` is.
"""

import asyncio
import json
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.live import Gateway, wait_for
from tests.provider import WORDS, Call, Provider, fault

PROMPT = "Say hello now."
"""11 tokens to OpenAI's tokenizer, as the provider counts it, and to our estimate, which has no tokenizer."""


@fault
async def hangs_in_the_middle(call: Call) -> None:
    await call.begin_stream()
    await call.words(len(WORDS) // 2)
    await asyncio.sleep(60)


@fault
async def hangs_after_the_first(call: Call) -> None:
    await call.begin_stream()
    await call.words(1)
    await asyncio.sleep(60)


@fault
async def hangs_before_the_finish(call: Call) -> None:
    await call.begin_stream()
    await call.words()
    await asyncio.sleep(60)


@fault
async def hangs_before_usage(call: Call) -> None:
    await call.begin_stream()
    await call.words()
    await call.event(call.chunk({}, "stop"))
    await asyncio.sleep(60)


@fault
async def hangs_before_done(call: Call) -> None:
    await call.begin_stream()
    await call.words()
    await call.finish()
    await asyncio.sleep(60)


@dataclass(frozen=True)
class Kill:
    """A point of a stream at which the caller dies.

    Attributes
    ----------
    point : str
        In words.
    fault : str
        How the provider waits there; empty where it is never asked.
    last_seen : bytes
        What the caller has read by then; empty for nothing at all.
    words : int
        Words that the provider has said by then.
    """

    point: str
    fault: str
    last_seen: bytes = b""
    words: int = 0


KILLS = [
    Kill("before the body was sent", ""),
    Kill("before the provider answered", "silence"),
    Kill("before the first event", "slow_first_token"),
    Kill("after the first word", "hangs_after_the_first", WORDS[0].encode(), 1),
    Kill("in the middle", "hangs_in_the_middle", WORDS[3].encode(), 4),
    Kill("before the finish reason", "hangs_before_the_finish", WORDS[-1].encode(), 8),
    Kill("before the usage", "hangs_before_usage", b'"finish_reason":"stop"', 8),
    Kill("before [DONE]", "hangs_before_done", b'"total_tokens"', 8),
]


class Victim:
    """A caller of `POST /v1/chat/completions`, streamed, who can be killed: its socket closes without a word."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        asked = {
            "model": "auto",
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": PROMPT}],
        }
        self._body = json.dumps(asked).encode()
        self._socket = socket.create_connection((address.hostname, address.port), timeout=10)
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        self._socket.sendall(f"{head}content-length: {len(self._body)}\r\n\r\n".encode())

    def send_body(self) -> None:
        self._socket.sendall(self._body)

    def read_until(self, last: bytes) -> None:
        """Read until `last` has come."""
        seen = b""
        while last.replace(b" ", b"") not in seen.replace(b" ", b""):
            more = self._socket.recv(4096)
            assert more, f"the stream ended: {seen!r}"
            seen += more

    def die(self) -> None:
        self._socket.close()


def kill(gateway: Gateway, provider: Provider, at: Kill) -> float:
    """Let a caller die at that point, and wait until ledger and provider know; seconds until the provider did."""
    rows, asked = len(gateway.rows(1000)), len(provider.requests)
    provider.always = at.fault or "none"
    victim = Victim(gateway.url)
    if at.fault:
        victim.send_body()
        victim.read_until(at.last_seen)
        wait_for(lambda: len(provider.requests) > asked)
    died = time.monotonic()
    victim.die()
    wait_for(lambda: provider.at_once == 0)
    let_go_s = time.monotonic() - died
    wait_for(lambda: len(gateway.rows(1000)) > rows and gateway.row()["outcome"] is not None)
    return let_go_s
