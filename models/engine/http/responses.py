"""From the events of an answer to what its caller reads: in one piece, or as a stream."""

from dataclasses import dataclass, field
from typing import Any

from models.engine.engine import Answer
from models.engine.http.asgi import EventStream
from models.engine.http.failures import describe_error
from models.engine.http.shapes import ROLE, ChatShapes, delta_of
from models.engine.prompt.tool_calls import CallArguments, CallStart
from models.engine.request.chat import ChatJob
from models.engine.scheduling.generation import Failed, Finished, Piece
from models.engine.scheduling.token_selection import Choice
from models.usage.usage import Usage
from models.wire.sse import DONE, encode_event


class UsageSum:
    """Adds up what the choices of one request took; they share one prompt."""

    def __init__(self) -> None:
        self.total = Usage()

    def add(self, index: int, usage: Usage) -> None:
        """Count one finished choice. What the first had to compute, the others may have taken from it."""
        cached = usage.cached_tokens if index == 0 else self.total.cached_tokens
        self.total = Usage(usage.prompt_tokens, self.total.completion_tokens + usage.completion_tokens, cached)


async def stream_chat(answer: Answer, job: ChatJob, shapes: ChatShapes, stream: EventStream) -> None:
    """Send an answer as it comes.

    A failure before the first event is raised, and becomes a status; later it becomes an error event, and the stream
    ends without ``[DONE]``.
    """
    usage = UsageSum()
    begun: set[int] = set()
    unfinished = job.n
    while unfinished:
        data = b""
        for index, event in await answer.take():
            if isinstance(event, Failed):
                if not stream.started and not data:
                    raise event.error
                await stream.write(data + encode_event(describe_error(event.error)[1]))
                await stream.close()
                return
            if index not in begun:
                begun.add(index)
                data += encode_event(shapes.chunk(index, ROLE))
            if isinstance(event, Finished):
                unfinished -= 1
                usage.add(index, event.usage)
                data += encode_event(shapes.chunk(index, {}, event.reason))
            else:
                choices = event.choices if isinstance(event, Piece) else ()
                data += encode_event(shapes.chunk(index, delta_of(event), choices=choices))
        await stream.write(data)
    if job.include_usage:
        await stream.write(encode_event(shapes.usage_chunk(usage.total)))
    await stream.write(DONE)
    await stream.close()


@dataclass
class _Collected:
    """One choice of an answer in one piece."""

    text: str = ""
    choices: list[Choice] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""

    def add(self, event: Piece | CallStart | CallArguments) -> None:
        if isinstance(event, Piece):
            self.text += event.text
            self.choices += event.choices
        elif isinstance(event, CallStart):
            function = {"name": event.name, "arguments": ""}
            self.calls.append({"id": event.id, "type": "function", "function": function})
        else:
            self.calls[event.index]["function"]["arguments"] += event.text

    def to_wire(self, index: int, shapes: ChatShapes) -> dict[str, Any]:
        content = None if self.calls and not self.text.strip() else self.text
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
        if self.calls:
            message["tool_calls"] = self.calls
        logprobs = shapes.logprobs(self.choices)
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": self.reason}


async def whole_chat(answer: Answer, job: ChatJob, shapes: ChatShapes) -> dict[str, Any]:
    """Wait for an answer to be whole.

    Raises
    ------
    EngineError
        If it broke off.
    """
    collected = [_Collected() for _ in range(job.n)]
    usage = UsageSum()
    while not all(choice.reason for choice in collected):
        for index, event in await answer.take():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Finished):
                collected[index].reason = event.reason
                usage.add(index, event.usage)
            else:
                collected[index].add(event)
    return shapes.completion([choice.to_wire(i, shapes) for i, choice in enumerate(collected)], usage.total)
