"""The ingress: the OpenAI API in front of all replicas, for a gateway's ``local.base_url``."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from models.engine.errors import EngineBusy
from models.engine.http.asgi import SILENCE_S, WHOLE_S, SlowCaller, send_json
from models.engine.http.failures import NotFound, describe_error
from models.ray_serve.access import with_access_check
from models.ray_serve.answer import Answer, Part, ReplicaLost, lost_body
from models.ray_serve.common_model import common_model
from models.ray_serve.messages import EngineLost, EngineRequest
from models.ray_serve.outline import Outline, outline_of
from models.ray_serve.placement import placement_of
from models.wire.asgi import BodyGivenUp, ClientGone, Receive, Scope, Send, UnfinishedBodies, WhileConnected, read_body
from models.wire.json_reader import parse_json

logger = logging.getLogger(__name__)

ANSWERED = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/count_tokens"})
REPLICA_HEADER = b"x-slimgate-replica"
MAX_BODY_BYTES = 32 * 1024 * 1024
MOST_UNFINISHED_BYTES = 256 * 1024 * 1024

_UNFINISHED = UnfinishedBodies()


class Ingress:
    """An ASGI application, as one actor of Ray Serve; `serve.ingress` wraps it.

    Parameters
    ----------
    engine : DeploymentHandle
        The replicas.
    deployment : str
        Their name.
    hash_key : bytes
        For `outline_of`; the same in all ingresses, which hear from replicas what those have kept.
    allow_anonymous : bool
        Whether a missing key is meant.
    allowed_hosts : sequence of str
        Host names that callers use where there is no key.

    Raises
    ------
    ValueError
        If there is no key, and that is not meant.
    """

    def __init__(
        self,
        engine: DeploymentHandle[Any],
        deployment: str,
        hash_key: bytes,
        allow_anonymous: bool,
        allowed_hosts: Sequence[str],
    ) -> None:
        self._engine = engine.options(stream=True)  # makes the router, which hears of the replicas from now on
        self._placement = placement_of(deployment)
        self._hash_key = hash_key
        self._app = with_access_check(self._answer_http, allow_anonymous, allowed_hosts)

    def __serve_build_asgi_app__(self) -> Any:
        """What Ray Serve calls with each request: a function, since uvicorn takes a method for another ASGI version."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await _take_lifespan(receive, send)
            elif scope["type"] == "http":
                await self._app(scope, receive, send)

        return app

    async def _answer_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every failure before the head becomes an OpenAI error."""
        try:
            await self._route(scope, receive, send)
        except ClientGone:
            return
        except _CutOff:
            raise
        except Exception as exc:
            status, body, headers = _describe(exc)
            await send_json(send, status, body, headers)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if path in ANSWERED and method == "POST":
            await self._forward(scope, receive, send)
        elif path == "/health" and method == "GET":
            await send_json(send, 200, {"status": "ok", "replicas": self._placement.health()})
        elif path == "/v1/models" and method == "GET":
            await send_json(send, 200, {"object": "list", "data": [self._model()]})
        elif path == f"/v1/models/{self._model()['id']}" and method == "GET":
            await send_json(send, 200, self._model())
        elif path in ANSWERED or path in ("/health", "/v1/models"):
            raise NotFound(405, f"{method} is not possible at {path}.", "method_not_allowed")
        else:
            raise NotFound(404, f"There is nothing at {path}.", "unknown_url")

    def _model(self) -> dict[str, Any]:
        models = self._placement.models()
        if not models:
            raise EngineBusy("no replica is ready", retry_after_s=5)
        return common_model(models)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, MAX_BODY_BYTES, SILENCE_S, WHOLE_S, _UNFINISHED, MOST_UNFINISHED_BYTES)
        outline = outline_of(parse_json(body), self._hash_key)
        request = EngineRequest(scope["path"], _for_engine(scope), body)
        answer = Answer(partial(self._ask, request, outline))
        try:
            async with WhileConnected(receive):
                await _pass_on(answer, send)
        finally:
            await answer.aclose()

    async def _ask(self, request: EngineRequest, outline: Outline, lost: frozenset[str]) -> AsyncGenerator[Part, None]:
        parts: DeploymentResponseGenerator[Part] = self._engine.answer.remote(request, outline, lost)  # type: ignore[assignment]
        ended = False
        try:
            async for part in parts:
                yield part
            ended = True
        except BackPressureError:
            raise EngineBusy("too many requests wait for a replica") from None
        except (RayError, RayServeException, EngineLost) as exc:
            logger.warning("an answer was lost: %s", type(exc).__name__)
            raise ReplicaLost from None
        finally:
            if not ended:
                parts.cancel()  # type: ignore[no-untyped-call]


class _CutOff(Exception):
    """The answer has begun, and cannot be ended: the connection must break."""


async def _pass_on(answer: Answer, send: Send) -> None:
    """Send the head and the bytes of an answer as they come."""
    head = await answer.begin()
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers]
    headers.append((REPLICA_HEADER, answer.replica.encode()))
    await send({"type": "http.response.start", "status": head.status, "headers": headers})
    is_stream = dict(head.headers).get("content-type", "").startswith("text/event-stream")
    try:
        async with aclosing(answer.body(is_stream=is_stream)) as body:
            async for part in body:
                await send({"type": "http.response.body", "body": part, "more_body": True})
    except ReplicaLost:
        raise _CutOff from None
    await send({"type": "http.response.body", "body": b""})


def _for_engine(scope: Scope) -> tuple[tuple[str, str], ...]:
    """The headers that the engine reads: whose request it is, how long it may take, whether to give signs of life."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name == b"content-type" or name.startswith(b"x-slimgate-")
    )


def _describe(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    if isinstance(exc, ReplicaLost):
        return 503, lost_body(), {"retry-after": "1"}
    if isinstance(exc, TimeoutError | BodyGivenUp):
        exc = SlowCaller("The rest of the request did not come in time; send it again, in one go.")
    return describe_error(exc)


async def _take_lifespan(receive: Receive, send: Send) -> None:
    """Ray Serve asks for it; there is nothing to start or to end."""
    for kind in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{kind}.complete"})
