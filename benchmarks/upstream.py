"""A provider that answers at once, or after a set time, for measuring what stands before it.

Canned bytes over a bare asyncio protocol. `GET /count` says how many answers it has given.
"""

import asyncio
import json
import sys
from typing import cast

import uvloop

MODEL = "bench"
N_EVENTS = 36
BACKLOG = 1024  # a gateway opens hundreds of connections at once, and one turned away comes again after a second
PROMPT_TOKENS, COMPLETION_TOKENS = 180, 34


def whole_answer() -> bytes:
    """One chat completion with its HTTP head."""
    text = "The northern station is number seven; the river bends past it. " * 4
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = json.dumps({**_head("chat.completion"), "choices": [choice], "usage": _usage()}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def streamed_answer() -> bytes:
    """The same as a stream of `N_EVENTS` events, back to back."""
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": " word"}, None)] * (N_EVENTS - 3) + [({}, "stop")]
    chunks = [
        {**_head("chat.completion.chunk"), "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        for delta, finish in deltas
    ]
    chunks.append({**_head("chat.completion.chunk"), "choices": [], "usage": _usage()})
    events = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks] + [b"data: [DONE]\n\n"]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


def _head(kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-bench", "object": kind, "created": 1, "model": MODEL}


def _usage() -> dict[str, int]:
    total = PROMPT_TOKENS + COMPLETION_TOKENS
    return {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": total}


WHOLE, STREAMED = whole_answer(), streamed_answer()


class Answering(asyncio.Protocol):
    """Answers each request on a connection `delay_s` after its body is there."""

    answered = 0

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _content_length(self._buffer[:end])
            if len(self._buffer) < end + 4 + length:
                return
            if self._buffer.startswith(b"GET /count "):
                self._buffer = b""
                self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n%12d" % Answering.answered)
                return
            Answering.answered += 1
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            streams = b'"stream":true' in body or b'"stream": true' in body
            self._answer(STREAMED if streams else WHOLE)

    def _answer(self, answer: bytes) -> None:
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def serve(port: int, delay_s: float) -> None:
    """Serve on loopback for good."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Answering(delay_s),
        "127.0.0.1",
        port,
        backlog=BACKLOG,
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), delay_s=float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0))
