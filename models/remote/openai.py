"""A backend for every server that speaks the OpenAI API: the engine process, a local vLLM or Ollama, the cloud."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp
import orjson

from models.redaction.server_words import NO_WORDS, ServerWords, clean_name
from models.remote.content_encoding import reader_of
from models.remote.http import AnswerTooLarge, HttpServer, failure_reason, limited, never_arrived
from models.remote.learnt_quirks import MOST_CHANGES, LearntQuirks
from models.remote.quirks import NO_QUIRKS, Quirks
from models.remote.replayed_reasoning import has_reasoning, is_about_reasoning, without_reasoning
from models.remote.retry_after import retry_after_s
from models.remote.whole_body import read_json
from models.usage.shapes import count
from models.usage.usage import Usage, usage_in
from models.wire.backend import MAX_ANSWER_BYTES, Completion
from models.wire.chat import BROKEN_OFF, ChatRequest
from models.wire.errors import (
    BackendError,
    BackendLost,
    BackendMisconfigured,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    BackendUnreached,
    InvalidResponse,
    RateLimited,
    TruncatedAnswer,
)
from models.wire.first_tokens import FIELD as FIRST_TOKENS_FIELD
from models.wire.first_tokens import HEADER as FIRST_TOKENS_HEADER
from models.wire.first_tokens import FirstTokens, first_tokens_of
from models.wire.notes import Notes, passed_on, replica_in
from models.wire.responses import PATH as RESPONSES
from models.wire.responses import ResponsesStream, check_response
from models.wire.stream import ChatStream, broken_choice, clean_reasons, status_named
from models.wire.tool_calls import mend_calls
from models.wire.whole_characters import loads_whole

logger = logging.getLogger(__name__)

T = TypeVar("T")

CHAT = "chat/completions"
_OK = 200
_REDIRECTION = 300
_BAD_REQUEST = 400
_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_BAD_GATEWAY = 502

_ABOUT_FIELDS = frozenset({400, 422})
"""Statuses by which servers refuse a field; the second is that of FastAPI, and so of Mistral."""

MAX_ERROR_BYTES = 64 * 1024
COUNT_S = 2.0
"""Longest wait for a count of tokens: an estimate does as well as a count that comes late."""

ERROR_BODY_S = 5.0
"""The rest of a longer or slower error body is not read: the status says enough."""

# A choice, or an element of embeddings' data, must have one of these fields.
_CONTENT_FIELDS = frozenset({"message", "text", "embedding"})

# Refusals caused by the gateway's own configuration, which only the operator can fix.
_MISCONFIGURED = {
    401: "the provider refused the gateway's credentials",
    402: "the provider wants to be paid",
    403: "the provider refused the gateway's credentials",
    404: "the provider knows no such model or path",
    407: "the proxy before the provider wants credentials",
}

QUOTA = "insufficient_quota"
_QUOTA_USED_UP = "the quota at the provider is used up"

_ABOUT_OUR_KEY = frozenset({401, 402, 403, 407})
"""The provider's message may describe the gateway's key, so only the operator may see it, not the caller."""


class OpenAIBackend:
    """Sends chat requests to one OpenAI-compatible server, as one model.

    Parameters
    ----------
    name : str
        For messages: ``local`` or ``cloud``.
    server : HttpServer
        With base URL (``…/v1``), credentials and the limit on silence; this backend closes it.
    model : str
        The server's name for the model; replaces the caller's.
    first_byte_timeout_s : float
        The longest wait for the first event of a stream; of a local server, for the first sign of life.
    total_timeout_s : float
        The longest wait for an answer that is not streamed; of a local server, the longest silence.
    quirks : Quirks
        Request fields that this model needs changed; more are learnt from its refusals.
    max_answer_bytes : int
        The largest answer that is accepted, streamed or not.
    native : frozenset of str
        Paths of API shapes that the server supports beside chat completions: requests in them are sent unchanged.
    is_local : bool
        Whether it is a local server: those take more than OpenAI's fields, and clouds refuse them. It may also take any
        time for an answer as long as it gives signs of life: comments in a stream, blanks before JSON.
    """

    def __init__(
        self,
        name: str,
        server: HttpServer,
        model: str,
        *,
        first_byte_timeout_s: float = 60.0,
        total_timeout_s: float = 600.0,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        quirks: Quirks = NO_QUIRKS,
        native: frozenset[str] = frozenset(),
        is_local: bool = False,
    ) -> None:
        self._name = name
        self._server = server
        self.model = model
        self._first_byte_timeout_s = first_byte_timeout_s
        self._total_timeout_s = total_timeout_s
        self._quirks = LearntQuirks(quirks)
        self._max_answer_bytes = max_answer_bytes
        self._native = native
        self._is_local = is_local
        self._refuses_reasoning = False

    @property
    def name(self) -> str:
        return self._name

    async def aclose(self) -> None:
        await self._server.aclose()

    async def chat(self, request: ChatRequest) -> Completion:
        """Answer without streaming.

        Raises
        ------
        BackendError
            Its class says whether a retry or another backend may help.
        """
        return await self._within(self._limit_s(self._total_timeout_s), "no answer", self._whole(request))

    async def stream(self, request: ChatRequest) -> ChatStream:
        """Answer as a stream; returns when the first event has arrived.

        Raises
        ------
        BackendError
            As `chat` does, for a failure before the first event.
        """
        limit_s = self._limit_s(self._first_byte_timeout_s)
        return await self._within(limit_s, "no first event", self._open_stream(request))

    async def embed(self, body: Mapping[str, Any]) -> Completion:
        """Compute embeddings; `body` names the embedding model.

        Raises
        ------
        BackendError
            As `chat` does.
        """
        completion = await self._within(self._limit_s(self._total_timeout_s), "no answer", self._embedded(body))
        return completion if completion.usage is None else replace(completion, usage=completion.usage.prompt_only())

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the model itself counts them; None if the server cannot or is slow (only the engine can)."""
        try:
            asked, _ = self._quirks.apply(self._upstream(request, CHAT, request.body))
            answer = await self._within(COUNT_S, "no count of tokens", self._post("count_tokens", orjson.dumps(asked)))
            return count(orjson.loads(answer)["prompt_tokens"])
        except (BackendError, KeyError, TypeError, ValueError):
            return None

    def speaks(self, path: str) -> bool:
        """Whether the server supports the API shape at `path` itself."""
        return path in self._native

    async def forward(self, method: str, path: str, content: bytes | None, query: Mapping[str, str]) -> bytes:
        """The answer to a call about something that the server keeps, as it came.

        Raises
        ------
        BackendError
            As `chat` does.
        """
        responding = self._server.request(method, path, content, query)
        return await self._within(self._total_timeout_s, "no answer", self._read_answer(responding))

    async def list_models(self) -> list[dict[str, Any]]:
        """The server's models, as its ``/models`` lists them."""
        answer = await self._within(
            self._first_byte_timeout_s, "no list of models", self._read_answer(self._server.get("models"))
        )
        try:
            models = orjson.loads(answer)["data"]
        except (ValueError, KeyError, TypeError) as exc:
            raise InvalidResponse(self._name, "the list of models is not in OpenAI's format") from exc
        if not isinstance(models, list):
            raise InvalidResponse(self._name, "the list of models is not a list")
        return models

    def takes(self, request: ChatRequest) -> bool:
        """Whether this server can answer the request: in its own API shape, or translated to a chat completion."""
        native = request.native
        return native is None or native.untranslatable is None or native.path in self._native

    def sub_requests(self, request: ChatRequest) -> Sequence[ChatRequest]:
        """Requests to send one by one instead of `request`; empty if the server takes it as a whole."""
        native = request.native
        return () if native is not None and native.path in self._native else request.sub_requests

    def _path_and_body(self, request: ChatRequest) -> tuple[str, Mapping[str, Any]]:
        """The path and body of the upstream request: in the caller's API shape if the server supports it."""
        native = request.native
        if native is None:
            return CHAT, request.body
        if native.path in self._native:
            return native.path, native.body
        if native.untranslatable is not None:
            raise native.untranslatable
        return CHAT, request.body

    def _upstream(self, request: ChatRequest, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        upstream: dict[str, Any] = {**body, "model": self.model}
        if request.stream and path != RESPONSES:
            upstream["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
            if self._is_local and request.early_usage:
                upstream["stream_options"]["continuous_usage_stats"] = True
        if not self._is_local:
            for name in request.local_only:
                upstream.pop(name, None)
        return upstream

    def _limit_s(self, limit_s: float) -> float | None:
        """The limit on all of an answer; None for a local server, of which only the silence is limited."""
        return None if self._is_local else limit_s

    def _silence_s(self, limit_s: float) -> float | None:
        """The limit on each silence within an answer; None where all of it is limited."""
        return limit_s if self._is_local else None

    async def _whole(self, request: ChatRequest) -> Completion:
        path, body = self._path_and_body(request)
        silence_s = self._silence_s(self._total_timeout_s)
        response, notes = await self._within(silence_s, "no answer", self._ask(request, path, body))
        answer = await self._read(response, silence_s)
        completion = self._response(answer) if path == RESPONSES else self._completion(answer)
        told = FirstTokens.from_json(response.headers.get(FIRST_TOKENS_HEADER, ""))
        return replace(completion, notes=notes, first_tokens=told or completion.first_tokens)

    async def _ask(
        self, request: ChatRequest, path: str, body: Mapping[str, Any]
    ) -> tuple[aiohttp.ClientResponse, Notes]:
        """The response to a request; the caller must close it.

        Where the server refuses reasoning that is sent back, it is asked without, from then on at once.
        """
        if path != CHAT or not has_reasoning(body):
            return await self._send(path, self._upstream(request, path, body))
        if not self._refuses_reasoning:
            try:
                return await self._send(path, self._upstream(request, path, body))
            except BackendRejected as exc:
                if not is_about_reasoning(exc):
                    raise
                self._refuses_reasoning = True
        return await self._send(path, self._upstream(request, path, without_reasoning(body)))

    async def _embedded(self, body: Mapping[str, Any]) -> Completion:
        silence_s = self._silence_s(self._total_timeout_s)
        opening = self._open(self._server.post("embeddings", orjson.dumps(body)))
        response = await self._within(silence_s, "no answer", opening)
        completion = self._completion(await self._read(response, silence_s), "data")
        return replace(completion, notes=Notes(passed_on(response.headers.items())))

    async def _send(self, path: str, asked: dict[str, Any]) -> tuple[aiohttp.ClientResponse, Notes]:
        """The response to a request, once it has the fields that the model takes; the caller must close it."""
        taught: dict[str, str | None] = {}
        for changes_left in reversed(range(MOST_CHANGES)):
            body, left_out = self._quirks.apply(asked, taught)
            try:
                response = await self._open(self._server.post(path, orjson.dumps(body)))
            except BackendRejected as exc:
                is_about_fields = exc.status in _ABOUT_FIELDS
                more = self._quirks.taught_by(exc.server_words, body, taught) if is_about_fields else {}
                if not more or not changes_left:
                    raise
                taught |= more
            else:
                self._remember(asked, taught)
                return response, Notes(passed_on(response.headers.items()), left_out, replica_in(response.headers))
        raise AssertionError("unreachable")

    def _remember(self, asked: Mapping[str, Any], taught: Mapping[str, str | None]) -> None:
        self._quirks.remember(asked, taught)
        for name, new in taught.items():
            how = "is left out" if new is None else f"is sent as '{new}'"
            logger.warning("%s: %s does not take the field '%s'; it %s from now on", self._name, self.model, name, how)

    async def _within(self, limit_s: float | None, missing: str, work: Awaitable[T]) -> T:
        if limit_s is None:
            return await work
        try:
            async with asyncio.timeout(limit_s):
                return await work
        except TimeoutError as exc:
            raise BackendTimeout(self._name, f"{missing} within {limit_s:g} s") from exc

    async def _post(self, path: str, content: bytes) -> bytes:
        return await self._read_answer(self._server.post(path, content))

    async def _read_answer(self, responding: Awaitable[aiohttp.ClientResponse]) -> bytes:
        """The body of an answer that is not streamed."""
        return await self._read(await self._open(responding))

    async def _read(self, response: aiohttp.ClientResponse, silence_s: float | None = None) -> bytes:
        async with response:
            try:
                return await read_json(limited(self._plain(response, silence_s), self._max_answer_bytes))
            except TimeoutError as exc:
                response.close()
                raise BackendTimeout(self._name, f"silent for more than {silence_s:g} s") from exc
            except AnswerTooLarge as exc:
                response.close()  # there may be no end to what is still to come
                raise TruncatedAnswer(self._name, str(exc)) from None
            except aiohttp.ClientError as exc:
                raise TruncatedAnswer(self._name, f"the answer broke off ({type(exc).__name__})") from exc

    async def _open(self, responding: Awaitable[aiohttp.ClientResponse]) -> aiohttp.ClientResponse:
        """A response with a good status; the caller must close it."""
        try:
            response = await responding
        except aiohttp.ClientError as exc:
            raise self._unreachable(exc) from exc
        try:
            await self._check(response)
        except BaseException:  # a cancellation too must close the connection, which ends the generation
            response.release()
            raise
        return response

    async def _open_stream(self, request: ChatRequest) -> ChatStream:
        path, body = self._path_and_body(request)
        silence_s = self._silence_s(self._first_byte_timeout_s)
        response, notes = await self._within(silence_s, "no first event", self._ask(request, path, body))
        try:
            if response.content_type == "application/json":
                raise self._not_a_stream(await self._error_bytes(response))
            kind = ResponsesStream if path == RESPONSES else ChatStream
            stream = kind(
                self._name,
                self._chunks(response),
                response.release,
                keep_usage=request.include_usage,
                keep_logprobs=not request.hide_logprobs,
                n_choices=_n_choices(body),
            )
            stream.notes = notes
            await stream.prime()
        except BaseException:  # a cancellation too must close the connection, which ends the generation
            response.release()
            raise
        return stream

    def _plain(self, response: aiohttp.ClientResponse, silence_s: float | None) -> AsyncIterator[bytes]:
        """The bytes of a body, inflated where they came compressed; `silence_s` as in `HttpServer.chunks`."""
        plain = reader_of(self._name, response.headers.get("content-encoding"))
        chunks = self._server.chunks(response, silence_s)
        return chunks if plain is None else plain(chunks)

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        try:
            async for chunk in limited(self._plain(response, self._server.silence_s), self._max_answer_bytes):
                yield chunk
        except AnswerTooLarge as exc:
            raise InvalidResponse(self._name, str(exc)) from None
        except TimeoutError as exc:
            raise BackendTimeout(self._name, "silent for longer than the limit") from exc
        except aiohttp.ClientError as exc:
            raise self._unreachable(exc) from exc

    def _completion(self, body: bytes, content: str = "choices") -> Completion:
        answer, body = self._decode(body)
        items = answer.get(content) if isinstance(answer, dict) else None
        if not items and isinstance(answer, dict) and answer.get("error"):
            raise self._failure(_status_in(answer["error"]), ServerWords.from_body(body))
        if not isinstance(items, list) or not items:
            raise self._without_content(answer, f"the answer has no {content}")
        if not all(isinstance(item, dict) for item in items):
            raise InvalidResponse(self._name, f"the answer's {content} are no objects")
        told = answer.pop(FIRST_TOKENS_FIELD, None)
        usage = usage_in(answer)
        self._check_choices(items, usage)
        if not all(not item.keys().isdisjoint(_CONTENT_FIELDS) for item in items):
            raise InvalidResponse(self._name, f"the answer's {content} are empty")
        if content == "choices" and not all(item.get("finish_reason") for item in items):
            raise self._cut_short("the answer ended without a finish reason", usage)
        return Completion(
            body=orjson.dumps(answer) if self._mended(items) or told is not None else body,
            model=clean_name(answer.get("model")) or self.model,
            usage=usage,
            finish_reasons=clean_reasons(item.get("finish_reason") for item in items),
            first_tokens=FirstTokens.from_wire(told) or _first_tokens_in(items[0]),
        )

    def _response(self, body: bytes) -> Completion:
        answer, body = self._decode(body)
        check_response(self._name, answer)
        return Completion(body=body, model=clean_name(answer.get("model")) or self.model, usage=usage_in(answer))

    def _decode(self, body: bytes) -> tuple[Any, bytes]:
        """The JSON of an answer, and the answer, in which all characters are whole."""
        try:
            return orjson.loads(body), body
        except orjson.JSONDecodeError:
            pass
        try:
            answer = loads_whole(body)
        except ValueError as exc:
            raise self._unreadable(body) from exc
        return answer, orjson.dumps(answer)

    def _check_choices(self, choices: list[dict[str, Any]], usage: Usage | None) -> None:
        """Raise the error that a choice tells of in place of its end."""
        for choice in choices:
            reason = choice.get("finish_reason")
            if not isinstance(reason, str | None):
                raise InvalidResponse(self._name, "the answer's finish reason is no text")
            if choice.get("error") or reason in BROKEN_OFF:
                failed = broken_choice(self._name, choice)
                raise self._cut_short(failed.message, usage, failed.server_words)

    def _cut_short(self, why: str, usage: Usage | None, server_words: ServerWords = NO_WORDS) -> TruncatedAnswer:
        """The error for an answer that is not whole, and is paid for."""
        exc = TruncatedAnswer(self._name, why, server_words=server_words)
        exc.spent = usage
        return exc

    def _mended(self, choices: list[dict[str, Any]]) -> bool:
        """Make strings of the arguments of tool calls; whether any was none."""
        try:
            calls = [call for choice in choices for call in (choice.get("message") or {}).get("tool_calls") or ()]
            return mend_calls(calls, whole=True)
        except (AttributeError, TypeError) as exc:
            raise InvalidResponse(self._name, "the answer's message is not in OpenAI's format") from exc

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        """Raise the error for a status other than 200."""
        status = response.status
        if status == _OK:
            return
        if _REDIRECTION <= status < _BAD_REQUEST:
            raise self._redirected(response)
        server_words = ServerWords.from_body(await self._error_bytes(response))
        failure = self._failure(status, server_words, retry_after_s(response.headers.get("retry-after")))
        failure.notes = Notes(passed_on(response.headers.items()))
        raise failure

    def _failure(self, status: int, server_words: ServerWords, pause_s: float | None = None) -> BackendError:
        """The error for a status other than 200."""
        message = f"status {status}{server_words.kind}"
        is_quota = QUOTA in (server_words.code, server_words.type)
        if status == _TOO_MANY_REQUESTS and not is_quota:
            return RateLimited(self._name, message, retry_after_s=pause_s, server_words=server_words)
        if problem := _QUOTA_USED_UP if is_quota else _MISCONFIGURED.get(status):
            is_private = status in _ABOUT_OUR_KEY
            return BackendMisconfigured(
                self._name, problem, status=status, server_words=server_words, is_private=is_private
            )
        if status >= _SERVER_ERROR or status == _TIMEOUT:
            return BackendUnavailable(self._name, message, retry_after_s=pause_s, server_words=server_words)
        if status >= _BAD_REQUEST:
            return BackendRejected(self._name, status, server_words)
        return InvalidResponse(self._name, f"unexpected status {status}")

    def _redirected(self, response: aiohttp.ClientResponse) -> InvalidResponse:
        """The error for a redirection, which is not followed: the gateway's key goes to the named server only."""
        message = f"redirects (status {response.status}), which is not followed; name the right address in base_url"
        location = response.headers.get("location", "")
        return InvalidResponse(self._name, message, server_words=ServerWords.from_error(f"it names {location}"))

    async def _error_bytes(self, response: aiohttp.ClientResponse) -> bytes:
        """As much of an error's body as arrives within the limits; possibly nothing."""
        body = b""
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                async for chunk in self._plain(response, self._server.silence_s):
                    body += chunk
                    if len(body) >= MAX_ERROR_BYTES:
                        break
        except (TimeoutError, aiohttp.ClientError):
            pass
        except InvalidResponse as exc:  # compressed in a way that cannot be read here
            return exc.message.encode()
        return body[:MAX_ERROR_BYTES]

    def _not_a_stream(self, body: bytes) -> BackendError:
        """The error for JSON instead of a stream: some servers report a failure with status 200."""
        try:
            answer = orjson.loads(body)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and answer.get("error"):
            return self._failure(_status_in(answer["error"]), ServerWords.from_body(body))
        return self._without_content(answer, "the answer is JSON and no stream")

    def _without_content(self, answer: Any, why: str) -> InvalidResponse:
        """The error for an answer that cannot be used, and is paid for if it tells what it took."""
        failed = InvalidResponse(self._name, why)
        failed.spent = usage_in(answer) if isinstance(answer, dict) else None
        return failed

    def _unreadable(self, body: bytes) -> InvalidResponse:
        """The error for a body that is not JSON. If it begins like JSON, the model made it and it must be paid for."""
        kind = TruncatedAnswer if body.lstrip().startswith(b"{") else InvalidResponse
        return kind(self._name, "the answer is not JSON")

    def _unreachable(self, exc: Exception) -> BackendUnavailable:
        kind = BackendUnreached if never_arrived(exc, unix=self._server.is_unix) else BackendLost
        return kind(self._name, f"connection failed ({failure_reason(exc)})")


def _first_tokens_in(choice: Mapping[str, Any]) -> FirstTokens | None:
    logprobs = choice.get("logprobs")
    return first_tokens_of(logprobs.get("content")) if isinstance(logprobs, dict) else None


def _n_choices(body: Mapping[str, Any]) -> int:
    """How many choices a request asks for: `n` for each prompt."""
    n, prompt = body.get("n"), body.get("prompt")
    n_prompts = len(prompt) if isinstance(prompt, list) and prompt and isinstance(prompt[0], str | list) else 1
    return n_prompts * (n if isinstance(n, int) else 1)


def _status_in(error: Any) -> int:
    """The status that an error object in a 200 means, where it names one; else that of a failure of the server."""
    return status_named(error) or _BAD_GATEWAY
