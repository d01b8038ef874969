"""A chat template in child processes: what it does with a conversation can cost no more than a process.

A limit on time alone is not enough. One operation of Jinja can build gigabytes, and nothing interrupts it.
"""

import select
import subprocess
import threading
import weakref
from collections.abc import Sequence
from queue import Empty, LifoQueue
from time import monotonic
from typing import IO, Any

from models.engine.errors import TemplateError
from models.engine.prompt.template import TIME_LIMIT_S, TOO_MUCH_MEMORY, Message
from models.engine.prompt.template_worker import read_frame, write_frame
from models.host.child_environment import PYTHON, bare_environment
from models.redaction.server_words import ServerWords
from models.wire.errors import RequestError

MAX_PROCESSES = 2
"""So that a conversation that takes all its time does not hold up the others."""

START_S = 30.0
GRACE_S = 1.0
"""The child ends a rendering by itself; one that cannot is killed so much later."""

_WORKER = "models.engine.prompt.template_worker"


class TemplateProcess:
    """Renders conversations as `ChatTemplate` does, in child processes that it starts when needed. Thread-safe.

    Parameters
    ----------
    source, bos, eos, time_limit_s
        As for `ChatTemplate`.

    Raises
    ------
    TemplateError
        If it does not compile.
    """

    def __init__(self, source: str, *, bos: str, eos: str, time_limit_s: float = TIME_LIMIT_S) -> None:
        self.source = source
        self._time_limit_s = time_limit_s
        self._job = {"source": source, "bos": bos, "eos": eos, "time_limit_s": time_limit_s}
        self._idle: LifoQueue[_Child] = LifoQueue()
        self._places = threading.Semaphore(MAX_PROCESSES)
        self.close = weakref.finalize(self, _kill_all, self._idle)
        with self._places:
            self._idle.put(self._start())

    def render(self, messages: Sequence[Message], **variables: Any) -> str:
        """The prompt, up to the beginning of the assistant's turn.

        Raises
        ------
        RequestError
            If the template refuses the conversation.
        TemplateError
            If it fails, or takes more time or memory than it may.
        """
        with self._places:
            child = self._take()
            try:
                answer = child.ask({"messages": messages, "variables": variables}, self._time_limit_s + GRACE_S)
            except TimeoutError:
                child.kill()
                raise TemplateError(f"the model's chat template did not end within {self._time_limit_s:g} s") from None
            except (EOFError, OSError):
                child.kill()
                raise TemplateError(TOO_MUCH_MEMORY) from None
            except BaseException:
                child.kill()  # its answer would be taken for the next one
                raise
            self._idle.put(child)
        return _text_in(answer)

    def _take(self) -> "_Child":
        try:
            child = self._idle.get_nowait()
        except Empty:
            return self._start()
        if child.alive:
            return child
        child.kill()
        return self._start()

    def _start(self) -> "_Child":
        child = _Child()
        try:
            _text_in(child.ask(self._job, START_S))
        except (EOFError, OSError, TimeoutError):
            child.kill()
            raise TemplateError("the process for the model's chat template does not start") from None
        except TemplateError:
            child.kill()
            raise
        return child


class _Child:
    """One process, which answers one question at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [*PYTHON, _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # not this process' log, which would stay open for as long as the child lives
            env=bare_environment(),
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, question: Any, limit_s: float) -> Any:
        """The answer to `question`.

        Raises
        ------
        TimeoutError
            If there is none within `limit_s`.
        EOFError, OSError
            If the process ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        deadline = monotonic() + limit_s
        write_frame(self._process.stdin, question)  # it reads all of it before it does anything
        _wait_for_answer(self._process.stdout, deadline - monotonic())
        return read_frame(self._process.stdout)

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)


def _wait_for_answer(stream: IO[bytes], limit_s: float) -> None:
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    if not poll.poll(max(0.0, limit_s) * 1000):
        raise TimeoutError


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was still to be written is of no interest


def _kill_all(children: "LifoQueue[_Child]") -> None:
    while not children.empty():
        children.get_nowait().kill()


def _text_in(answer: Any) -> str:
    if "refused" in answer:
        raise RequestError(answer["refused"], param="messages", code="unsupported_value")
    if "failed" in answer:
        raise TemplateError(answer["failed"], server_words=ServerWords(answer.get("words", "")))
    return str(answer["text"])
