"""One streamed answer: passes events on unchanged, and inspects them for usage, errors and a proper end."""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

from models.redaction.server_words import ServerWords, clean_name, identifier
from models.usage.usage import Usage, usage_in
from models.wire.chat import BROKEN_OFF, reasoning_of, text_of
from models.wire.errors import (
    REPLICA_LOST,
    BackendError,
    BackendRejected,
    BackendUnavailable,
    InvalidResponse,
    StreamInterrupted,
)
from models.wire.first_tokens import FIRST_TOKENS, FirstTokens, TokenSignals, signals_in
from models.wire.notes import NO_NOTES
from models.wire.sse import DONE, EventSplitter, EventTooLarge, encode_event, event_data, reported_error, with_data
from models.wire.token_estimates import delta_tokens_guess
from models.wire.tool_calls import mend_calls
from models.wire.whole_characters import CharacterMender

# A provider that was asked for usage puts `"usage":null` into all other chunks. Quotes inside JSON strings are
# escaped, so this can only match the field itself.
_NULL_USAGE = re.compile(rb',\s*"usage"\s*:\s*null')

_ABSENT = object()

_UNKNOWN_REASON = "other"

GRACE_S = 0.5
"""How long a server may linger when the answer is whole and its usage has come."""

USAGE_GRACE_S = 5.0
"""How long when only the usage is missing."""

_REFUSALS = frozenset({400, 413, 422})
"""Statuses that are about the request; others are about the server, or the gateway's key."""

_MAX_CHOICES = 128
"""OpenAI's limit; reasons of further choices are ignored, so that a faulty server cannot fill the memory."""


