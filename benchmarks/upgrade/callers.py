"""Callers who ask without a pause until they are told to stop, and what each answer was."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from benchmarks.upgrade.counting import WORD, question

TIMEOUT_S = 120.0
N_WORDS = (40, 4, 12, 25, 8, 60, 16, 2)
"""How many words are asked for, in turn: long streams go on while a gateway stops, short ones begin all the time."""

UNSTREAMED_EVERY = 4


@dataclass
class Answer:
    """One request as its caller saw it; times in seconds since the callers began.

    Attributes
    ----------
    failure : str
        Why it is not what was asked for; empty if it is.
    """

    n_words: int
    stream: bool
    began_s: float
    ended_s: float | None = None
    id: str = ""
    failure: str = ""


@dataclass
class Callers:
    """So many callers at one address.

    Attributes
    ----------
    answers : list of Answer
        All requests so far, those still in hand included.
    """

    url: str
    key: str
    count: int
    answers: list[Answer] = field(default_factory=list)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float = 0.0

    @property
    def now_s(self) -> float:
        """Seconds since the callers began."""
        return time.monotonic() - self._began

    @property
    def in_hand(self) -> Sequence[Answer]:
        """Streams that have begun, and not ended."""
        return [answer for answer in self.answers if answer.stream and answer.id and answer.ended_s is None]

    @property
    def n_answered(self) -> int:
        """How many were taken by a gateway."""
        return sum(bool(answer.id) for answer in self.answers)

    def stop(self) -> None:
        """Let each finish what it has in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Ask until told to stop."""
        self._began = time.monotonic()
        async with aiohttp.ClientSession(
            self.url,
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            headers={"authorization": f"Bearer {self.key}"},
        ) as session:
            await asyncio.gather(*(self._ask_on(session, number) for number in range(self.count)))

    async def _ask_on(self, session: aiohttp.ClientSession, number: int) -> None:
        while not self._stopping.is_set():
            n_words, stream = N_WORDS[number % len(N_WORDS)], number % UNSTREAMED_EVERY != 0
            answer = Answer(n_words, stream, self.now_s)
            self.answers.append(answer)
            try:
                await _ask(session, answer)
            except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
                answer.failure = f"{type(exc).__name__}: {exc}"
            answer.ended_s = self.now_s
            number += self.count + 1
            if answer.failure:
                await asyncio.sleep(0.2)


async def _ask(session: aiohttp.ClientSession, answer: Answer) -> None:
    message = {"role": "user", "content": question(answer.n_words)}
    body = {"model": "cloud", "stream": answer.stream, "messages": [message]}
    async with session.post("/v1/chat/completions", json=body) as response:
        answer.id = response.headers.get("x-request-id", "")
        if response.status != 200:
            answer.failure = f"status {response.status}: {' '.join((await response.text())[:200].split())}"
            return
        text = (
            await _streamed(response) if answer.stream else (await response.json())["choices"][0]["message"]["content"]
        )
    if text != WORD * answer.n_words:
        answer.failure = f"{text.count(WORD)} words in place of {answer.n_words}"


async def _streamed(response: aiohttp.ClientResponse) -> str:
    """The text of a stream.

    Raises
    ------
    ValueError
        If it did not end as streams end, or an error came in it.
    """
    text, is_whole = "", False
    async for line in response.content:
        data = line.removeprefix(b"data: ").strip()
        if data == b"[DONE]":
            is_whole = True
        elif line.startswith(b"data: "):
            event = json.loads(data)
            if "error" in event:
                raise ValueError(f"an error in the stream: {event['error']}")
            text += "".join(choice["delta"].get("content") or "" for choice in event["choices"])
    if not is_whole:
        raise ValueError(f"cut after {text.count(WORD)} words")
    return text
