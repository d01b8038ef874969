"""A backend for everything that speaks the OpenAI API: the engine process, a local vLLM or Ollama, the cloud."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp
import orjson

from models.redaction.server_words import Told, clean_name
from models.remote.http import HttpServer, failure_words
from models.remote.quirks import NO_QUIRKS, Quirks
from models.usage.shapes import count
from models.usage.usage import usage_in
from models.wire.backend import Completion
from models.wire.chat import ChatRequest
from models.wire.errors import (
    AnswerCut,
    BackendError,
    BackendMisconfigured,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    InvalidResponse,
    RateLimited,
)
from models.wire.responses import PATH as RESPONSES
from models.wire.responses import ResponsesStream, check_response
from models.wire.stream import ChatStream, clean_reasons

T = TypeVar("T")

CHAT = "chat/completions"
_OK = 200
_BAD_REQUEST = 400
_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 5.0
"""What is longer or slower to come than an error's body needs to be is not waited for: its status says enough."""

MAX_RETRY_AFTER_S = 24 * 3600.0

# What a choice, or an element of embeddings' data, is there for.
_CONTENTS = frozenset({"message", "text", "embedding"})

# Refusals that blame what the gateway sends on its own account.
_OPERATORS_TROUBLE = {
    401: "the provider refused the gateway's credentials",
    402: "the provider wants to be paid",
    403: "the provider refused the gateway's credentials",
    404: "the provider knows no such model or path",
    407: "the proxy before the provider wants credentials",
}

_ABOUT_OUR_KEY = frozenset({401, 402, 403, 407})
"""What the provider says to these is for the operator, not for a caller, whose key it is not."""


