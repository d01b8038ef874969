"""Several requests answered side by side and told as one, as text completions allow."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from models.backend import Completion
from models.chat import ChatRequest
from models.errors import BackendError
from models.usage import UNTOLD, Usage

AT_ONCE = 8
"""Calls at the same time for one request: others want to be served too."""


async def answer_each(
    chat: Callable[[ChatRequest], Awaitable[Completion]], requests: Sequence[ChatRequest]
) -> Completion:
    """One completion with the choices of all, in order.

    Raises
    ------
    BackendError
        If one fails, all do; `spent` says what the others took.
    """
    places = asyncio.Semaphore(AT_ONCE)
    answered: list[Completion] = []

    async def answer(request: ChatRequest) -> Completion:
        async with places:
            completion = await chat(request)
        answered.append(completion)
        return completion

    tasks = [asyncio.ensure_future(answer(request)) for request in requests]
    try:
        return merge(await asyncio.gather(*tasks))
    except BackendError as exc:
        exc.spent = _sum(answered)
        raise
    finally:
        for task in tasks:
            task.cancel()


def merge(completions: Sequence[Completion]) -> Completion:
    """The completions as one: choices numbered anew, tokens summed."""
    answers = [orjson.loads(completion.body) for completion in completions]
    choices = [choice for answer in answers for choice in answer["choices"]]
    body: dict[str, Any] = {
        **answers[0],
        "choices": [{**choice, "index": index} for index, choice in enumerate(choices)],
    }
    body.pop("usage", None)  # that of the first
    usage = _sum(completions)
    if not usage.untold:
        body["usage"] = usage.to_wire()
    return Completion(orjson.dumps(body), completions[0].model, usage)


def _sum(completions: Sequence[Completion]) -> Usage:
    """What they took, as far as they say."""
    return Usage.sum(one.usage or UNTOLD for one in completions)
