"""The server process around the application: ports, signals, a graceful stop.

SIGTERM and SIGINT: readiness says no, requests are accepted for another `drain_s`, then running ones may finish. A
second signal stops it at once. SIGHUP, or a secret's file that changed: the configuration is read again; if it cannot
be used, nothing changes.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from gateway.config.secret_files import WatchedFiles
from gateway.config.settings import Settings, SettingsError
from gateway.process.protocol import WatchedProtocol
from gateway.process.systemd import notify
from gateway.reload import Lifecycle

logger = logging.getLogger(__name__)

KEEP_ALIVE_S = 75

MORE_LISTENERS = 15

SWITCH_S = 0.0005
"""How long the ledger's thread may keep the interpreter while a request waits. Callers would notice Python's default of
5 ms, since it may pass several times in one answer."""

LINGER_S = 1.0
"""How long connections without a request stay open after the port is closed. A proxy in front needs less to notice."""

WATCH_S = 1.0
"""How often the files are looked at that hold secrets."""

LoadSettings = Callable[[], Settings]


class GatewayServer(uvicorn.Server):
    """uvicorn, with drain and reload.

    Parameters
    ----------
    load : callable
        Reads the configuration again; raises `SettingsError` if it cannot be used.
    opened : callable
        Called with the port's number once it is open.
    """

    def __init__(
        self, app: FastAPI, settings: Settings, load: LoadSettings, opened: Callable[[int], None] = lambda _port: None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                http=WatchedProtocol,
                access_log=False,
                log_config=None,
                proxy_headers=False,  # `gateway.app` believes them of trusted_proxies
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=settings.grace_s,
            )
        )
        self._lifecycle: Lifecycle = app.state.lifecycle
        self._load = load
        self._opened = opened
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reloading: set[asyncio.Task[None]] = set()
        self._secret_files = WatchedFiles()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGHUP, self.reload)
        self._loop.call_later(WATCH_S, self._watch_secrets)
        await super().startup(sockets)
        if self.started:
            await self._listen_more()
            settle()
            self._opened(self.servers[0].sockets[0].getsockname()[1])

    async def _listen_more(self) -> None:
        """Register the listening sockets several times over.

        libuv accepts one new connection for each registration and iteration of the loop. An iteration of a busy loop
        takes a tenth of a second, so the last of 256 callers who came at once would wait for many.
        """
        assert self._loop is not None
        for fd in MORE_LISTENERS * self._listening():
            self.servers.append(await self._loop.create_server(self._protocol, sock=socket.socket(fileno=os.dup(fd))))

    def _listening(self) -> list[int]:
        """File descriptors of the listening sockets."""
        return [sock.fileno() for server in self.servers for sock in server.sockets]

    def _protocol(self) -> WatchedProtocol:
        return WatchedProtocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: the port first, then connections without a request, then the rest once its answers have ended.

        A proxy that finds the port closed asks another gateway. One whose connection is closed with a request in it
        cannot, since the request may have been read. So connections stay open for a moment after the port, each answer
        meanwhile is the last one on its connection, and where the head of an answer did not say so, the connection
        stays until nothing has come for `drain_s`. Proxies that let go of idle connections sooner never lose a request.
        """
        await self._accept_waiting()
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        if self._lifecycle.drain_s:  # somebody in front is to notice
            await asyncio.sleep(LINGER_S)
        for connection in self.server_state.connections:
            if isinstance(connection, WatchedProtocol):
                connection.leaving_idle_s = self._lifecycle.drain_s
        await super().shutdown()

    async def _accept_waiting(self) -> None:
        """Take the connections that the kernel has made already: closing the port would reset them."""
        assert self._loop is not None
        for fd in self._listening()[:1]:
            with socket.socket(fileno=os.dup(fd)) as listener, contextlib.suppress(BlockingIOError):
                while True:
                    connection, _ = listener.accept()
                    connection.setblocking(False)
                    await self._loop.connect_accepted_socket(self._protocol, connection)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._lifecycle.draining or self._loop is None:
            super().handle_exit(sig, frame)
            return
        self._lifecycle.draining = True
        notify("STOPPING=1")
        drain_s = self._lifecycle.drain_s
        logger.info("%s: taking no new work after %g s", signal.Signals(sig).name, drain_s)
        self._loop.call_soon_threadsafe(self._loop.call_later, drain_s, self._stop_serving)

    def reload(self) -> None:
        """Read the configuration again and apply it."""
        try:
            new = self._load()
        except SettingsError as exc:
            logger.error("the configuration is not reloaded, the last good one keeps serving: %s", exc)
            return
        assert self._loop is not None
        task = self._loop.create_task(self._lifecycle.reload(new))
        self._reloading.add(task)  # the loop alone holds only a weak reference
        task.add_done_callback(self._reloaded)

    def _watch_secrets(self) -> None:
        """Reload once a file that holds a secret was written anew."""
        assert self._loop is not None
        self._loop.call_later(WATCH_S, self._watch_secrets)
        if self._secret_files.changed():
            logger.info("a file that holds a secret has changed; the configuration is read again")
            self.reload()

    def _reloaded(self, task: asyncio.Task[None]) -> None:
        self._reloading.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            logger.error("the configuration was reloaded in part only", exc_info=exc)

    def orphaned(self) -> None:
        """Stop, because the parent process is gone."""
        assert self._loop is not None
        self._loop.remove_reader(0)
        self.should_exit = True

    def _stop_serving(self) -> None:
        self.config.timeout_graceful_shutdown = self._lifecycle.grace_s  # which a reload may have changed
        self.should_exit = True


def settle() -> None:
    """Tune the interpreter for serving.

    All objects of the start-up stay, above all the classifier's words. Freezing them saves the garbage collector from
    scanning them again and again, which took 8 % of a call.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
