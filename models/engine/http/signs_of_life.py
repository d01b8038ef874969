"""Signs of life for a caller who waits: the engine shows that it makes progress, and only while it does.

Comments in a stream, and blanks before JSON, mean nothing to those who read them, so whoever waits can count how long
the engine was silent instead of how long it worked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from models.engine.http.asgi import EventStream, WholeAnswer
from models.engine.http.failures import late_error
from models.engine.scheduling.generation import Generation

SIGN_EVERY_S = 2.0

T = TypeVar("T")


async def with_comments(
    work: Awaitable[T], progress: Callable[[], int], stream: EventStream, generations: Sequence[Generation]
) -> T:
    """The result of `work`, which fills `stream` with the events of `generations`.

    In its silences comments say what is going on, as long as `progress()` changes.
    """

    async def comment() -> None:
        await stream.comment(what_is_done(generations), SIGN_EVERY_S)

    return await _with_signs(work, progress, comment)


async def send_with_blanks(
    work: Awaitable[Mapping[str, Any]],
    progress: Callable[[], int],
    answer: WholeAnswer,
    first: Generation | None = None,
) -> None:
    """Send the result of `work` as `answer`, with blanks before it as long as `progress()` changes.

    With it goes how sure the model was of the first tokens of `first`, if that is given.
    A failure after the first blank cannot be a status any more: it is an error object that names the status.
    """
    try:
        body = await _with_signs(work, progress, answer.blank)
    except Exception as exc:
        if not answer.begun:
            raise
        body, first = late_error(exc), None
    await answer.end(body, first.first_tokens if first else None)


async def _with_signs(work: Awaitable[T], progress: Callable[[], int], sign: Callable[[], Awaitable[None]]) -> T:
    task = asyncio.ensure_future(work)
    done = progress()
    try:
        while not (await asyncio.wait({task}, timeout=SIGN_EVERY_S))[0]:
            if progress() != done:
                done = progress()
                await sign()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})  # it must have left what it works with


def what_is_done(generations: Sequence[Generation]) -> str:
    """What the engine does with an answer: how much of the prompts it has read, if not all."""
    n_tokens = sum(len(generation.prompt) for generation in generations)
    n_read = sum(min(generation.n_computed, len(generation.prompt)) for generation in generations)
    if not any(generation.started for generation in generations):
        return "waiting"
    return f"reading {n_read} of {n_tokens}" if n_read < n_tokens else "working"
