"""Who is told the owner of a request: an engine behind a unix socket, and nobody else."""

import asyncio
from pathlib import Path

import pytest

from models.remote.http import HttpServer
from models.wire.owner import OWNER, opaque_owner


async def head_sent(folder: Path, *, is_unix: bool) -> str:
    """The head of what a server gets of a request for the owner of `key_1`."""
    heads: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    path = folder / "server.sock"
    if is_unix:
        listening = await asyncio.start_unix_server(answer, path)
        server = HttpServer("http://engine/v1", use_proxy=False, uds=path)
    else:
        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        server = HttpServer(f"http://127.0.0.1:{port}/v1", use_proxy=False)
    async with listening:
        OWNER.set(opaque_owner("key_1"))
        (await server.post("chat/completions", b"{}")).release()
        await server.aclose()
    return heads[0]


@pytest.mark.parametrize("is_unix", [True, False])
def test_only_an_engine_is_told(tmp_path: Path, is_unix: bool) -> None:
    head = asyncio.run(head_sent(tmp_path, is_unix=is_unix))
    assert (f"x-slimgate-owner: {opaque_owner('key_1')}\r\n" in head) is is_unix
    assert "key_1" not in head
    assert ("owner" in head) is is_unix
