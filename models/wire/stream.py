"""One streamed answer: events passed on as they came, watched for usage, for errors and for a proper end."""

import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from models.redaction.server_words import Told, clean_name, identifier
from models.usage.usage import Usage, usage_in
from models.wire.chat import reasoning_of
from models.wire.errors import BackendError, BackendUnavailable, InvalidResponse, StreamInterrupted
from models.wire.sse import DONE, EventSplitter, EventTooLarge, encode_event, event_data
from models.wire.token_estimates import delta_tokens_guess

# A provider asked for usage puts `"usage":null` into every other chunk. Quotes inside JSON strings are escaped,
# so this can only match the field itself.
_NULL_USAGE = re.compile(rb',\s*"usage"\s*:\s*null')

_ABSENT = object()

_UNKNOWN_REASON = "other"

_MOST_CHOICES = 128
"""As many as OpenAI's API has: whoever numbers more choices makes them up."""


class ChatStream:
    """The events of one answer, from any OpenAI-compatible server.

    Iterating yields lists of whole events as bytes, as many as the network delivered together, unchanged but for what
    only the gateway asked for: usage is always requested upstream, and taken out again for a caller who did not request
    it, and so are the tokens' probabilities where the gateway wants to know them. The very last event is
    ``data: [DONE]``, in a list of its own. An answer that breaks off before its finish reason raises
    `StreamInterrupted`: it never ends as if it were whole.

    Attributes
    ----------
    usage : Usage or None
        What it took, as far as the server has said; None until it did.
    model : str
        The model that the chunks name.
    interrupted : bool
        Whether it broke off, through no fault of the caller.
    finish_reasons : dict of int to str
        Why each choice ended, by its index, as far as they have.
    tokens_seen : int
        Tokens of the answer so far, as far as its chunks show: an estimate for where usage never came.
    logprobs : list of float
        Natural logarithms of the tokens' probabilities so far, where the server tells them.
    """

    def __init__(
        self,
        backend: str,
        chunks: AsyncIterator[bytes],
        close: Callable[[], object],
        *,
        keep_usage: bool,
        keep_logprobs: bool = True,
    ) -> None:
        self.model = ""
        self.finish_reasons: dict[int, str] = {}
        self.tokens_seen = 0
        self.logprobs: list[float] = []
        self.interrupted = False
        self._backend = backend
        self._chunks = chunks
        self._closing = [close]
        self._keep_usage = keep_usage
        self._keep_logprobs = keep_logprobs
        self._told: Usage | None = None
        self._service_tier: Any = None
        self._started = False
        self._finished = False
        self._over = False
        self._events = self._read()
        self._ready: deque[list[bytes]] = deque()

    @property
    def usage(self) -> Usage | None:
        told = self._told
        if told is None:
            return None
        told = told.served(self._service_tier)
        return told if self._finished else told.broken_off(self.tokens_seen)

    async def prime(self) -> None:
        """Wait for the first event, so that a failure until then can still become a status or another route.

        Raises
        ------
        BackendError
            As `__anext__` does; also `InvalidResponse` when there is no event at all.
        """
        try:
            first = await anext(self._events)
        except StopAsyncIteration:
            raise InvalidResponse(self._backend, "the stream was empty") from None
        if first == [DONE]:
            raise InvalidResponse(self._backend, "the stream ended before it began")
        self.put_back([first])

    def put_back(self, batches: Iterable[list[bytes]]) -> None:
        """Have what was already taken come again, before all that follows."""
        self._ready.extendleft(reversed(list(batches)))

    def __aiter__(self) -> "ChatStream":
        return self

    async def __anext__(self) -> list[bytes]:
        if self._ready:
            return self._ready.popleft()
        return await anext(self._events)

    async def aclose(self) -> None:
        """Stop. A connection given back in mid-answer is closed, and that is what cancels a generation."""
        await self._events.aclose()
        while self._closing:
            self._closing.pop()()

    def when_closed(self, act: Callable[[], object]) -> None:
        """Have `act` called, once, when the stream is closed."""
        self._closing.append(act)

    async def _read(self) -> AsyncGenerator[list[bytes], None]:
        splitter = EventSplitter()
        batch: list[bytes] = []
        try:
            async for data in self._chunks:
                for event in splitter.feed(data):
                    if (payload := event_data(event)).startswith(b"[DONE]"):
                        self._check_finished()
                        if batch:
                            yield batch
                        yield [DONE]
                        return
                    # Comments are the provider's keep-alive, and break some clients' parsers.
                    if payload and (kept := self._inspect(event, payload)):
                        self._started = True
                        batch.append(kept)
                if batch:
                    yield batch
                    batch = []
                if self._over:  # however long the provider keeps the connection open
                    break
            if not self._started:
                return
            self._check_finished()
        except (AttributeError, TypeError, ValueError, BackendError) as exc:
            if batch:  # what came before the trouble is the caller's
                yield batch
            self.interrupted = True
            raise self._trouble(exc) from exc
        yield [DONE]  # whole, though the provider forgot to say so

    def _check_finished(self) -> None:
        if not self._finished:
            raise StreamInterrupted(self._backend, "the stream ended without a finish reason")

    def _inspect(self, event: bytes, payload: bytes) -> bytes | None:
        """Read one chunk's facts; return the bytes to pass on, or None where the caller should not see it."""
        chunk = orjson.loads(payload)
        if not isinstance(chunk, dict):
            raise InvalidResponse(self._backend, "a chunk of the stream is not an object")
        choices = chunk.get("choices")
        if error := chunk.get("error") or (chunk.get("object") == "error" and chunk):  # the second is vLLM's
            raise error_in_stream(self._backend, error)
        if choices:
            self._look_at(choices)
            if not self._keep_logprobs:
                event = _without_logprobs(chunk, event)
        if not self.model:
            self.model = clean_name(chunk.get("model"))
        usage = chunk.get("usage", _ABSENT)
        # Looked for where there is more of it than the null in every chunk: nearly all chunks tell nothing.
        if payload.count(b'"usage') > (usage is None):
            self._note(chunk)
        self._service_tier = chunk.get("service_tier") or self._service_tier
        if usage is _ABSENT or self._keep_usage:
            return event
        if usage is None:
            return _NULL_USAGE.sub(b"", event)
        return event if choices else None

    def _note(self, answer: Mapping[str, Any]) -> None:
        """Keep what a chunk tells of tokens."""
        if (told := usage_in(answer)) is not None:
            self._told = told.merged(self._told)

    def _look_at(self, choices: list[dict[str, Any]]) -> None:
        for choice in choices:
            if (reason := choice.get("finish_reason")) is not None:
                self._finished = True
                self._note_reason(choice.get("index", 0), reason)
            delta = choice.get("delta") or choice
            if text := delta.get("content") or delta.get("text"):  # nearly every chunk
                self.tokens_seen += delta_tokens_guess(text)
            else:
                self.tokens_seen += sum(map(delta_tokens_guess, _unsaid(delta)))
            if told := choice.get("logprobs"):
                self.logprobs += _logprobs(told)

    def _note_reason(self, index: Any, reason: Any) -> None:
        if len(self.finish_reasons) < _MOST_CHOICES or index in self.finish_reasons:
            self.finish_reasons[index] = identifier(reason) or _UNKNOWN_REASON

    def _trouble(self, exc: Exception) -> BackendError:
        """What the caller is told: before the first event the kind of trouble, after it that the stream broke off."""
        if isinstance(exc, orjson.JSONDecodeError):
            exc = InvalidResponse(self._backend, "a chunk of the stream is not JSON")
        elif isinstance(exc, EventTooLarge):
            exc = InvalidResponse(self._backend, str(exc))
        elif not isinstance(exc, BackendError):
            exc = InvalidResponse(self._backend, "a chunk of the stream is not in OpenAI's format")
        if not self._started or isinstance(exc, StreamInterrupted):
            return exc
        return StreamInterrupted(self._backend, exc.message, told=exc.told)


