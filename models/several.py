"""Several requests answered side by side and told as one, as text completions allow."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from models.backend import Completion
from models.chat import ChatRequest, Usage

AT_ONCE = 8
"""Calls at the same time for one request: others want to be served too."""


async def answer_each(
    chat: Callable[[ChatRequest], Awaitable[Completion]], requests: Sequence[ChatRequest]
) -> Completion:
    """One completion with the choices of all, in order. If one fails, all do."""
    places = asyncio.Semaphore(AT_ONCE)

    async def answer(request: ChatRequest) -> Completion:
        async with places:
            return await chat(request)

    tasks = [asyncio.ensure_future(answer(request)) for request in requests]
    try:
        return merge(await asyncio.gather(*tasks))
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
    told = [completion.usage for completion in completions if completion.usage is not None]
    usage = None
    if len(told) == len(completions):
        usage = Usage(
            sum(one.prompt_tokens for one in told),
            sum(one.completion_tokens for one in told),
            sum(one.cached_tokens for one in told),
        )
        body["usage"] = usage.to_wire()
    return Completion(orjson.dumps(body), completions[0].model, usage)
