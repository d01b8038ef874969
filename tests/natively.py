"""A provider that speaks the Responses API itself. Imported for its effect, as `tests/answers.py` is."""

import asyncio
from typing import Any

from tests.provider import MODEL, PROMPT_TOKENS, WORDS, Call, fault

TEXT = "".join(WORDS)
SECRET = {"id": "rs_p", "type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}


def response(status: str, output: list[Any], **more: Any) -> dict[str, Any]:
    head = {"id": "resp_p", "object": "response", "created_at": 1, "status": status, "model": MODEL, "output": output}
    return {**head, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "store": True, **more}


def message(status: str = "completed") -> dict[str, Any]:
    part = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
    return {"id": "msg_p", "type": "message", "status": status, "role": "assistant", "content": [part]}


def usage(call: Call) -> dict[str, Any]:
    call.bill(PROMPT_TOKENS, len(WORDS))
    return {
        "input_tokens": PROMPT_TOKENS,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 0},
        "output_tokens": len(WORDS),
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": PROMPT_TOKENS + len(WORDS),
    }


class Events:
    """Numbers the events of one stream."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.number = 0

    async def send(self, kind: str, **fields: Any) -> None:
        payload = {"type": kind, "sequence_number": self.number, **fields}
        self.number += 1
        await self._call.event(payload)

    async def begin(self) -> None:
        await self._call.head("200 OK", "text/event-stream")
        for kind in ("response.created", "response.in_progress"):
            await self.send(kind, response=response("in_progress", []))
        await self.send("response.output_item.added", output_index=0, item=SECRET)
        await self.send("response.output_item.done", output_index=0, item=SECRET)
        await self.send("response.output_item.added", output_index=1, item={**message("in_progress"), "content": []})

    async def words(self, count: int) -> None:
        where = {"item_id": "msg_p", "output_index": 1, "content_index": 0}
        part = {"type": "output_text", "text": "", "annotations": []}
        await self.send("response.content_part.added", **where, part=part)
        for word in WORDS[:count]:
            await self.send("response.output_text.delta", **where, delta=word, logprobs=[])


@fault
async def responds(call: Call) -> None:
    """A whole answer, with reasoning that only the provider can read."""
    if not call.streams:
        await call.answer("200 OK", response("completed", [SECRET, message()], usage=usage(call)))
        return
    events = Events(call)
    await events.begin()
    await events.words(len(WORDS))
    await events.send("response.output_item.done", output_index=1, item=message())
    done = response("completed", [SECRET, message()], usage=usage(call))
    await events.send("response.completed", response=done)


@fault
async def responds_and_stays(call: Call) -> None:
    """The last event, and then a connection that is not closed for a while."""
    await responds(call)
    await asyncio.sleep(30)


@fault
async def responds_in_part(call: Call) -> None:
    events = Events(call)
    await events.begin()
    await events.words(3)


@fault
async def responds_with_failure(call: Call) -> None:
    if not call.streams:
        await call.answer("200 OK", response("failed", [], error={"code": "server_error", "message": "it broke"}))
        return
    events = Events(call)
    await events.begin()
    await events.words(3)
    failed = response("failed", [], error={"code": "server_error", "message": "it broke"})
    await events.send("response.failed", response=failed)


@fault
async def responds_with_error(call: Call) -> None:
    events = Events(call)
    await events.begin()
    await events.words(3)
    await events.send("error", code="server_error", message="it broke", param=None)


@fault
async def responds_with_error_first(call: Call) -> None:
    await call.head("200 OK", "text/event-stream")
    await Events(call).send("error", code="server_error", message="it broke", param=None)


@fault
async def keeps(call: Call) -> None:
    """What a cloud says of a response that it keeps, by the path that is asked."""
    path = call.provider.paths[-1].partition("?")[0]
    item = {"id": "msg_in", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    listed = {"object": "list", "data": [item], "first_id": "msg_in", "last_id": "msg_in", "has_more": False}
    answers: dict[str, Any] = {
        "input_items": listed,
        "cancel": response("cancelled", []),
        "input_tokens": {"object": "response.input_tokens", "input_tokens": 77},
        "compact": {
            "id": "resp_c",
            "object": "response.compaction",
            "created_at": 1,
            "output": [],
            "usage": usage(call),
        },
    }
    await call.answer("200 OK", answers.get(path.rpartition("/")[2], response("completed", [message()])))
