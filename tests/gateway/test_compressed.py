"""Compressed request bodies are read; what inflates without end, is damaged or unknown is refused by name."""

import asyncio
import gzip
import json
import os
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.inflate import CODINGS, inflate
from models.remote.content_encoding import reader_of
from models.wire.asgi import BodyTooLarge
from models.wire.errors import RequestError
from tests.live import Gateway
from tests.provider import Provider

LIMIT = 100_000
MESSAGES = [{"role": "user", "content": "Say hello. " * 50}]
SHAPES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/responses": {"input": "Say hello."},
    "/v1/messages": {"messages": MESSAGES, "max_tokens": 9},
    "/v1/completions": {"prompt": "Say hello."},
    "/v1/route": {"messages": MESSAGES},
}


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def zstd_without_size(data: bytes) -> bytes:
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return packer.compress(data) + packer.flush()


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("br", brotli.compress),
    ("zstd", zstandard.compress),
    ("zstd", zstd_without_size),
]


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"max_body_bytes": LIMIT}


def post(gateway: Gateway, path: str, content: bytes, coding: str) -> httpx.Response:
    headers = {"content-type": "application/json", "content-encoding": coding}
    return httpx.post(gateway.url + path, content=content, headers=headers, timeout=30)


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
@pytest.mark.parametrize("path", SHAPES)
def test_every_coding_on_every_path(
    shared_gateway: Gateway, shared_provider: Provider, path: str, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = json.dumps({"model": "cloud", **SHAPES[path]}).encode()
    assert post(shared_gateway, path, pack(body), coding).status_code == 200


def test_several_in_a_row(shared_gateway: Gateway, shared_provider: Provider) -> None:
    body = json.dumps({"model": "cloud", "messages": MESSAGES}).encode()
    twice = brotli.compress(gzip.compress(body))
    assert post(shared_gateway, "/v1/chat/completions", twice, "GZip, identity, br").status_code == 200
    assert shared_provider.requests[0]["messages"] == MESSAGES


def test_a_body_in_several_packets(shared_gateway: Gateway, shared_provider: Provider) -> None:
    packed = gzip.compress(json.dumps({"model": "cloud", "messages": MESSAGES}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    pieces = (packed[at : at + 20] for at in range(0, len(packed), 20))
    url = f"{shared_gateway.url}/v1/chat/completions"
    assert httpx.post(url, content=pieces, headers=headers, timeout=30).status_code == 200


@pytest.mark.parametrize("coding", ["compress", "gzip, lzma", ", ".join(["gzip"] * 5)])
@pytest.mark.parametrize("path", SHAPES)
def test_an_unknown_coding_names_those_that_are_known(shared_gateway: Gateway, path: str, coding: str) -> None:
    response = post(shared_gateway, path, b"{}", coding)
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert "gzip, deflate, br, zstd" in response.json()["error"]["message"]


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
def test_damaged_bodies(
    shared_gateway: Gateway, shared_provider: Provider, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(json.dumps({"model": "cloud", "messages": MESSAGES}).encode())
    for damaged in (packed[:-4], packed[: len(packed) // 2], b"{}", b""):
        response = post(shared_gateway, "/v1/chat/completions", damaged, coding)
        assert response.status_code == 400, damaged
        assert response.json()["error"]["code"] in ("invalid_content_encoding", "invalid_json")
    assert not shared_provider.requests


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
def test_what_inflates_beyond_the_limit(shared_gateway: Gateway, coding: str, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b" " * 50_000_000)
    bomb = bomb if len(bomb) < LIMIT else bomb[: LIMIT - 1]
    response = post(shared_gateway, "/v1/chat/completions", bomb, coding)
    assert response.status_code == 413
    assert f"{LIMIT} bytes" in response.json()["error"]["message"]


def test_what_inflates_beyond_the_limit_on_the_way() -> None:
    with pytest.raises(BodyTooLarge):
        inflate(gzip.compress(gzip.compress(b" " * 100_000_000)), ["gzip", "gzip"], 50_000)


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
@pytest.mark.parametrize("data", [b"", b"a", b"a" * 5_000_000, b"hello %d " * 50_000, os.urandom(300_000)])
def test_it_is_whole_however_well_it_was_packed(coding: str, pack: Callable[[bytes], bytes], data: bytes) -> None:
    packed = pack(data)

    async def answer() -> bytes:
        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(packed), 1000):
                yield packed[start : start + 1000]

        read = reader_of("cloud", coding)
        assert read is not None
        return b"".join([piece async for piece in read(chunks())])

    assert inflate(packed, [coding], 10_000_000) == data
    assert asyncio.run(answer()) == data


def test_members_and_frames_may_follow_each_other() -> None:
    assert inflate(gzip.compress(b"ab") + gzip.compress(b"cd"), ["gzip"], 100) == b"abcd"
    assert inflate(zstandard.compress(b"ab") + zstandard.compress(b"cd"), ["zstd"], 100) == b"abcd"


@given(st.binary(max_size=2000), st.sampled_from(sorted(CODINGS)), st.booleans())
def test_nothing_that_is_sent_fails_in_another_way(data: bytes, coding: str, packed: bool) -> None:
    if packed:
        assert inflate(dict(PACKERS)[coding](data), [coding], 2000) == data
        data = dict(PACKERS)[coding](data)[:-1] + b"x"
    with suppress(RequestError, BodyTooLarge):
        inflate(data, [coding], 10_000)
