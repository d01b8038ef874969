"""Fifty callers, each with one request at a time in one of four shapes, and what they saw."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.chaos.books import PRIVATE

CALLERS = 50
TIMEOUT_S = 90.0
SHAPES = ("chat/completions", "responses", "messages", "completions")
KINDS = {"cloud": 5, "auto": 2, "local": 1, "private header": 1, "private key": 1, "detector": 1}
"""What is asked, and how often beside the others."""

PRIVATE_KINDS = frozenset({"private header", "private key", "detector"})
HANG_UP, STREAM = 0.1, 0.6
"""Shares of requests that are hung up on, and that stream."""

PAUSE_S = 0.6
"""Mean time that a caller thinks before the next request."""

ENDS = {
    "chat/completions": b"data: [DONE]",
    "completions": b"data: [DONE]",
    "responses": b'"response.completed"',
    "messages": b'"message_stop"',
}


@dataclass
class Seen:
    """One request as its caller saw it.

    Attributes
    ----------
    end : str
        whole; cut (the connection broke, or a stream ended without its last event); hung up (the caller left);
        refused (an answer of another status than 200); none (no answer at all).
    """

    ref: str
    kind: str
    key: str
    shape: str
    stream: bool
    gateway: str
    started: float
    id: str = ""
    status: int = 0
    end: str = "none"
    ended: float = 0.0


@dataclass
class Callers:
    """Ask until told to stop."""

    seed: int
    urls: Mapping[str, str]
    keys: Mapping[str, str]
    private_key: str
    seen: list[Seen] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            await asyncio.gather(*(self._ask_on(session, number) for number in range(CALLERS)))

    async def _ask_on(self, session: aiohttp.ClientSession, number: int) -> None:
        chance = random.Random(f"{self.seed}/{number}/{len(self.seen)}")  # nothing is asked twice
        while not self.stopping.is_set():
            await self._ask(session, chance)
            await asyncio.sleep(chance.expovariate(1 / PAUSE_S))

    async def _ask(self, session: aiohttp.ClientSession, chance: random.Random) -> None:
        (kind,) = chance.choices(list(KINDS), list(KINDS.values()))
        key = (
            self.private_key
            if kind == "private key"
            else chance.choice([name for name in self.keys if name != self.private_key])
        )
        gateway = chance.choice(list(self.urls))
        shape, stream = chance.choice(SHAPES), chance.random() < STREAM
        seen = Seen(f"ref-{chance.getrandbits(64):016x}", kind, key, shape, stream, gateway, time.monotonic())
        headers = {"authorization": f"Bearer {self.keys.get(key, key)}"}
        if kind == "private header":
            headers["x-slimgate-privacy"] = "local"
        self.seen.append(seen)
        hangs_up = chance.random() < HANG_UP
        try:
            url = f"{self.urls[gateway]}/v1/{shape}"
            async with session.post(url, json=body_of(seen), headers=headers) as response:
                seen.status, seen.id = response.status, response.headers.get("x-request-id", "")
                await self._read(seen, response, hangs_up and chance.random())
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            seen.end = "cut" if seen.status else "none"
        seen.ended = time.monotonic()

    async def _read(self, seen: Seen, response: aiohttp.ClientResponse, hang_up_at: float) -> None:
        if hang_up_at and seen.stream:
            await response.content.readany()
            await asyncio.sleep(hang_up_at)
            response.close()
            seen.end = "hung up"
            return
        body = await response.read()
        if seen.status != 200:
            seen.end = "refused"
        elif seen.stream and ENDS[seen.shape] not in body:
            seen.end = "cut"
        else:
            seen.end = "whole"


def body_of(seen: Seen) -> dict[str, Any]:
    """The request; its reference is in its text, for the provider, and in its user's name, which the ledger keeps."""
    text = f"Say hello now, {seen.ref}."
    if seen.kind in PRIVATE_KINDS:
        text = f"Say hello now, {PRIVATE}{seen.ref}, to somebody@example.org."
    model = seen.kind if seen.kind in ("cloud", "local") else "auto"
    common = {"model": model, "stream": seen.stream}
    messages = [{"role": "user", "content": text}]
    if seen.shape == "chat/completions":
        return {**common, "messages": messages, "max_tokens": 8, "user": seen.ref}
    if seen.shape == "messages":
        return {**common, "messages": messages, "max_tokens": 8, "metadata": {"user_id": seen.ref}}
    if seen.shape == "responses":
        return {**common, "input": text, "max_output_tokens": 16, "safety_identifier": seen.ref, "store": False}
    return {**common, "prompt": text, "max_tokens": 8, "user": seen.ref}


def names(seen: Sequence[Seen]) -> dict[str, int]:
    """How many ended in which way."""
    counts: dict[str, int] = {}
    for one in seen:
        name = one.end if one.end != "refused" else f"refused {one.status}"
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))
