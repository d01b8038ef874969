"""Fan-out: sends the sub-requests of one request concurrently and merges their answers, as text completions need."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from models.usage.usage import UNCOUNTED, Usage
from models.wire.backend import Completion
from models.wire.chat import ChatRequest
from models.wire.errors import BackendError
from models.wire.token_estimates import answer_tokens_guess, prompt_tokens_guess

MAX_CONCURRENT = 8
"""Calls at the same time for one request, so that it leaves room for others."""


async def fan_out(chat: Callable[[ChatRequest], Awaitable[Completion]], requests: Sequence[ChatRequest]) -> Completion:
    """One completion with the choices of all `requests`, in order.

    Raises
    ------
    BackendError
        If one request fails; `spent` is the usage of those that were answered, and what the others have read about.
    CancelledError
        If nobody waits any more; `spent_until` has the same of it.
    """
    places = asyncio.Semaphore(MAX_CONCURRENT)
    usages: list[Usage] = []
    in_hand: list[ChatRequest] = []

    async def answer(request: ChatRequest) -> Completion:
        async with places:
            in_hand.append(request)
            try:
                completion = await chat(request)
            except BackendError:
                in_hand.remove(request)
                raise
        in_hand.remove(request)
        usages.append(_usage(request, completion))
        return completion

    tasks = [asyncio.ensure_future(answer(request)) for request in requests]
    try:
        return merge(await asyncio.gather(*tasks), Usage.sum(usages))
    except (BackendError, asyncio.CancelledError) as exc:
        exc.spent = Usage.sum([*usages, *map(_left_alone, in_hand)])  # type: ignore[union-attr]
        raise
    finally:
        for task in tasks:
            task.cancel()


def spent_until(exc: BaseException) -> Usage | None:
    """What sub-requests had spent when `exc` ended them; None where there were none."""
    spent = getattr(exc, "spent", None)
    return spent if isinstance(spent, Usage) else None


def merge(completions: Sequence[Completion], usage: Usage) -> Completion:
    """One completion with the choices of all, renumbered; `usage` is the sum over all."""
    answers = [orjson.loads(completion.body) for completion in completions]
    choices = [choice for answer in answers for choice in answer["choices"]]
    body: dict[str, Any] = {
        **answers[0],
        "choices": [{**choice, "index": index} for index, choice in enumerate(choices)],
    }
    body.pop("usage", None)  # it is the first completion's
    if not usage.uncounted:
        body["usage"] = usage.to_wire()
    return Completion(orjson.dumps(body), completions[0].model, usage, notes=completions[0].notes)


def _left_alone(request: ChatRequest) -> Usage:
    """What a request that is given up in mid-work is paid for."""
    return replace(Usage(prompt_tokens_guess(request)), uncounted=UNCOUNTED.uncounted)


def _usage(request: ChatRequest, completion: Completion) -> Usage:
    """The usage of one completion; what the server did not count is estimated, and stays marked as uncounted."""
    reported = completion.usage or UNCOUNTED
    return replace(
        reported.completed(lambda: Usage(prompt_tokens_guess(request), answer_tokens_guess(completion.body))),
        uncounted=reported.uncounted,
    )
