"""A backend for everything that speaks the OpenAI API: the engine process, a local vLLM or Ollama, the cloud."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson

from models.backend import Completion
from models.chat import ChatRequest, Usage
from models.errors import (
    BackendError,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    InvalidResponse,
    RateLimited,
)
from models.stream import ChatStream

JSON_HEADERS = {"content-type": "application/json"}

# Refusals that blame what the gateway sends on its own account. The caller can mend none of them: never a 401 to them.
_OPERATORS_TROUBLE = {
    401: "the provider refused the gateway's credentials",
    402: "the provider wants to be paid",
    403: "the provider refused the gateway's credentials",
    404: "the provider knows no such model or path",
}


class OpenAIBackend:
    """Sends chat requests to one OpenAI-compatible server, as one model.

    Parameters
    ----------
    name : str
        For messages: ``local`` or ``cloud``.
    client : httpx.AsyncClient
        With base URL (``…/v1``), credentials and timeouts; owned by this backend from now on.
    model : str
        The name by which the server knows the model; replaces the caller's.
    first_byte_timeout_s : float
        The longest wait for the first event of a stream.
    total_timeout_s : float
        The longest wait for an answer in one piece.
    """

    def __init__(
        self,
        name: str,
        client: httpx.AsyncClient,
        model: str,
        *,
        first_byte_timeout_s: float = 60.0,
        total_timeout_s: float = 600.0,
    ) -> None:
        self._name = name
        self._client = client
        self.model = model
        self._first_byte_timeout_s = first_byte_timeout_s
        self._total_timeout_s = total_timeout_s

    @property
    def name(self) -> str:
        return self._name

    async def aclose(self) -> None:
        await self._client.aclose()

    async def chat(self, request: ChatRequest) -> Completion:
        """Answer in one piece.

        Raises
        ------
        BackendError
            Of the kind that says what the caller may try next.
        """
        try:
            async with asyncio.timeout(self._total_timeout_s):
                body = await self._post("chat/completions", self._upstream_body(request))
        except TimeoutError as exc:
            raise BackendTimeout(self._name, f"no answer within {self._total_timeout_s:g} s") from exc
        return self._completion(body)

    async def stream(self, request: ChatRequest) -> ChatStream:
        """Answer piece by piece; returns with the first event at hand.

        Raises
        ------
        BackendError
            As `chat` does, for anything that goes wrong before the first event.
        """
        try:
            async with asyncio.timeout(self._first_byte_timeout_s):
                return await self._open_stream(request)
        except TimeoutError as exc:
            raise BackendTimeout(self._name, f"no first event within {self._first_byte_timeout_s:g} s") from exc

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the model itself counts them; None where the server cannot say (only the engine can)."""
        try:
            return int(orjson.loads(await self._post("count_tokens", self._upstream_body(request)))["prompt_tokens"])
        except (BackendError, KeyError, TypeError, ValueError):
            return None

    async def list_models(self) -> list[dict[str, Any]]:
        """The server's models, as its ``/models`` lists them."""
        try:
            response = await self._client.get("models")
            await self._raise_for_status(response)
            models = response.json()["data"]
        except httpx.HTTPError as exc:
            raise self._translate(exc) from exc
        except (ValueError, KeyError, TypeError) as exc:
            raise InvalidResponse(self._name, "the list of models is not in OpenAI's format") from exc
        if not isinstance(models, list):
            raise InvalidResponse(self._name, "the list of models is not a list")
        return models

    def _upstream_body(self, request: ChatRequest) -> bytes:
        body: dict[str, Any] = {**request.body, "model": self.model}
        if request.stream:
            body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
        return orjson.dumps(body)

    async def _post(self, path: str, content: bytes) -> bytes:
        try:
            response = await self._client.post(path, content=content, headers=JSON_HEADERS)
            await self._raise_for_status(response)
        except httpx.HTTPError as exc:
            raise self._translate(exc) from exc
        return response.content

    async def _open_stream(self, request: ChatRequest) -> ChatStream:
        upstream = self._client.build_request(
            "POST", "chat/completions", content=self._upstream_body(request), headers=JSON_HEADERS
        )
        try:
            response = await self._client.send(upstream, stream=True)
        except httpx.HTTPError as exc:
            raise self._translate(exc) from exc
        try:
            await self._raise_for_status(response)
            stream = ChatStream(
                self._name, self._chunks(response), response.aclose, keep_usage=request.include_usage
            )
            await stream.prime()
        except BaseException:  # cancellation too must give the connection back
            await response.aclose()
            raise
        return stream

    async def _chunks(self, response: httpx.Response) -> AsyncIterator[bytes]:
        try:
            async for chunk in response.aiter_bytes():
                yield chunk
        except httpx.HTTPError as exc:
            raise self._translate(exc) from exc

    def _completion(self, body: bytes) -> Completion:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise InvalidResponse(self._name, "the answer is not JSON") from exc
        if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list) or not answer["choices"]:
            raise InvalidResponse(self._name, "the answer has no choices")
        usage = answer.get("usage")
        return Completion(
            body=body,
            model=str(answer.get("model") or self.model),
            usage=Usage.from_wire(usage) if isinstance(usage, dict) else None,
        )

    async def _raise_for_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        error = _error_object(await response.aread())
        message = str(error.get("message") or f"status {status}")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise RateLimited(self._name, message, retry_after_s=_retry_after_s(response), body=error)
        if trouble := _OPERATORS_TROUBLE.get(status):
            raise BackendUnavailable(self._name, f"{trouble} ({status}): {message}")
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
            raise BackendUnavailable(self._name, f"status {status}: {message}")
        if status >= httpx.codes.BAD_REQUEST:
            raise BackendRejected(self._name, status, error)
        raise InvalidResponse(self._name, f"unexpected status {status}")

    def _translate(self, exc: httpx.HTTPError) -> BackendError:
        # aiohttp's "server disconnected" arrives as ConnectTimeout: nothing was slow, someone is not there.
        if isinstance(exc, httpx.TimeoutException) and not isinstance(exc, httpx.ConnectTimeout):
            return BackendTimeout(self._name, "silent for longer than the limit")
        return BackendUnavailable(self._name, f"connection failed ({str(exc) or type(exc).__name__})")


def _error_object(body: bytes) -> dict[str, Any]:
    try:
        error = orjson.loads(body)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {"message": body[:200].decode("utf-8", "replace").strip()}
    return error if isinstance(error, dict) else {"message": str(error)}


def _retry_after_s(response: httpx.Response) -> float | None:
    try:
        return float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
