"""The only place that opens HTTP connections.

aiohttp, since httpx's pool looks at every idle connection on each request, which at 64 requests in flight costs 8 ms of
CPU a call; its request and response objects cost another 0.4 ms.
"""

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from yarl import URL

from models.redaction.secrets import is_secret_name, keep_secret
from models.remote.sending import OnSend, Sending, digest
from models.wire.owner import OWNER, OWNER_HEADER

# Concurrency is limited elsewhere (`concurrency_limiter`), not by the connection pool.
_UNLIMITED = 0

_STREAM_BUFFER_BYTES = 256 * 1024

MAX_FACTS_BYTES = 1024 * 1024
"""The most that a server may say of itself."""

_JSON = {"content-type": "application/json"}

TRACE_HEADERS: ContextVar[Mapping[str, str] | None] = ContextVar("trace_headers", default=None)
"""Headers that name the trace; sent with the requests of the current task."""


class AnswerTooLarge(ValueError):
    """A server sends more than is accepted."""


class HttpServer:
    """One server and the connections to it, kept for the life of the process.

    Parameters
    ----------
    base_url : str
        The URL before each path, such as ``https://api.openai.com/v1``.
    use_proxy : bool
        Whether to use the proxies of the environment. False for a local server: private texts must not reach a proxy.
    headers : mapping, optional
        Sent with every request: credentials.
    query : mapping, optional
        Sent with every request, such as Azure's ``api-version``.
    uds : Path, optional
        A unix socket to connect to instead of `base_url`'s host.
    silence_s : float
        The longest pause between two chunks of a body.
    on_send : callable, optional
        Told of each request before its first byte leaves.
    """

    def __init__(
        self,
        base_url: str,
        *,
        use_proxy: bool,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        uds: Path | None = None,
        connect_timeout_s: float = 5.0,
        silence_s: float = 60.0,
        on_send: OnSend | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/") + "/"
        self._uds = uds
        # Compression would only delay the chunks of a stream.
        self._headers = {"accept-encoding": "identity", "user-agent": "slimgate", **(headers or {})}
        self._query = dict(query or {})
        self._proxy = _proxy(self.base_url) if use_proxy and uds is None else None
        _keep_secrets(self._headers | self._query, self.base_url, self._proxy)
        self.silence_s = silence_s
        self._on_send = on_send
        self._host = _host_and_port(self.base_url)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}

    @property
    def is_unix(self) -> bool:
        """Whether connections go to a unix socket."""
        return self._uds is not None

    async def post(self, path: str, content: bytes) -> aiohttp.ClientResponse:
        """Send JSON; returns when the response's headers have arrived, without a time limit. The caller must close it.

        Raises
        ------
        aiohttp.ClientError
        """
        url = self._url(path)
        await self._tell("POST", url, content)
        return await self._open().post(
            url,
            data=content,
            headers=self._headers_of_task(),
            timeout=self._timeout,
            allow_redirects=False,
            proxy=self._proxy,
        )

    def _headers_of_task(self) -> Mapping[str, str]:
        """What is sent beside JSON by the current task. An owner is told to an engine only: those have unix sockets."""
        trace, owner = TRACE_HEADERS.get(), OWNER.get() if self.is_unix else ""
        headers = _JSON if trace is None else {**_JSON, **trace}
        return {**headers, OWNER_HEADER: owner} if owner else headers

    async def get(self, path: str) -> aiohttp.ClientResponse:
        """Send a GET request; returns as `post` does.

        Raises
        ------
        aiohttp.ClientError
        """
        url = self._url(path)
        await self._tell("GET", url, b"")
        return await self._open().get(url, timeout=self._timeout, allow_redirects=False, proxy=self._proxy)

    async def request(
        self, method: str, path: str, content: bytes | None, query: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        """Send a request whose path holds a name; returns as `post` does.

        Raises
        ------
        aiohttp.ClientError
        """
        url = URL(self.base_url).join(URL(path)).update_query({**self._query, **query})
        await self._tell(method, url, content or b"")
        return await self._open().request(
            method,
            url,
            data=content,
            headers=_JSON if content is not None else None,
            timeout=self._timeout,
            allow_redirects=False,
            proxy=self._proxy,
        )

    async def _tell(self, method: str, url: URL, content: bytes) -> None:
        if self._on_send is not None:
            call, via_proxy = f"{method} {url.raw_path}", self._proxy is not None
            await self._on_send(Sending(self._host, call, len(content), await digest(content), via_proxy))

    async def get_json(self, path: str, timeout_s: float) -> Any:
        """What is there, decoded.

        Raises
        ------
        aiohttp.ClientError, TimeoutError, ValueError
        """
        return orjson.loads(await self._get_facts(path, timeout_s))

    async def get_text(self, path: str, timeout_s: float) -> str:
        """What is there, as text.

        Raises
        ------
        aiohttp.ClientError, TimeoutError, ValueError
        """
        return (await self._get_facts(path, timeout_s)).decode()

    async def _get_facts(self, path: str, timeout_s: float) -> bytes:
        async with asyncio.timeout(timeout_s), await self.get(path) as response:
            response.raise_for_status()
            facts = limited(self.chunks(response, None), MAX_FACTS_BYTES)
            return b"".join([chunk async for chunk in facts])

    async def chunks(self, response: aiohttp.ClientResponse, silence_s: float | None) -> AsyncIterator[bytes]:
        """The bytes of a body, in chunks as they arrive.

        Raises
        ------
        TimeoutError
            After `silence_s` without a chunk; never where that is None.
        aiohttp.ClientError
        """
        content = response.content
        while True:
            try:
                chunk = content.read_nowait()  # a timer costs time: start one only if nothing has arrived yet
                if not chunk:
                    async with asyncio.timeout(silence_s):
                        chunk = await content.readany()
            except aiohttp.ClientError:
                if rest := content._read_nowait(-1):  # arrived before the failure, which aiohttp tells of first
                    yield rest
                raise
            if not chunk:
                return
            yield chunk

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """Send these with every request from now on, in place of those of the same names: a key that was rotated."""
        _keep_secrets(headers, self.base_url)
        self._headers |= headers
        if self._session is not None:
            self._session.headers.update(headers)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector: aiohttp.BaseConnector
            if self._uds is not None:
                connector = aiohttp.UnixConnector(path=str(self._uds), limit=_UNLIMITED)
            else:
                connector = aiohttp.TCPConnector(limit=_UNLIMITED)
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers=self._headers,
                # A cookie that a provider sets for one caller must not be sent for the next.
                cookie_jar=aiohttp.DummyCookieJar(),
                # aiohttp would read ~/.netrc in a thread for every request; proxies are looked up once, in `_proxy`.
                trust_env=False,
                auto_decompress=False,
                read_bufsize=_STREAM_BUFFER_BYTES,
            )
        return self._session

    def _url(self, path: str) -> URL:
        url = self._urls.get(path)
        if url is None:
            url = URL(self.base_url).join(URL(path))  # a path that begins with a slash is one from the server's root
            self._urls[path] = url = url.update_query(self._query)
        return url