class OpenAIBackend:
    """Sends chat requests to one OpenAI-compatible server, as one model.

    Parameters
    ----------
    name : str
        For messages: ``local`` or ``cloud``.
    server : HttpServer
        With base URL (``…/v1``), credentials and the limit on silence; owned by this backend from now on.
    model : str
        The name by which the server knows the model; replaces the caller's.
    first_byte_timeout_s : float
        The longest wait for the first event of a stream.
    total_timeout_s : float
        The longest wait for an answer in one piece.
    quirks : Quirks
        Which request fields this model wants otherwise.
    native : frozenset of str
        Paths of API shapes that the server takes beside the chat format: requests in those shapes go there as they are.
    """

    def __init__(
        self,
        name: str,
        server: HttpServer,
        model: str,
        *,
        first_byte_timeout_s: float = 60.0,
        total_timeout_s: float = 600.0,
        quirks: Quirks = NO_QUIRKS,
        native: frozenset[str] = frozenset(),
    ) -> None:
        self._name = name
        self._server = server
        self.model = model
        self._first_byte_timeout_s = first_byte_timeout_s
        self._total_timeout_s = total_timeout_s
        self._quirks = quirks
        self._native = native

    @property
    def name(self) -> str:
        return self._name

    async def aclose(self) -> None:
        await self._server.aclose()

    async def chat(self, request: ChatRequest) -> Completion:
        """Answer in one piece.

        Raises
        ------
        BackendError
            Of the kind that says what the caller may try next.
        """
        path, asked = self._asked(request)
        body = self._post(path, self._upstream_body(request, path, asked))
        answer = await self._within(self._total_timeout_s, "no answer", body)
        return self._response(answer) if path == RESPONSES else self._completion(answer)

    async def stream(self, request: ChatRequest) -> ChatStream:
        """Answer piece by piece; returns with the first event at hand.

        Raises
        ------
        BackendError
            As `chat` does, for anything that goes wrong before the first event.
        """
        return await self._within(self._first_byte_timeout_s, "no first event", self._open_stream(request))

    async def embed(self, body: Mapping[str, Any]) -> Completion:
        """Turn texts into vectors; `body` names the model for that.

        Raises
        ------
        BackendError
            As `chat` does.
        """
        answer = await self._within(self._total_timeout_s, "no answer", self._post("embeddings", orjson.dumps(body)))
        completion = self._completion(answer, "data")
        return completion if completion.usage is None else replace(completion, usage=completion.usage.only_read())

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the model itself counts them; None where the server cannot say (only the engine can)."""
        try:
            answer = await self._post("count_tokens", self._upstream_body(request, CHAT, request.body))
            return count(orjson.loads(answer)["prompt_tokens"])
        except (BackendError, KeyError, TypeError, ValueError):
            return None

    async def list_models(self) -> list[dict[str, Any]]:
        """The server's models, as its ``/models`` lists them."""
        answer = await self._within(
            self._first_byte_timeout_s, "no list of models", self._ask(self._server.get("models"))
        )
        try:
            models = orjson.loads(answer)["data"]
        except (ValueError, KeyError, TypeError) as exc:
            raise InvalidResponse(self._name, "the list of models is not in OpenAI's format") from exc
        if not isinstance(models, list):
            raise InvalidResponse(self._name, "the list of models is not a list")
        return models

    def takes(self, request: ChatRequest) -> bool:
        """Whether the request can be put to this server at all: in its own shape, or in a chat."""
        native = request.native
        return native is None or native.untranslatable is None or native.path in self._native

    def parts(self, request: ChatRequest) -> Sequence[ChatRequest]:
        """Requests to put to this server one by one instead; empty where it takes `request` as a whole."""
        native = request.native
        return () if native is not None and native.path in self._native else request.several

    def _asked(self, request: ChatRequest) -> tuple[str, Mapping[str, Any]]:
        """Where the request goes, and what it says there: in the caller's shape if the server takes that."""
        native = request.native
        if native is None:
            return CHAT, request.body
        if native.path in self._native:
            return native.path, native.body
        if native.untranslatable is not None:
            raise native.untranslatable
        return CHAT, request.body

    def _upstream_body(self, request: ChatRequest, path: str, asked: Mapping[str, Any]) -> bytes:
        body: dict[str, Any] = {**asked, "model": self.model}
        if request.stream and path != RESPONSES:
            body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
        return orjson.dumps(self._quirks.apply(body))

    async def _within(self, limit_s: float, missing: str, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(limit_s):
                return await work
        except TimeoutError as exc:
            raise BackendTimeout(self._name, f"{missing} within {limit_s:g} s") from exc

    async def _post(self, path: str, content: bytes) -> bytes:
        return await self._ask(self._server.post(path, content))

    async def _ask(self, sending: Awaitable[aiohttp.ClientResponse]) -> bytes:
        """The body of an answer in one piece."""
        try:
            response = await sending
        except aiohttp.ClientError as exc:
            raise self._unreachable(exc) from exc
        async with response:
            await self._check(response)
            try:
                return await response.read()
            except aiohttp.ClientError as exc:
                raise AnswerCut(self._name, f"the answer broke off ({type(exc).__name__})") from exc

    async def _open_stream(self, request: ChatRequest) -> ChatStream:
        path, asked = self._asked(request)
        try:
            response = await self._server.post(path, self._upstream_body(request, path, asked))
        except aiohttp.ClientError as exc:
            raise self._unreachable(exc) from exc
        try:
            await self._check(response)
            kind = ResponsesStream if path == RESPONSES else ChatStream
            stream = kind(
                self._name,
                self._chunks(response),
                response.release,
                keep_usage=request.include_usage,
                keep_logprobs=not request.hide_logprobs,
            )
            await stream.prime()
        except BaseException:  # cancellation too must end the generation
            response.release()
            raise
        return stream

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._server.chunks(response):
                yield chunk
        except TimeoutError as exc:
            raise BackendTimeout(self._name, "silent for longer than the limit") from exc
        except aiohttp.ClientError as exc:
            raise self._unreachable(exc) from exc

    def _completion(self, body: bytes, content: str = "choices") -> Completion:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise self._unreadable(body) from exc
        found = answer.get(content) if isinstance(answer, dict) else None
        if not isinstance(found, list) or not found:
            raise InvalidResponse(self._name, f"the answer has no {content}")
        if not all(isinstance(one, dict) and not one.keys().isdisjoint(_CONTENTS) for one in found):
            raise InvalidResponse(self._name, f"the answer's {content} are empty")
        return Completion(
            body=body,
            model=clean_name(answer.get("model")) or self.model,
            usage=usage_in(answer),
            finish_reasons=clean_reasons(one.get("finish_reason") for one in found),
        )

    def _response(self, body: bytes) -> Completion:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise self._unreadable(body) from exc
        check_response(self._name, answer)
        return Completion(body=body, model=clean_name(answer.get("model")) or self.model, usage=usage_in(answer))

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        """Raise what a status other than 200 means."""
        status = response.status
        if status == _OK:
            return
        told = Told.of_body(await self._error_bytes(response))
        message = f"status {status}{told.kind}"
        pause_s = _seconds(response.headers.get("retry-after"))
        if status == _TOO_MANY_REQUESTS:
            raise RateLimited(self._name, message, retry_after_s=pause_s, told=told)
        if trouble := _OPERATORS_TROUBLE.get(status):
            private = status in _ABOUT_OUR_KEY
            raise BackendMisconfigured(self._name, trouble, status=status, told=told, is_private=private)
        if status >= _SERVER_ERROR or status == _TIMEOUT:
            raise BackendUnavailable(self._name, message, retry_after_s=pause_s, told=told)
        if status >= _BAD_REQUEST:
            raise BackendRejected(self._name, status, told)
        raise InvalidResponse(self._name, f"unexpected status {status}")

    async def _error_bytes(self, response: aiohttp.ClientResponse) -> bytes:
        """What there is of an error's body: nobody has to send the end of it, or any."""
        body = b""
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(ERROR_BODY_S):
                async for chunk in self._server.chunks(response):
                    body += chunk
                    if len(body) >= MAX_ERROR_BYTES:
                        break
        return body[:MAX_ERROR_BYTES]

    def _unreadable(self, body: bytes) -> InvalidResponse:
        """What begins as an answer was made by the model, and is paid for; a page of HTML was not."""
        kind = AnswerCut if body.lstrip().startswith(b"{") else InvalidResponse
        return kind(self._name, "the answer is not JSON")

    def _unreachable(self, exc: Exception) -> BackendUnavailable:
        return BackendUnavailable(self._name, f"connection failed ({failure_words(exc)})")


def _seconds(retry_after: str | None) -> float | None:
    try:
        return None if retry_after is None else min(max(0.0, float(retry_after)), MAX_RETRY_AFTER_S)
    except ValueError:
        return None