class ChatStream:
    """The events of one answer, from any OpenAI-compatible server.

    Iterating yields lists of whole events as bytes, as many as the network delivered together. Events are unchanged
    except for fields that only the gateway asked for. Usage is always requested upstream and removed for callers who
    did not request it; so are the tokens' probabilities, if the gateway needs them. The last event is ``data: [DONE]``,
    in a list of its own. An answer that breaks off before its finish reason raises `StreamInterrupted`: it never ends
    as if it were complete. What a server does after the end, hang up or linger, changes nothing. Characters that are
    cut between two events are joined, and arguments of tool calls are strings, whatever the server sends.

    `n_choices` is how many choices were asked for.

    Attributes
    ----------
    usage : Usage or None
        The usage that the server has reported so far; None until it does.
    model : str
        The model that the chunks name.
    interrupted : bool
        Whether the stream broke off, through no fault of the caller, so that others may break off too.
    finish_reasons : dict of int to str
        Why each choice ended, by its index, for those that have.
    tokens_seen : int
        Tokens of the answer so far, estimated from its chunks: used if the server reports no usage.
    logprobs : list of float
        Natural logarithms of the tokens' probabilities so far, if the server reports them.
    first_tokens : FirstTokens or None
        How sure the model was of the first tokens of the first choice, as far as they have come, if the server tells.
    notes : Notes
        What is told with the answer.
    """

    def __init__(
        self,
        backend: str,
        chunks: AsyncIterator[bytes],
        close: Callable[[], object],
        *,
        keep_usage: bool,
        keep_logprobs: bool = True,
        n_choices: int = 1,
    ) -> None:
        self.model = ""
        self.finish_reasons: dict[int, str] = {}
        self.tokens_seen = 0
        self.logprobs: list[float] = []
        self.notes = NO_NOTES
        self.interrupted = False
        self._backend = backend
        self._chunks = chunks
        self._closing = [close]
        self._n_choices = n_choices
        self._keep_usage = keep_usage
        self._keep_logprobs = keep_logprobs
        self._usage: Usage | None = None
        self._told_first_tokens: FirstTokens | None = None
        self._signals: list[TokenSignals] = []
        self._service_tier: Any = None
        self._started = False
        self._finished = False
        self._is_over = False
        self._whole_at = 0.0
        self._begun: set[Any] = set()
        self._mender = CharacterMender()
        self._is_mended = False
        self._events = self._read()
        self._buffered: deque[list[bytes]] = deque()

    @property
    def usage(self) -> Usage | None:
        usage = self._usage
        if usage is None:
            return None
        usage = usage.with_service_tier(self._service_tier)
        return usage if self._finished else usage.interrupted_after(self.tokens_seen)

    @property
    def first_tokens(self) -> FirstTokens | None:
        return self._told_first_tokens or FirstTokens.of(self._signals)

    async def prime(self) -> None:
        """Wait for the first event, so that an earlier failure can still become a status or a call to another backend.

        Raises
        ------
        BackendError
            As `__anext__` does; also `InvalidResponse` if there is no event at all.
        """
        try:
            first = await anext(self._events)
        except StopAsyncIteration:
            raise InvalidResponse(self._backend, "the stream was empty") from None
        if first == [DONE]:
            raise InvalidResponse(self._backend, "the stream ended before it began")
        self.put_back([first])

    def put_back(self, batches: Iterable[list[bytes]]) -> None:
        """Put lists of events that were already taken back in front of the remaining ones."""
        self._buffered.extendleft(reversed(list(batches)))

    def __aiter__(self) -> "ChatStream":
        return self

    async def __anext__(self) -> list[bytes]:
        if self._buffered:
            return self._buffered.popleft()
        return await anext(self._events)

    async def aclose(self) -> None:
        """Stop. In the middle of an answer this closes the connection, which cancels the generation."""
        await self._events.aclose()
        while self._closing:
            self._closing.pop()()

    def when_closed(self, act: Callable[[], object]) -> None:
        """Call `act` once, when the stream is closed."""
        self._closing.append(act)

    async def _read(self) -> AsyncGenerator[list[bytes], None]:
        splitter = EventSplitter()
        batch: list[bytes] = []
        try:
            while True:
                data: bytes | None
                try:
                    data = await (self._next_after_end() if self._finished else self._chunks.__anext__())
                except StopAsyncIteration:
                    data = None
                for event in self._last_events(splitter) if data is None else splitter.feed(data):
                    if (payload := event_data(event)).startswith(b"[DONE]"):
                        self._check_finished()
                        if batch:
                            yield batch
                        yield [DONE]
                        return
                    if not event.startswith(b"data:") and (error := reported_error(event)) is not None:
                        raise error_in_stream(self._backend, error)
                    # A provider's comments are dropped: whoever serves the caller sends some where they are needed.
                    if not payload:
                        self._told_first_tokens = self._told_first_tokens or FirstTokens.from_comment(event)
                    elif kept := self._inspect(event, payload):
                        self._started = True
                        batch.append(kept)
                if batch:
                    yield batch
                    batch = []
                if data is None or self._is_over:  # the provider may keep the connection open
                    break
            if not self._started:
                return
            self._check_finished()
        except (AttributeError, TypeError, ValueError, BackendError) as exc:
            if batch:  # events before the error belong to the caller
                yield batch
            error = self._to_backend_error(exc)
            self.interrupted = error.server_words.code != REPLICA_LOST
            raise error from exc
        yield [DONE]  # the answer is complete, but the provider did not send [DONE]

    async def _next_after_end(self) -> bytes | None:
        """What comes after the end of all choices, None if nothing does: hanging up or lingering then is no failure."""
        if len(self.finish_reasons) < self._n_choices:
            return await anext(self._chunks, None)
        try:
            async with asyncio.timeout(self._grace_left_s()):
                return await anext(self._chunks, None)
        except (TimeoutError, BackendError):
            return None

    def _last_events(self, splitter: EventSplitter) -> list[bytes]:
        """What came last without the blank line that ends an event; after the end, only if it can be read."""
        events = splitter.finish()
        return [event for event in events if not self._finished or _is_json(event_data(event))]

    def _grace_left_s(self) -> float:
        """Of the time that began when the answer was whole: comments must not prolong it."""
        now = asyncio.get_running_loop().time()
        self._whole_at = self._whole_at or now
        return self._whole_at + (USAGE_GRACE_S if self._usage is None else GRACE_S) - now

    def _check_finished(self) -> None:
        if not self._finished:
            raise StreamInterrupted(self._backend, "the stream ended without a finish reason")

    def _inspect(self, event: bytes, payload: bytes) -> bytes | None:
        """Read one chunk; return the bytes to pass on, or None if the caller should not see it."""
        chunk = self._loads(payload)
        if self._is_mended:
            event = with_data(event, chunk)
        if not isinstance(chunk, dict):
            raise InvalidResponse(self._backend, "a chunk of the stream is not an object")
        choices = chunk.get("choices")
        if error := chunk.get("error") or (chunk.get("object") == "error" and chunk):  # the second is vLLM's
            raise error_in_stream(self._backend, error)
        if choices:
            if self._inspect_choices(choices):
                event = with_data(event, chunk)
            if not self._keep_logprobs:
                event = _without_logprobs(chunk, event)
        if not self.model:
            self.model = clean_name(chunk.get("model"))
        usage = chunk.get("usage", _ABSENT)
        # Nearly all chunks have no usage but the null: search only those that mention it more often.
        if payload.count(b'"usage') > (usage is None):
            self._record_usage(chunk)
        self._service_tier = chunk.get("service_tier") or self._service_tier
        if usage is _ABSENT or self._keep_usage:
            return event
        if usage is None:
            return _NULL_USAGE.sub(b"", event)
        return event if choices else None

    def _loads(self, payload: bytes) -> Any:
        """An event's JSON, in which characters are whole; `_is_mended` then says whether they were not."""
        self._is_mended = self._mender.waiting
        if not self._is_mended:
            try:
                return orjson.loads(payload)
            except orjson.JSONDecodeError:
                self._is_mended = True
        return self._mender.loads(payload)

    def _record_usage(self, answer: Mapping[str, Any]) -> None:
        """Merge the usage that a chunk reports, if any."""
        if (usage := usage_in(answer)) is not None:
            self._usage = usage.merged(self._usage)

    def _inspect_choices(self, choices: list[dict[str, Any]]) -> bool:
        """Read the choices of one chunk; whether something in them was mended."""
        mended = False
        for choice in choices:
            index = choice.get("index") or 0
            if index not in self._begun and len(self._begun) < _MAX_CHOICES:
                self._begun.add(index)
                self._finished, self._whole_at = False, 0.0
            reason = choice.get("finish_reason")  # some servers send "" with every chunk
            if reason in BROKEN_OFF or choice.get("error"):
                raise broken_choice(self._backend, choice)
            if reason:
                self._record_finish_reason(index, reason)
                self._finished = self._begun <= self.finish_reasons.keys()
            delta = choice.get("delta") or choice
            text = delta.get("content") or delta.get("text")
            if isinstance(text, str) and text:  # nearly every chunk
                self.tokens_seen += delta_tokens_guess(text)
            else:
                self.tokens_seen += sum(map(delta_tokens_guess, _other_generated_texts(delta)))
            if calls := delta.get("tool_calls"):
                mended |= mend_calls(calls, whole=False)
                self.tokens_seen += sum(map(delta_tokens_guess, _texts_of_calls(calls)))
            if logprobs := choice.get("logprobs"):
                self.logprobs += _logprobs(logprobs)
                if index == 0 and len(self._signals) < FIRST_TOKENS:
                    self._add_signals(logprobs)
        return mended

    def _add_signals(self, logprobs: Any) -> None:
        entries = logprobs.get("content") if isinstance(logprobs, dict) else None
        self._signals += islice(signals_in(entries), FIRST_TOKENS - len(self._signals))

    def _record_finish_reason(self, index: Any, reason: Any) -> None:
        if len(self.finish_reasons) < _MAX_CHOICES or index in self.finish_reasons:
            self.finish_reasons[index] = identifier(reason) or _UNKNOWN_REASON

    def _to_backend_error(self, exc: Exception) -> BackendError:
        """The error to raise: before the first event the kind of failure, after it `StreamInterrupted`."""
        if isinstance(exc, json.JSONDecodeError):  # orjson's is one too
            exc = InvalidResponse(self._backend, "a chunk of the stream is not JSON")
        elif isinstance(exc, EventTooLarge):
            exc = InvalidResponse(self._backend, str(exc))
        elif not isinstance(exc, BackendError):
            exc = InvalidResponse(self._backend, "a chunk of the stream is not in OpenAI's format")
        if not self._started or isinstance(exc, StreamInterrupted):
            return exc
        return StreamInterrupted(self._backend, exc.message, server_words=exc.server_words)


