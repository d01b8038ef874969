"""One streamed answer: events passed on as they came, watched for usage, for errors and for a proper end."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import orjson

from models.chat import Usage
from models.errors import BackendError, BackendUnavailable, InvalidResponse, StreamInterrupted
from models.sse import DONE, EventSplitter, event_data

# A provider asked for usage puts `"usage":null` into every other chunk. Quotes inside JSON strings are escaped,
# so this can only match the field itself.
_NULL_USAGE = re.compile(rb',\s*"usage"\s*:\s*null')


class ChatStream:
    """The events of one answer, from any OpenAI-compatible server.

    Iterating yields whole events as bytes, unchanged but for what only the gateway asked for: usage is always requested
    upstream, and taken out again for a caller who did not request it. The last event yielded is ``data: [DONE]``.
    An answer that breaks off before its finish reason raises `StreamInterrupted`: it never ends as if it were whole.

    Attributes
    ----------
    usage : Usage or None
        The last usage seen, None until one was.
    model : str
        The model that the chunks name.
    content_chunks : int
        Chunks with content or tool calls so far: about one a token, for an estimate where usage never came.
    """

    def __init__(
        self,
        backend: str,
        chunks: AsyncIterator[bytes],
        close: Callable[[], Awaitable[None]],
        *,
        keep_usage: bool,
    ) -> None:
        self.usage: Usage | None = None
        self.model = ""
        self.content_chunks = 0
        self._backend = backend
        self._chunks = chunks
        self._close = close
        self._keep_usage = keep_usage
        self._finished = False
        self._events = self._read()
        self._first = b""

    async def prime(self) -> None:
        """Wait for the first event, so that a failure until then can still become a status or another route.

        Raises
        ------
        BackendError
            As `__anext__` does; also `InvalidResponse` when there is no event at all.
        """
        try:
            self._first = await anext(self._events)
        except StopAsyncIteration:
            raise InvalidResponse(self._backend, "the stream was empty") from None
        if self._first == DONE:
            raise InvalidResponse(self._backend, "the stream ended before it began")

    def __aiter__(self) -> "ChatStream":
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return await anext(self._events)

    async def aclose(self) -> None:
        """Stop, and tell the backend so: closing the connection is what cancels a generation."""
        await self._events.aclose()
        await self._close()

    async def _read(self) -> AsyncGenerator[bytes, None]:
        splitter = EventSplitter()
        started = False
        try:
            async for data in self._chunks:
                for event in splitter.feed(data):
                    payload = event_data(event)
                    if payload == b"[DONE]":
                        self._check_finished()
                        yield DONE
                        return
                    if not payload:
                        continue  # comments are the provider's keep-alive, and break some clients' parsers
                    if kept := self._inspect(event, payload, started):
                        started = True
                        yield kept
        except ValueError as exc:
            raise InvalidResponse(self._backend, str(exc)) from exc
        except BackendError as exc:
            if not started:
                raise
            raise StreamInterrupted(self._backend, str(exc).removeprefix(f"{self._backend}: ")) from exc
        if not started:
            return
        self._check_finished()
        yield DONE  # whole, though the provider forgot to say so

    def _check_finished(self) -> None:
        if not self._finished:
            raise StreamInterrupted(self._backend, "the stream ended without a finish reason")

    def _inspect(self, event: bytes, payload: bytes, started: bool) -> bytes | None:
        """Read one chunk's facts; return the bytes to pass on, or None where the caller should not see it."""
        chunk = self._decode(payload, started)
        usage, choices = chunk.get("usage"), chunk.get("choices")
        self.model = self.model or str(chunk.get("model") or "")
        if isinstance(usage, dict):
            self.usage = Usage.from_wire(usage)
        for choice in choices or ():
            self._finished |= choice.get("finish_reason") is not None
            delta = choice.get("delta") or {}
            self.content_chunks += bool(delta.get("content") or delta.get("tool_calls"))
        if self._keep_usage:
            return event
        if isinstance(usage, dict) and not choices:
            return None
        if usage is None and "usage" in chunk:
            return _NULL_USAGE.sub(b"", event)
        return event

    def _decode(self, payload: bytes, started: bool) -> dict[str, Any]:
        try:
            chunk = orjson.loads(payload)
        except orjson.JSONDecodeError as exc:
            raise self._broken(started, "a chunk of the stream is not JSON") from exc
        if not isinstance(chunk, dict):
            raise self._broken(started, "a chunk of the stream is not an object")
        error = chunk.get("error")
        if error:
            message = str(
                (error.get("message") if isinstance(error, dict) else error) or "the provider reported an error"
            )
            raise (StreamInterrupted if started else BackendUnavailable)(self._backend, message)
        return chunk

    def _broken(self, started: bool, message: str) -> BackendError:
        return (StreamInterrupted if started else InvalidResponse)(self._backend, message)
