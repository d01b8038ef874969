"""A provider that says as many words as it is asked for, slowly, and counts what it is owed."""

import asyncio
import re

from tests.provider import FAULTS, Call

NAME = "as_many_words"
WORD = " word"
INPUT_NUSD, OUTPUT_NUSD = 2_000, 8_000
"""The price of a token in nano-dollars (gpt-4.1)."""


def question(n_words: int) -> str:
    """The text that asks for so many words."""
    return f"Say {n_words} words."


async def as_many_words(call: Call) -> None:
    """The words one by one, or in one answer that takes as long."""
    asked = re.fullmatch(r"Say (\d+) words\.", call.body["messages"][-1]["content"])
    assert asked is not None, call.body
    n_words = int(asked[1])
    if call.streams:
        await call.begin_stream()
        for _ in range(n_words):
            await call.event(call.chunk({"content": WORD}))
            call.words_said += 1
            await asyncio.sleep(call.provider.pause_s)
        await call.event(call.chunk({}, "stop"))
        await call.event({**call.chunk({}), "choices": [], "usage": call.usage(n_words)})
        await call.done()
        return
    await asyncio.sleep(n_words * call.provider.pause_s)
    message = {"role": "assistant", "content": WORD * n_words, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    answer = {"id": "chatcmpl-p", "object": "chat.completion", "created": 1, "model": "gpt-4.1"}
    await call.answer("200 OK", {**answer, "choices": [choice], "usage": call.usage(n_words)})


FAULTS[NAME] = as_many_words
