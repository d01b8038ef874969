"""One item asked of a model: the request, and what comes back, as it is graded."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from models.wire.backend import Answerer
from models.wire.chat import ChatRequest, text_of
from models.wire.sse import DONE, event_data
from models.wire.stream import ChatStream
from models.wire.token_estimates import prompt_tokens_guess
from router.confidence import FirstTokens
from router.exam.graded import Graded, ItemKey
from router.exam.item import Answer, Item, ToolCall

logger = logging.getLogger(__name__)

KEPT_CHARS = 400
"""Of an answer, for the report card."""

CHECK_LIMIT_S = 10.0
"""A check that takes longer is broken; its item counts as failed."""

MOST_CALLS = 64
"""More calls than any item wants; further ones of a runaway answer are dropped."""

RUNAWAY = 4
"""An answer so many times as long as its limit comes from a server that knows no limit, and is cut off."""


def request_of(item: Item, *, logprobs: bool) -> ChatRequest:
    """The request that asks `item`, at temperature 0; with `logprobs` also for how likely the answer's tokens were."""
    body: dict[str, Any] = {
        "model": "local",
        "messages": [{"role": turn.role, "content": turn.text} for turn in item.turns],
        "temperature": 0,
        "max_tokens": item.max_tokens,
        "stream": True,
    }
    if item.tools:
        body["tools"] = [dict(tool) for tool in item.tools]
    if logprobs:
        body |= {"logprobs": True, "top_logprobs": 5}
    return ChatRequest.parse(body)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with its times and tokens."""

    answer: Answer
    prompt_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float
    first_tokens: FirstTokens | None

    def graded(self, key: ItemKey, *, passed: bool) -> Graded:
        """The same as a line of the record."""
        return Graded(
            key=key,
            passed=passed,
            answer=_shown(self.answer)[:KEPT_CHARS],
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            first_token_s=round(self.first_token_s, 4),
            total_s=round(self.total_s, 4),
            first_tokens=self.first_tokens,
        )


def refused(item: Item, key: ItemKey, after_s: float) -> Graded:
    """An item that the model cannot be asked at all counts as answered wrongly: so would such a request of a caller."""
    tokens = prompt_tokens_guess(request_of(item, logprobs=False))
    return Answered(Answer(""), tokens, 0, after_s, after_s, None).graded(key, passed=False)


async def answer(backend: Answerer, item: Item, *, logprobs: bool) -> Answered:
    """Ask `item` and read the answer to its end.

    Raises
    ------
    BackendError
        If there is no whole answer.
    """
    request = request_of(item, logprobs=logprobs)
    began = time.monotonic()
    stream = await backend.stream(request)
    try:
        collected = await _collect(stream, RUNAWAY * item.max_tokens)
    finally:
        await stream.aclose()
    ended, usage = time.monotonic(), stream.usage
    return Answered(
        answer=collected.answer,
        prompt_tokens=prompt_tokens_guess(request) if usage is None else usage.prompt_tokens,
        completion_tokens=stream.tokens_seen if usage is None else usage.completion_tokens,
        first_token_s=(collected.first_at or ended) - began,
        total_s=ended - began,
        first_tokens=_first_tokens(stream),
    )


async def check(item: Item, answer: Answer, limit_s: float = CHECK_LIMIT_S) -> bool:
    """Whether the answer is right; False if the check does not end in time.

    It runs in a thread, since it may run what the model wrote, in a process of its own.
    """
    loop = asyncio.get_running_loop()
    verdict: asyncio.Future[bool] = loop.create_future()

    def work() -> None:
        passed = _verdict(item.check, answer)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, passed)

    def tell(passed: bool) -> None:
        if not verdict.done():
            verdict.set_result(passed)

    threading.Thread(target=work, name="check", daemon=True).start()
    try:
        async with asyncio.timeout(limit_s):
            return await verdict
    except TimeoutError:
        logger.warning("the check of an exam's item took more than %g s", limit_s)
        return False


def _verdict(checks: Callable[[Answer], bool], answer: Answer) -> bool:
    try:
        return bool(checks(answer))
    except Exception:
        logger.exception("the check of an exam's item failed")
        return False


@dataclass
class _Collected:
    """An answer as it grows."""

    text: str = ""
    names: dict[int, str] = field(default_factory=dict)
    arguments: dict[int, str] = field(default_factory=dict)
    first_at: float | None = None

    @property
    def answer(self) -> Answer:
        return Answer(self.text, [_call(name, self.arguments.get(index, "")) for index, name in self.names.items()])

    def add(self, delta: Mapping[str, Any]) -> None:
        text, calls = text_of(delta), delta.get("tool_calls") or ()
        if self.first_at is None and (text or calls):
            self.first_at = time.monotonic()
        self.text += text
        for call in calls:
            self._add_call(call)

    def _add_call(self, call: Mapping[str, Any]) -> None:
        index, function = call.get("index") or 0, call.get("function") or {}
        if index in self.names or len(self.names) < MOST_CALLS:
            self.names[index] = self.names.get(index, "") + (function.get("name") or "")
            self.arguments[index] = self.arguments.get(index, "") + (function.get("arguments") or "")


async def _collect(stream: ChatStream, most_tokens: int) -> _Collected:
    collected = _Collected()
    async for events in stream:
        for event in events:
            if event != DONE:
                for choice in orjson.loads(event_data(event)).get("choices") or ():
                    collected.add(choice.get("delta") or {})
        if stream.tokens_seen > most_tokens:
            break
    return collected


def _call(name: str, arguments: str) -> ToolCall:
    try:
        read = orjson.loads(arguments)
    except ValueError:
        read = None
    return ToolCall(name, read if isinstance(read, dict) else None)


def _shown(answer: Answer) -> str:
    calls = (f"{call.name}({'' if call.arguments is None else _json(call.arguments)})" for call in answer.tool_calls)
    return "\n".join(part for part in (answer.text, *calls) if part)


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()


def _first_tokens(stream: ChatStream) -> FirstTokens | None:
    told = stream.first_tokens
    if told is None:
        return None
    return FirstTokens(told.n, told.mean_logprob, told.least_logprob, told.mean_margin, told.mean_entropy)
