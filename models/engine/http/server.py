"""The engine's HTTP server: OpenAI's wire format over raw ASGI."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from time import time
from typing import Any

from models.engine.engine import Engine
from models.engine.http.asgi import (
    EventStream,
    WholeAnswer,
    is_background,
    owner_of,
    read_json,
    send_json,
    send_text,
    takes_blanks,
    time_limit_s,
)
from models.engine.http.completions import (
    Submit,
    collect_completion,
    events_in_rounds,
    parse_completion,
    stream_completion,
)
from models.engine.http.failures import NotFound, describe_error
from models.engine.http.responses import collect_chat, stream_chat
from models.engine.http.shapes import ChatShapes, TextShapes
from models.engine.http.signs_of_life import send_with_blanks, with_comments
from models.engine.options import EngineOptions
from models.engine.request.chat import ChatJob, parse_chat
from models.engine.request.prompts import CompletionJob
from models.engine.scheduling.embeddings import EmbeddingJob, parse_embedding, to_wire
from models.engine.scheduling.generation import Generation
from models.wire.asgi import ClientGone, Receive, Scope, Send, WhileConnected
from models.wire.errors import RequestError, UnknownModelError

ANY_MODEL = "local"
"""The name that always means the engine's one model."""

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


class EngineServer:
    """The ASGI application around one `Engine`."""

    def __init__(self, engine: Engine, options: EngineOptions) -> None:
        self._engine = engine
        self._max_body_bytes = options.max_body_bytes
        self._created = int(time())
        self._routes: dict[tuple[str, str], Handler] = {
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/completions"): self._completions,
            ("POST", "/v1/embeddings"): self._embeddings,
            ("POST", "/v1/count_tokens"): self._count_tokens,
            ("GET", "/v1/models"): self._models,
            ("GET", f"/v1/models/{engine.info.model}"): self._model,
            ("GET", "/health"): self._health,
            ("GET", "/metrics"): self._metrics,
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
        if any(route_path == path for _, route_path in self._routes):
            raise NotFound(405, f"{method} is not possible at {path}.", "method_not_allowed")
        raise NotFound(404, f"There is nothing at {path}.", "unknown_url")

    async def _chat(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_json(receive, self._max_body_bytes)
        job = parse_chat(body)
        self._check_model(body["model"])
        async with WhileConnected(receive):
            await self._answer(job, scope, send)

    async def _answer(self, job: ChatJob, scope: Scope, send: Send) -> None:
        generations = await self._engine.prepare(job)
        shapes = ChatShapes(self._engine.info.model, self._engine.fingerprint, self._engine.token_bytes)
        with self._submitting(scope)(generations) as answer:
            if job.stream:
                stream = EventStream(send)
                sending = stream_chat(answer, job, shapes, stream, generations[0])
                await with_comments(sending, self._progress, stream, generations)
            else:
                await self._send_whole(collect_chat(answer, job, shapes), scope, send, generations[0])

    def _submitting(self, scope: Scope) -> Submit:
        """`Engine.submit`, with what the headers of a request say."""
        gives_way, owner = is_background(scope), owner_of(scope)
        return partial(self._engine.submit, time_limit_s=time_limit_s(scope), gives_way=gives_way, owner=owner)

    async def _send_whole(
        self, work: Awaitable[Mapping[str, Any]], scope: Scope, send: Send, first: Generation | None = None
    ) -> None:
        """Send the JSON that `work` results in; `first` is the generation of its first choice."""
        answer = WholeAnswer(send)
        if takes_blanks(scope):
            await send_with_blanks(work, self._progress, answer, first)
        else:
            body = await work
            await answer.end(body, first.first_tokens if first else None)

    def _progress(self) -> int:
        return self._engine.scheduler.progress

    async def _completions(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_json(receive, self._max_body_bytes)
        job = parse_completion(body)
        self._check_model(body.get("model"))
        async with WhileConnected(receive):
            await self._complete(job, scope, send)

    async def _complete(self, job: CompletionJob, scope: Scope, send: Send) -> None:
        generations = await self._engine.preparations.run(partial(self._engine.prepare_completion, job))
        shapes = TextShapes(self._engine.info.model, self._engine.fingerprint, self._engine.token_bytes)
        submit = self._submitting(scope)
        async with aclosing(events_in_rounds(submit, generations, self._engine.max_parallel)) as events:
            if job.stream:
                stream = EventStream(send)
                sending = stream_completion(events, job, shapes, stream, generations[0])
                await with_comments(sending, self._progress, stream, generations)
            else:
                work = collect_completion(events, len(generations), job.n, shapes)
                await self._send_whole(work, scope, send, generations[0])

    async def _embeddings(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_json(receive, self._max_body_bytes)
        job = parse_embedding(body)
        self._check_model(body.get("model"))
        async with WhileConnected(receive):
            await self._send_whole(self._embed(job), scope, send)

    async def _embed(self, job: EmbeddingJob) -> dict[str, Any]:
        embeddings = [await self._engine.embed(prompt) for prompt in job.inputs]
        data = [
            {"object": "embedding", "index": index, "embedding": to_wire(vector, as_base64=job.as_base64)}
            for index, (vector, _) in enumerate(embeddings)
        ]
        n_tokens = sum(n for _, n in embeddings)
        usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}
        return {"object": "list", "model": self._engine.info.model, "data": data, "usage": usage}

    async def _count_tokens(self, _scope: Scope, receive: Receive, send: Send) -> None:
        job = parse_chat(await read_json(receive, self._max_body_bytes))
        async with WhileConnected(receive):
            prompt = await self._engine.preparations.run(partial(self._engine.prompt_tokens, job))
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
            "probed": info.probed,
            "max_sequences": info.max_sequences,
        }

    async def _health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        scheduler = self._engine.scheduler
        health = {
            "status": "ok",
            "state": "ready",
            "model": self._engine.info.model,
            "queued": scheduler.n_waiting,
            "running": scheduler.n_running,
            "expected_wait_s": round(self._engine.expected_wait_s, 3),
            "stalled_s": round(self._engine.stalled_s, 3),
            "reading_tokens_per_s": round(scheduler.reading_tokens_per_s, 1),
            "writing_tokens_per_s": round(scheduler.speeds.writing.value, 2),
            "reading_step_s": round(scheduler.reading_step_s, 3),
            "unread_tokens": scheduler.unread_tokens,
            "max_sequences": scheduler.max_sequences,
            "ends_in_s": [round(seconds, 3) for seconds in scheduler.ends_in_s],
            "n_kept_tokens": scheduler.n_kept_tokens,
            "created": self._created,
        }
        await send_json(send, 200, health)

    async def _metrics(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self._engine.scheduler.update_gauges()
        await send_text(send, self._engine.metrics.text())

    def _check_model(self, name: Any) -> None:
        if name is None:
            raise RequestError("Field 'model' is missing.", param="model", code="missing_required_parameter")
        if name not in (self._engine.info.model, ANY_MODEL):
            raise UnknownModelError(
                f"The model '{name}' does not exist here; this engine serves '{self._engine.info.model}'.",
                param="model",
            )


class _Started:
    """Records whether a response has started."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.value = False

    async def send(self, message: Any) -> None:
        self.value = True
        await self._send(message)
