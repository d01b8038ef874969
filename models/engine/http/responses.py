"""From the events of a chat answer to the response: one JSON object, or a stream."""

from dataclasses import dataclass, field
from typing import Any

from models.engine.engine import AnswerEvents
from models.engine.http.asgi import EventStream
from models.engine.http.failures import late_error
from models.engine.http.shapes import ROLE, ChatShapes, stop_reason, to_delta, usage_object
from models.engine.prompt.tool_calls import CallArguments, CallStart
from models.engine.request.chat import ChatJob
from models.engine.scheduling.generation import Failed, Finished, Generation, TextDelta
from models.engine.scheduling.prompt_lookup import NO_PROPOSALS
from models.engine.scheduling.token_selection import SelectedToken
from models.usage.usage import Usage
from models.wire.sse import DONE, encode_event


class UsageSum:
    """Adds up the usage of the choices of one request; they share one prompt.

    `predicted` counts guessed tokens where the request came with a prediction.
    """

    def __init__(self, *, has_prediction: bool = False) -> None:
        self.total = Usage()
        self.predicted = NO_PROPOSALS
        self._has_prediction = has_prediction

    def add(self, index: int, finished: Finished) -> None:
        """Count one finished choice. Cached tokens are those of the first: the others may have reused its prompt."""
        usage = finished.usage
        cached = usage.cached_tokens if index == 0 else self.total.cached_tokens
        self.total = Usage(usage.prompt_tokens, self.total.completion_tokens + usage.completion_tokens, cached)
        if self._has_prediction:
            self.predicted += finished.proposals


class CertaintyComment:
    """Tells how sure the model was of the first tokens of `generation`, once, as soon as that is known."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._is_told = False

    def take(self) -> bytes:
        """The comment for the stream; empty if there is nothing new to tell."""
        first_tokens = self._generation.first_tokens
        if self._is_told or first_tokens is None:
            return b""
        self._is_told = True
        return first_tokens.to_comment()


async def stream_chat(
    answer: AnswerEvents, job: ChatJob, shapes: ChatShapes, stream: EventStream, first: Generation
) -> None:
    """Send an answer as it is generated; `first` is the generation of its first choice.

    A failure before the first event is raised and becomes a status. A later one becomes an error event, and the stream
    ends without ``[DONE]``.
    """
    usage = UsageSum(has_prediction=bool(job.prediction))
    certainty = CertaintyComment(first)
    started: set[int] = set()
    unfinished = job.n
    while unfinished:
        data = b""
        for index, event in await answer.take():
            if isinstance(event, Failed):
                if not stream.started and not data:
                    raise event.error
                await stream.write(data + encode_event(late_error(event.error)))
                await stream.close()
                return
            if index not in started:
                beginning = shapes.chunk(index, ROLE)
                if job.early_usage and not started:
                    beginning["usage"] = usage_object(Usage(len(first.prompt), 0, first.n_cached))
                started.add(index)
                data += encode_event(beginning)
            data += certainty.take()
            if isinstance(event, Finished):
                unfinished -= 1
                usage.add(index, event)
                data += encode_event(shapes.chunk(index, {}, event.reason, stop=event.stop))
            else:
                tokens = event.tokens if isinstance(event, TextDelta) else ()
                data += encode_event(shapes.chunk(index, to_delta(event), tokens=tokens))
        await stream.write(data)
    if job.include_usage:
        await stream.write(encode_event(shapes.usage_chunk(usage.total, usage.predicted)))
    await stream.write(DONE)
    await stream.close()


@dataclass
class _ChatChoice:
    """One choice of an answer that is not streamed."""

    text: str = ""
    tokens: list[SelectedToken] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    stop: str | None = None

    def add(self, event: TextDelta | CallStart | CallArguments) -> None:
        if isinstance(event, TextDelta):
            self.text += event.text
            self.tokens += event.tokens
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
        logprobs = shapes.logprobs(self.tokens)
        choice = {"index": index, "message": message, "logprobs": logprobs, "finish_reason": self.reason}
        return {**choice, **stop_reason(self.stop)}


async def collect_chat(answer: AnswerEvents, job: ChatJob, shapes: ChatShapes) -> dict[str, Any]:
    """Wait until an answer is complete.

    Raises
    ------
    EngineError
        If it failed.
    """
    choices = [_ChatChoice() for _ in range(job.n)]
    usage = UsageSum(has_prediction=bool(job.prediction))
    while not all(choice.reason for choice in choices):
        for index, event in await answer.take():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Finished):
                choices[index].reason, choices[index].stop = event.reason, event.stop
                usage.add(index, event)
            else:
                choices[index].add(event)
    items = [choice.to_wire(i, shapes) for i, choice in enumerate(choices)]
    return shapes.completion(items, usage.total, usage.predicted)
