"""A TCP relay in front of a real server, which a test can cut: the server is away, for those who come through it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """Passes bytes on to `host` and `port` until it is cut.

    Attributes
    ----------
    port : int
        Where it listens, cut or not.
    """

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._is_cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self.port = 0

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._end_all)

    def mend(self) -> None:
        """Pass on again."""
        self._is_cut = False

    def _end_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, to_there = await asyncio.open_connection(*self._to)
        self._open |= {writer, to_there}
        if self._is_cut:  # meanwhile
            self._end_all()
        with suppress(ConnectionError):
            await asyncio.gather(self._pass_on(reader, to_there), self._pass_on(there, writer))
        self._open -= {writer, to_there}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _run(self, ready: threading.Event, stopping: asyncio.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stopping.wait()
        server.close()
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    @contextmanager
    def running(self) -> Iterator["Relay"]:
        """The relay in a thread of its own, gone when the block ends."""
        ready, stopping = threading.Event(), asyncio.Event()
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(ready, stopping),))
        thread.start()
        ready.wait(10)
        try:
            yield self
        finally:
            self.cut()
            self._loop.call_soon_threadsafe(stopping.set)
            thread.join(10)
            self._loop.close()


@contextmanager
def relayed(url: str) -> Iterator[tuple[str, Relay]]:
    """`url` by way of a relay, and the relay."""
    parts = urlsplit(url)
    with Relay(parts.hostname or "127.0.0.1", parts.port or 5432).running() as relay:
        user = f"{parts.username}@" if parts.username else ""
        yield urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{relay.port}")), relay