def _unsaid(delta: Mapping[str, Any]) -> Iterator[str]:
    """What a delta holds that is generated, and paid for, beside the answer's text."""
    yield reasoning_of(delta)
    yield delta.get("refusal") or ""
    for call in delta.get("tool_calls") or ():
        called = call.get("function") or call.get("custom") or {}
        yield called.get("name") or ""
        yield called.get("arguments") or called.get("input") or ""


def _logprobs(told: Any) -> Iterator[float]:
    """What a choice's ``logprobs`` say of its tokens; what they say in another form than a chat's is passed over."""
    for token in (isinstance(told, dict) and told.get("content")) or ():
        logprob = token.get("logprob") if isinstance(token, dict) else None
        if isinstance(logprob, int | float) and not isinstance(logprob, bool):
            yield float(logprob)


def _without_logprobs(chunk: dict[str, Any], event: bytes) -> bytes:
    """The event as it would have been, had nobody asked for probabilities."""
    told = [choice for choice in chunk["choices"] if choice.get("logprobs") is not None]
    for choice in told:
        choice["logprobs"] = None
    return encode_event(chunk) if told else event


def error_in_stream(backend: str, error: Any) -> BackendUnavailable:
    """What an error object in a stream, or in place of an answer, means."""
    told = Told.of(error)
    return BackendUnavailable(backend, f"the provider reported an error{told.kind}", told=told)


def clean_reasons(reasons: Iterable[Any]) -> tuple[str, ...]:
    """Why each choice of an answer ended, where that is said."""
    return tuple(identifier(reason) or _UNKNOWN_REASON for reason in reasons if reason)[:_MOST_CHOICES]
