"""The legacy text completions: the model continues a prompt as it stands, without a chat template."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from models.engine.engine import AnswerEvents, IndexedEvent
from models.engine.errors import EngineBusy
from models.engine.http.asgi import EventStream
from models.engine.http.failures import late_error
from models.engine.http.responses import CertaintyComment, UsageSum
from models.engine.http.shapes import TextShapes
from models.engine.request.chat import MAX_STOPS, read_n, read_sampling
from models.engine.request.prompts import CompletionJob, read_prompts
from models.engine.scheduling.generation import Failed, Finished, Generation, TextDelta
from models.engine.scheduling.token_selection import SelectedToken
from models.usage.usage import Usage
from models.wire.json_reader import JsonReader
from models.wire.sse import DONE, encode_event

DEFAULT_MAX_TOKENS = 16
"""OpenAI's."""

MAX_ALTERNATIVES = 5


Submit = Callable[[Sequence[Generation]], AbstractContextManager[AnswerEvents]]
"""As `Engine.submit`."""


def parse_completion(body: Any) -> CompletionJob:
    """Check a decoded JSON body.

    Raises
    ------
    RequestError
        Naming the first field at fault, and the fix.
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
        n=read_n(reader["n"]),
        n_alternatives=reader["logprobs"].optional_whole(0, MAX_ALTERNATIVES),
    )


def _refuse_unsupported(body: JsonReader) -> None:
    for name, usual in (("echo", (False,)), ("suffix", ("",)), ("best_of", (1, body.object().get("n", 1)))):
        if body[name].given and body[name].value not in usual:
            raise body[name].refused("this engine does not offer it; leave it out")


@dataclass
class _TextChoice:
    text: str = ""
    tokens: list[SelectedToken] = field(default_factory=list)
    reason: str = ""


async def events_in_rounds(
    submit: Submit, generations: Sequence[Generation], max_parallel: int
) -> AsyncGenerator[list[IndexedEvent], None]:
    """The events of all answers; at most `max_parallel` are submitted at a time, to leave room for others.

    Raises
    ------
    EngineBusy
        If the first round finds no room. In a later round that becomes a `Failed` event.
    """
    for start in range(0, len(generations), max_parallel):
        round_ = generations[start : start + max_parallel]
        try:
            with submit(round_) as answer:
                unfinished = len(round_)
                while unfinished:
                    events = await answer.take()
                    unfinished -= sum(isinstance(event, Finished) for _, event in events)
                    yield [(start + index, event) for index, event in events]
        except EngineBusy as exc:
            if start == 0:
                raise
            yield [(start, Failed(exc))]


async def collect_completion(
    arrivals: AsyncIterable[list[IndexedEvent]], n_choices: int, n_per_prompt: int, shapes: TextShapes
) -> Mapping[str, Any]:
    """Wait until all answers are complete.

    Raises
    ------
    EngineError
        If one failed.
    """
    choices = [_TextChoice() for _ in range(n_choices)]
    usage = PromptsUsage(n_per_prompt)
    async for events in arrivals:
        for index, event in events:
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Finished):
                choices[index].reason = event.reason
                usage.add(index, event)
            elif isinstance(event, TextDelta):
                choices[index].text += event.text
                choices[index].tokens += event.tokens
    items = [shapes.choice(i, c.text, c.reason, c.tokens) for i, c in enumerate(choices)]
    return shapes.completion(items, usage.total)


async def stream_completion(
    arrivals: AsyncIterable[list[IndexedEvent]],
    job: CompletionJob,
    shapes: TextShapes,
    stream: EventStream,
    first: Generation,
) -> None:
    """Send the answers as they are generated; failures, and `first`, as in `stream_chat`."""
    usage = PromptsUsage(job.n)
    certainty = CertaintyComment(first)
    async for events in arrivals:
        data = b""
        for index, event in events:
            if isinstance(event, Failed):
                if not stream.started and not data:
                    raise event.error
                await stream.write(data + encode_event(late_error(event.error)))
                await stream.close()
                return
            data += certainty.take()
            if isinstance(event, Finished):
                usage.add(index, event)
                data += encode_event(shapes.completion([shapes.choice(index, "", event.reason, ())]))
            elif isinstance(event, TextDelta):
                data += encode_event(shapes.completion([shapes.choice(index, event.text, None, event.tokens)]))
        await stream.write(data)
    if job.include_usage:
        await stream.write(encode_event(shapes.completion([], usage.total)))
    await stream.write(DONE)
    await stream.close()


class PromptsUsage:
    """Adds up the usage of several prompts, each with `n_per_prompt` answers."""

    def __init__(self, n_per_prompt: int) -> None:
        self._n_per_prompt = n_per_prompt
        self._sums: dict[int, UsageSum] = {}

    def add(self, index: int, finished: Finished) -> None:
        """Count one finished answer."""
        prompt, number = divmod(index, self._n_per_prompt)
        self._sums.setdefault(prompt, UsageSum()).add(number, finished)

    @property
    def total(self) -> Usage:
        """All prompts together."""
        totals = [prompt_sum.total for prompt_sum in self._sums.values()]
        return Usage(
            sum(t.prompt_tokens for t in totals),
            sum(t.completion_tokens for t in totals),
            sum(t.cached_tokens for t in totals),
        )
