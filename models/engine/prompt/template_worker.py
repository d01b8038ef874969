"""Renders one chat template in a process of its own, whose memory is limited: `template_process` starts it.

Frames of JSON, each after its length, come by standard input and go by standard output.
"""

import resource
import struct
import sys
from contextlib import suppress
from typing import IO, Any

import orjson

from models.engine.errors import TemplateError
from models.engine.prompt.template import TOO_MUCH_MEMORY, ChatTemplate
from models.wire.errors import RequestError

MEMORY_BYTES = 1024 * 1024 * 1024
"""Address space of this process. A request of the largest size and its prompt take a third of it."""

_LENGTH = struct.Struct(">Q")


def write_frame(stream: IO[bytes], value: Any) -> None:
    """Send one value."""
    data = orjson.dumps(value)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Any:
    """Receive one value.

    Raises
    ------
    EOFError
        If the other side is gone.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return orjson.loads(data)


def main() -> None:
    """Take the template, then conversations, until the other side is gone."""
    with suppress(ValueError, OSError):  # not every system limits address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError):
        template = _compile(answers, read_frame(requests))
        while template is not None:
            _answer(template, requests, answers)


def _compile(answers: IO[bytes], job: dict[str, Any]) -> ChatTemplate | None:
    try:
        template = ChatTemplate(job["source"], bos=job["bos"], eos=job["eos"], time_limit_s=job["time_limit_s"])
    except TemplateError as exc:
        write_frame(answers, {"failed": str(exc)})
        return None
    except MemoryError:
        write_frame(answers, {"failed": TOO_MUCH_MEMORY})
        return None
    write_frame(answers, {"text": ""})
    return template


def _answer(template: ChatTemplate, requests: IO[bytes], answers: IO[bytes]) -> None:
    try:
        job = read_frame(requests)
        answer = {"text": template.render(job["messages"], **job["variables"])}
        write_frame(answers, answer)
    except RequestError as exc:
        write_frame(answers, {"refused": exc.message})
    except TemplateError as exc:
        write_frame(answers, {"failed": str(exc), "words": exc.server_words.message})
    except (MemoryError, orjson.JSONEncodeError):
        write_frame(answers, {"failed": TOO_MUCH_MEMORY})


if __name__ == "__main__":
    main()
