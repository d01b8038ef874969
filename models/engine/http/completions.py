"""The older text completions: a prompt that is continued as it stands, without a chat template."""

from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.engine.engine import Engine, Indexed
from models.engine.errors import EngineBusy
from models.engine.http.asgi import EventStream
from models.engine.http.failures import describe_error
from models.engine.http.responses import UsageSum
from models.engine.http.shapes import TextShapes
from models.engine.request.chat import MAX_N, MAX_STOPS, read_sampling
from models.engine.request.prompts import CompletionJob, read_prompts
from models.engine.scheduling.generation import Failed, Finished, Generation, Piece
from models.engine.scheduling.token_selection import Choice
from models.usage.usage import Usage
from models.wire.json_reader import JsonReader
from models.wire.sse import DONE, encode_event

DEFAULT_MAX_TOKENS = 16
"""OpenAI's."""

MAX_ALTERNATIVES = 5


def parse_completion(body: Any) -> CompletionJob:
    """Check a decoded JSON body.

    Raises
    ------
    RequestError
        Naming the first field at fault, and the cure.
    """
    reader = JsonReader(body)
    _refuse_unsupported(reader)
    options = reader["stream_options"]
    return CompletionJob(
        prompts=read_prompts(reader["prompt"]),
        sampling=read_sampling(reader),
        stops=reader["stop"].texts(MAX_STOPS),
        max_tokens=reader["max_tokens"].whole(DEFAULT_MAX_TOKENS, 1, 2**31),
        stream=reader["stream"].flag(),
        include_usage=bool(options.value) and options["include_usage"].value is True,
        n=reader["n"].whole(1, 1, MAX_N),
        n_alternatives=reader["logprobs"].optional_whole(0, MAX_ALTERNATIVES),
    )


def _refuse_unsupported(body: JsonReader) -> None:
    for name, usual in (("echo", (False,)), ("suffix", ("",)), ("best_of", (1, body.object().get("n", 1)))):
        if body[name].given and body[name].value not in usual:
            raise body[name].refused("this engine does not offer it; leave it out")


@dataclass
class _Collected:
    text: str = ""
    choices: list[Choice] = field(default_factory=list)
    reason: str = ""


async def in_turns(
    engine: Engine, generations: Sequence[Generation], limit_s: float
) -> AsyncGenerator[list[Indexed], None]:
    """What arrives for all answers; only so many are under way together that others find a place.

    Raises
    ------
    EngineBusy
        Before the first event. Later, an answer that finds no place has failed.
    """
    for start in range(0, len(generations), engine.at_once):
        turn = generations[start : start + engine.at_once]
        try:
            with engine.open(turn, limit_s) as answer:
                unfinished = len(turn)
                while unfinished:
                    events = await answer.take()
                    unfinished -= sum(isinstance(event, Finished) for _, event in events)
                    yield [(start + index, event) for index, event in events]
        except EngineBusy as exc:
            if start == 0:
                raise
            yield [(start, Failed(exc))]


async def whole_completion(
    arriving: AsyncIterable[list[Indexed]], n_choices: int, n_each: int, shapes: TextShapes
) -> Mapping[str, Any]:
    """Wait for all answers to be whole.

    Raises
    ------
    EngineError
        If one broke off.
    """
    collected = [_Collected() for _ in range(n_choices)]
    usage = PromptsUsage(n_each)
    async for events in arriving:
        for index, event in events:
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Finished):
                collected[index].reason = event.reason
                usage.add(index, event.usage)
            elif isinstance(event, Piece):
                collected[index].text += event.text
                collected[index].choices += event.choices
    items = [shapes.choice(i, c.text, c.reason, c.choices) for i, c in enumerate(collected)]
    return shapes.completion(items, usage.total)


async def stream_completion(
    arriving: AsyncIterable[list[Indexed]], job: CompletionJob, shapes: TextShapes, stream: EventStream
) -> None:
    """Send the answers as they come; failures as in `stream_chat`."""
    usage = PromptsUsage(job.n)
    async for events in arriving:
        data = b""
        for index, event in events:
            if isinstance(event, Failed):
                if not stream.started and not data:
                    raise event.error
                await stream.write(data + encode_event(describe_error(event.error)[1]))
                await stream.close()
                return
            if isinstance(event, Finished):
                usage.add(index, event.usage)
                data += encode_event(shapes.completion([shapes.choice(index, "", event.reason, ())]))
            elif isinstance(event, Piece):
                data += encode_event(shapes.completion([shapes.choice(index, event.text, None, event.choices)]))
        await stream.write(data)
    if job.include_usage:
        await stream.write(encode_event(shapes.completion([], usage.total)))
    await stream.write(DONE)
    await stream.close()


class PromptsUsage:
    """Adds up what several prompts took, each with `n_each` answers."""

    def __init__(self, n_each: int) -> None:
        self._n_each = n_each
        self._sums: dict[int, UsageSum] = {}

    def add(self, index: int, usage: Usage) -> None:
        """Count one finished answer."""
        prompt, number = divmod(index, self._n_each)
        self._sums.setdefault(prompt, UsageSum()).add(number, usage)

    @property
    def total(self) -> Usage:
        """All prompts together."""
        totals = [each.total for each in self._sums.values()]
        return Usage(
            sum(t.prompt_tokens for t in totals),
            sum(t.completion_tokens for t in totals),
            sum(t.cached_tokens for t in totals),
        )
