"""Several requests answered side by side and told as one, as text completions allow."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from models.usage.usage import UNTOLD, Usage
from models.wire.backend import Completion
from models.wire.chat import ChatRequest
from models.wire.errors import BackendError
from models.wire.token_estimates import answer_tokens_guess, prompt_tokens_guess

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
    took: list[Usage] = []

    async def answer(request: ChatRequest) -> Completion:
        async with places:
            completion = await chat(request)
        took.append(_took(request, completion))
        return completion

    tasks = [asyncio.ensure_future(answer(request)) for request in requests]
    try:
        return merge(await asyncio.gather(*tasks), Usage.sum(took))
    except BackendError as exc:
        exc.spent = Usage.sum(took)
        raise
    finally:
        for task in tasks:
            task.cancel()


def merge(completions: Sequence[Completion], usage: Usage) -> Completion:
    """The completions as one: choices numbered anew; `usage` is what all of them took."""
    answers = [orjson.loads(completion.body) for completion in completions]
    choices = [choice for answer in answers for choice in answer["choices"]]
    body: dict[str, Any] = {
        **answers[0],
        "choices": [{**choice, "index": index} for index, choice in enumerate(choices)],
    }
    body.pop("usage", None)  # that of the first
    if not usage.untold:
        body["usage"] = usage.to_wire()
    return Completion(orjson.dumps(body), completions[0].model, usage)


def _took(request: ChatRequest, completion: Completion) -> Usage:
    """What one of them took; where it does not say, a guess that stays marked as one."""
    told = completion.usage or UNTOLD
    return replace(
        told.completed(lambda: Usage(prompt_tokens_guess(request), answer_tokens_guess(completion.body))),
        untold=told.untold,
    )
