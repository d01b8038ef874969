"""A real HTTP proxy that records what it is sent: what a proxy in the environment would see of requests."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

NAMES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
EXCEPT = ("NO_PROXY", "no_proxy")


@dataclass
class Proxy:
    """What came through it.

    Attributes
    ----------
    seen : bytearray
        Every byte that a client sent.
    ports : list of int
        Where they wanted to go, one for each connection.
    """

    port: int = 0
    seen: bytearray = field(default_factory=bytearray)
    ports: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that name it."""
        return dict.fromkeys(NAMES, self.url)

    def forget(self) -> None:
        self.seen.clear()
        self.ports.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.seen += head
            method, target, rest = head.split(b" ", 2)
            tunnel = method == b"CONNECT"
            parts = urlsplit(f"//{target.decode()}" if tunnel else target.decode())
            self.ports.append(parts.port or 80)
            there, to_there = await asyncio.open_connection(parts.hostname, parts.port)
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = f"{parts.path}?{parts.query}" if parts.query else parts.path
                to_there.write(b"%b %b %b" % (method, path.encode(), rest))
            sending = asyncio.ensure_future(self._pass_on(reader, to_there))
            while data := await there.read(65536):
                writer.write(data)
                await writer.drain()
            sending.cancel()
            to_there.close()
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.seen += data
                writer.write(data)
                await writer.drain()


@contextmanager
def running_proxy() -> Iterator[Proxy]:
    """A proxy in a thread of its own, gone when the block ends."""
    proxy, loop, ready, stopping = Proxy(), asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stopping.wait()
        server.close()
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0.01)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)
        loop.close()