def failure_reason(exc: Exception) -> str:
    """Why a connection failed, in our own words: the exception's message may quote a URL with a key, or a response."""
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        return f"{exc.host}:{exc.port}: {_reason(exc.certificate_error)}"
    if isinstance(exc, aiohttp.ClientConnectorError):
        return f"cannot connect to {exc.host}:{exc.port}: {_reason(exc.os_error)}"
    if isinstance(exc, aiohttp.ClientHttpProxyError):
        return f"the proxy answers with status {exc.status}"
    return _reason(exc)


def never_arrived(exc: Exception, *, unix: bool) -> bool:
    """Whether a request surely was not read to its end, so that nobody can have worked on it.

    On a unix socket, Linux resets a connection only if its other end closed with bytes unread; an end that had read
    everything closes in order.
    """
    if isinstance(exc, aiohttp.ClientConnectorError | aiohttp.ClientConnectionResetError):
        return True
    return unix and isinstance(exc, OSError) and exc.errno in (errno.EPIPE, errno.ECONNRESET)


def _reason(exc: BaseException) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return exc.verify_message
    return (isinstance(exc, OSError) and exc.strerror) or type(exc).__name__


def _keep_secrets(named: Mapping[str, str], *urls: str | None) -> None:
    """Register keys in headers and query parameters, and passwords in URLs, for masking."""
    values = [value for name, value in named.items() if is_secret_name(name)]
    # Without "Bearer": with it, a short key could mask part of another one.
    keep_secret(value.rpartition(" ")[2] for value in values)
    keep_secret(urlsplit(url).password for url in urls if url)


def _host_and_port(base_url: str) -> str:
    """The host as the record names it: with its port, unless that is the scheme's own."""
    return URL(base_url).host_port_subcomponent or ""


def _proxy(base_url: str) -> str | None:
    """The proxy for `base_url` by HTTP_PROXY, HTTPS_PROXY and NO_PROXY."""
    parts = urlsplit(base_url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


async def limited(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """`chunks` of an answer.

    Raises
    ------
    AnswerTooLarge
        As soon as more than `max_bytes` have come.
    """
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise AnswerTooLarge(f"the answer exceeds {max_bytes} bytes (max_answer_bytes)")
        yield chunk