def _is_json(payload: bytes) -> bool:
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return True


def _other_generated_texts(delta: Mapping[str, Any]) -> Iterator[str]:
    """Generated texts of a delta beside the answer's text; they must be paid for too."""
    yield text_of(delta)
    yield reasoning_of(delta)
    yield delta.get("refusal") or ""


def _texts_of_calls(calls: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for call in calls:
        called = call.get("function") or call.get("custom") or {}
        yield called.get("name") or ""
        yield called.get("arguments") or called.get("input") or ""


def _logprobs(logprobs: Any) -> Iterator[float]:
    """The tokens' log probabilities in a choice's ``logprobs``; any form but the chat format's is ignored."""
    for token in (isinstance(logprobs, dict) and logprobs.get("content")) or ():
        logprob = token.get("logprob") if isinstance(token, dict) else None
        if isinstance(logprob, int | float) and not isinstance(logprob, bool):
            yield float(logprob)


def _without_logprobs(chunk: dict[str, Any], event: bytes) -> bytes:
    """The event without the probabilities that only the gateway asked for."""
    choices = [choice for choice in chunk["choices"] if choice.get("logprobs") is not None]
    for choice in choices:
        choice["logprobs"] = None
    return encode_event(chunk) if choices else event


def status_named(error: Any) -> int | None:
    """The status that an error object names as its `code`, or beside it; None if it names none."""
    named = (error.get("code"), error.get("status")) if isinstance(error, dict) else ()
    return next((status for status in named if isinstance(status, int) and 400 <= status < 600), None)


def error_in_stream(backend: str, error: Any) -> BackendError:
    """The exception for an error object in a stream, or in place of an answer."""
    server_words = ServerWords.from_error(error)
    if (status := status_named(error)) in _REFUSALS and status is not None:
        return BackendRejected(backend, status, server_words)
    return BackendUnavailable(backend, f"the provider reported an error{server_words.kind}", server_words=server_words)


def broken_choice(backend: str, choice: Mapping[str, Any]) -> BackendError:
    """The exception for a choice that says of itself that it failed: with an error object, or a finish reason."""
    if error := choice.get("error"):
        return error_in_stream(backend, error)
    return BackendUnavailable(backend, f"the provider ended the answer with finish reason {choice['finish_reason']}")


def clean_reasons(reasons: Iterable[Any]) -> tuple[str, ...]:
    """Why each choice of an answer ended; choices without a reason are left out."""
    return tuple(identifier(reason) or _UNKNOWN_REASON for reason in reasons if reason)[:_MAX_CHOICES]
