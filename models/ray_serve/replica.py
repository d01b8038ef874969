"""A replica: the engine in a child process of its own, behind a unix socket, as one actor of Ray Serve."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from ray import serve

from models.engine.errors import EngineFailed
from models.engine.process.supervisor import EngineState, EngineSupervisor
from models.host.private_files import private_folder
from models.ray_serve.answer import Part
from models.ray_serve.kept_blocks import USUAL_ROOM_TOKENS, KeptBlocks
from models.ray_serve.messages import EngineLost, EngineRequest, Head
from models.ray_serve.options import engine_options
from models.ray_serve.outline import Outline

URL = "http://engine"
ASK_S = 1.0
"""An engine that does not say how busy it is within so long counts as one that cannot be reached."""

FOLDER = "slimgate-ray-"
GATHER_S = 0.03
"""Events that follow each other faster are sent on together: each message through Ray takes a millisecond of a core."""

_DROPPED = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
"""Headers of the connection to the engine; those of the answer go to the caller."""


class EngineReplica:
    """Runs one engine, and passes requests to it as they are.

    Parameters
    ----------
    values : mapping
        For `engine_options`.
    ready_timeout_s : float
        How long loading the model may take.
    """

    async def __init__(self, values: Mapping[str, Any], ready_timeout_s: float) -> None:  # type: ignore[misc]
        self._id = serve.get_replica_context().replica_id.unique_id
        self._kept, self._room_tokens, self._created = KeptBlocks(), USUAL_ROOM_TOKENS, 0
        self._model: Mapping[str, Any] | None = None
        self._n_told = 0
        # A unix socket's path may have no more than 107 bytes, so it is in no folder of Ray's.
        self._folder = _make_folder()
        path = self._folder / "engine.sock"
        self._supervisor = EngineSupervisor(engine_options(values), path, _state_dir())
        await self._supervisor.start()
        await self._supervisor.wait_ready(ready_timeout_s)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(path), limit=0), timeout=aiohttp.ClientTimeout(total=None)
        )

    async def answer(
        self, request: EngineRequest, outline: Outline, _avoid: frozenset[str] = frozenset()
    ) -> AsyncIterator[Part]:
        """The replica's id, the head of the answer, and its bytes as they come. `_avoid` is for the router.

        Whoever closes the iterator hangs up on the engine, which then stops computing.

        Raises
        ------
        EngineLost
            If the engine ends before the answer does.
        """
        yield self._id
        try:
            async with self._session.post(URL + request.path, data=request.body, headers=request.headers) as response:
                self._kept.keep(outline.blocks, self._room_tokens)
                yield Head(response.status, _passed_on(response.headers.items()))
                async for part in response.content.iter_any():
                    yield part
                    with suppress(TimeoutError):
                        async with asyncio.timeout(GATHER_S):
                            await response.content.wait_eof()
        except aiohttp.ClientError as exc:
            raise EngineLost(type(exc).__name__) from None

    async def record_routing_stats(self) -> dict[str, Any]:
        """What the ingresses are told each second: the engine's load, its model, and the prefixes that it has kept."""
        self._n_told += 1
        health = await self._health()
        return {"number": self._n_told, "health": health, "model": self._model, "kept": self._kept.told()}

    async def _health(self) -> Mapping[str, Any] | None:
        """What the engine says of its load; None while it cannot be reached."""
        if self._supervisor.state is not EngineState.READY:
            return None
        try:
            health = await self._get("/health")
            if self._model is None or not self._model.get("probed"):
                self._model = (await self._get("/v1/models"))["data"][0]
        except (TimeoutError, aiohttp.ClientError):
            return None
        if health["created"] != self._created:
            self._created = health["created"]
            self._kept.forget()
        self._room_tokens = health["n_kept_tokens"]
        return health

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(URL + path, timeout=aiohttp.ClientTimeout(total=ASK_S)) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def check_health(self) -> None:
        """Ray asks for it, and starts another replica in place of one whose engine has failed for good.

        Raises
        ------
        EngineFailed
            If it has. An engine that died once is started again by its supervisor, which is sooner done.
        """
        if self._supervisor.state is EngineState.FAILED:
            raise EngineFailed(self._supervisor.last_error or "the engine has failed")

    def __del__(self) -> None:
        """The engine's process ends with this one; Ray calls this after the last answer."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _make_folder() -> Path:
    """A folder of this process; those that killed processes have left are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        try:
            os.kill(int(left.name.removeprefix(FOLDER).partition("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (OSError, ValueError):  # another user's, or not ours
            continue
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))


def _state_dir() -> Path:
    """Where engines of this machine keep what they found out about it: whether its processor can do what it says."""
    return private_folder(Path.home() / ".cache" / "slimgate-ray")


def _passed_on(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in headers if name.lower() not in _DROPPED)
