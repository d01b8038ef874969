"""The engine's HTTP face: OpenAI's wire format over raw ASGI."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from models.chat import Usage
from models.engine.asgi import (
    BodyTooLarge,
    ClientGone,
    EventStream,
    Receive,
    Scope,
    Send,
    read_json,
    send_json,
    until_gone,
)
from models.engine.engine import Answer, Engine
from models.engine.errors import EngineBusy, EngineError
from models.engine.generation import Failed, Finished, Piece
from models.engine.options import EngineOptions
from models.engine.request import ChatJob, parse_chat
from models.engine.wire import ChatShapes, choice
from models.errors import RequestError, UnknownModelError, error_body
from models.sse import DONE, encode_event

logger = logging.getLogger(__name__)

ANY_MODEL = "local"
"""The name that always means the engine's one model."""

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


class EngineServer:
    """The ASGI application around one `Engine`."""

    def __init__(self, engine: Engine, options: EngineOptions) -> None:
        self._engine = engine
        self._max_body_bytes = options.max_body_bytes
        self._created = ChatShapes("", "").created
        self._routes: dict[tuple[str, str], Handler] = {
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/count_tokens"): self._count_tokens,
            ("GET", "/v1/models"): self._models,
            ("GET", f"/v1/models/{engine.info.model}"): self._model,
            ("GET", "/health"): self._health,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every failure becomes an OpenAI error."""
        assert scope["type"] == "http"
        started = _Started(send)
        try:
            await self._handler(scope)(scope, receive, started.send)
        except ClientGone:
            return
        except Exception as exc:
            if started.value:
                raise
            status, body, headers = describe_error(exc)
            await send_json(send, status, body, headers)

    def _handler(self, scope: Scope) -> Handler:
        method, path = scope["method"], scope["path"]
        if handler := self._routes.get((method, path)):
            return handler
        if any(known == path for _, known in self._routes):
            raise _NotFound(405, f"{method} is not possible at {path}.", "method_not_allowed")
        raise _NotFound(404, f"There is nothing at {path}.", "unknown_url")

    async def _chat(self, _scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_json(receive, self._max_body_bytes)
        job = parse_chat(body)
        self._check_model(body["model"])
        await until_gone(self._answer(job, send), receive)

    async def _answer(self, job: ChatJob, send: Send) -> None:
        prompt = await asyncio.to_thread(self._engine.prompt_tokens, job)
        shapes = ChatShapes(self._engine.info.model, self._engine.fingerprint)
        with self._engine.open(job, prompt) as answer:
            if job.stream:
                await _stream(answer, job, shapes, EventStream(send))
            else:
                await send_json(send, 200, await _whole(answer, shapes))

    async def _count_tokens(self, _scope: Scope, receive: Receive, send: Send) -> None:
        job = parse_chat(await read_json(receive, self._max_body_bytes))
        prompt = await asyncio.to_thread(self._engine.prompt_tokens, job)
        await send_json(send, 200, {"prompt_tokens": len(prompt)})

    async def _models(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_json(send, 200, {"object": "list", "data": [self._model_item()]})

    async def _model(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_json(send, 200, self._model_item())

    def _model_item(self) -> dict[str, Any]:
        info = self._engine.info
        return {
            "id": info.model,
            "object": "model",
            "created": self._created,
            "owned_by": "local",
            "n_ctx": info.n_ctx,
            "features": sorted(info.features),
            "max_sequences": info.max_sequences,
        }

    async def _health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        scheduler = self._engine.scheduler
        facts = {
            "status": "ok",
            "state": "ready",
            "model": self._engine.info.model,
            "queued": scheduler.n_queued,
            "running": scheduler.n_running,
            "expected_wait_s": round(scheduler.expected_wait_s, 3),
        }
        await send_json(send, 200, facts)

    def _check_model(self, name: str) -> None:
        if name not in (self._engine.info.model, ANY_MODEL):
            raise UnknownModelError(
                f"The model '{name}' does not exist here; this engine serves '{self._engine.info.model}'.",
                param="model",
            )


async def _stream(answer: Answer, job: ChatJob, shapes: ChatShapes, stream: EventStream) -> None:
    usage = Usage()
    begun: set[int] = set()
    unfinished = 1
    while unfinished:
        events = b""
        for index, event in await answer.take():
            if isinstance(event, Failed):
                if not stream.started:
                    raise event.error
                await stream.write(events + encode_event(describe_error(event.error)[1]))
                await stream.close()
                return
            if index not in begun:
                begun.add(index)
                events += encode_event(shapes.chunk(index, {"role": "assistant", "content": ""}))
            if isinstance(event, Piece):
                events += encode_event(shapes.chunk(index, {"content": event.text}))
            else:
                unfinished -= 1
                usage = event.usage
                events += encode_event(shapes.chunk(index, {}, event.reason))
        await stream.write(events)
    if job.include_usage:
        await stream.write(encode_event(shapes.usage_chunk(usage)))
    await stream.write(DONE)
    await stream.close()


async def _whole(answer: Answer, shapes: ChatShapes) -> dict[str, Any]:
    text = ""
    while True:
        for index, event in await answer.take():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Finished):
                return shapes.completion([choice(index, text, event.reason)], event.usage)
            text += event.text


class _NotFound(Exception):
    """Nothing is served under this method and path."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class _Started:
    """Watches whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.value = False

    async def send(self, message: Any) -> None:
        self.value = True
        await self._send(message)


def describe_error(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers for a failure. A failure nobody foresaw is logged, and says nothing of the insides."""
    if isinstance(exc, RequestError):
        status = 404 if isinstance(exc, UnknownModelError) else 400
        return status, error_body(exc.message, type_="invalid_request_error", param=exc.param, code=exc.code), {}
    if isinstance(exc, BodyTooLarge):
        return 413, error_body(str(exc), type_="invalid_request_error", code="request_too_large"), {}
    if isinstance(exc, _NotFound):
        return exc.status, error_body(str(exc), type_="invalid_request_error", code=exc.code), {}
    if isinstance(exc, EngineBusy):
        body = error_body(f"The local model is busy: {exc}.", type_="server_error", code="engine_busy")
        return 503, body, {"retry-after": str(exc.retry_after_s)}
    if isinstance(exc, EngineError):
        logger.error("a request failed: %s", exc)
        return 500, error_body(str(exc), type_="server_error", code="engine_error"), {}
    logger.error("unforeseen failure", exc_info=exc)
    return (
        500,
        error_body("The engine failed; its log has the details.", type_="server_error", code="internal_error"),
        {},
    )
