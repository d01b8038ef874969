"""The one place that makes HTTP clients: httpx's API, carried by aiohttp.

httpx's own connection pool looks at every idle connection on each request, which at 64 requests in flight costs 8 ms of
CPU a call; aiohttp's does not.
"""

from pathlib import Path

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

# Connections are cheap and a refused one is not: limits on concurrency belong to the dispatcher, not to the pool.
_UNLIMITED = 0


def make_client(
    base_url: str,
    *,
    headers: dict[str, str] | None = None,
    uds: Path | None = None,
    connect_timeout_s: float = 5.0,
    read_timeout_s: float = 60.0,
) -> httpx.AsyncClient:
    """One pooled client for the life of the process.

    Parameters
    ----------
    base_url : str
        Where relative paths start, such as ``https://api.openai.com/v1``.
    uds : Path, optional
        A unix socket to connect to instead of `base_url`'s host.
    read_timeout_s : float
        The longest silence on an open connection.
    """

    def session() -> aiohttp.ClientSession:
        connector: aiohttp.BaseConnector
        if uds is not None:
            connector = aiohttp.UnixConnector(path=str(uds), limit=_UNLIMITED)
        else:
            connector = aiohttp.TCPConnector(limit=_UNLIMITED)
        # No cookie jar: what a provider sets for one caller must not travel with the next.
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=uds is None, auto_decompress=False
        )

    return httpx.AsyncClient(
        base_url=base_url,
        transport=AiohttpTransport(client=session),
        timeout=httpx.Timeout(read_timeout_s, connect=connect_timeout_s, pool=None),
        # Compression would only delay the chunks of a stream.
        headers={"accept-encoding": "identity", "user-agent": "slimgate", **(headers or {})},
        follow_redirects=False,
    )
