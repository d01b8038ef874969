"""A provider that captures: it counts every connection and every byte that arrives, and keeps the bodies."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

MODEL = "captured"
ANSWER = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": MODEL,
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Captured."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
VECTORS = {
    "object": "list",
    "model": MODEL,
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}


@dataclass
class Capture:
    """What has arrived so far. As an HTTP proxy it answers for every server."""

    port: int = 0
    connections: int = 0
    n_bytes: int = 0
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        self.connections = self.n_bytes = 0
        self.bodies.clear()

    def serve(self, connection: Any) -> None:
        """Take in all that one connection sends, and answer each whole request."""
        self.connections += 1
        received = b""
        while data := connection.recv(65536):
            self.n_bytes += len(data)
            received += data
            while (whole := _request_in(received)) is not None:
                head, body, received = whole
                self.bodies.append(body)
                connection.sendall(_answer_to(head, body))


def _request_in(received: bytes) -> tuple[str, bytes, bytes] | None:
    """The first request's head and body, and the bytes behind it; None until it is there."""
    head, found, rest = received.partition(b"\r\n\r\n")
    if not found:
        return None
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
    return None if len(rest) < length else (lines[0], rest[:length], rest[length:])


def _answer_to(head: str, body: bytes) -> bytes:
    asked = json.loads(body or b"{}")
    if asked.get("stream"):
        kind, data = "text/event-stream", _stream()
    else:
        kind, data = "application/json", json.dumps(VECTORS if "/embeddings" in head else ANSWER).encode()
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data


def _stream() -> bytes:
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    deltas: list[tuple[dict[str, str], str | None]] = [
        ({"role": "assistant", "content": "Captured."}, None),
        ({}, "stop"),
    ]
    chunks = [{**chunk, "choices": [{"index": 0, "delta": d, "finish_reason": end}]} for d, end in deltas]
    return b"".join(b"data: %s\n\n" % json.dumps(one).encode() for one in chunks) + b"data: [DONE]\n\n"


@contextmanager
def running_capture() -> Iterator[Capture]:
    """One in threads of its own, gone when the block ends."""
    capture = Capture()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                capture.serve(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        capture.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield capture
        finally:
            server.shutdown()
            thread.join(5)
