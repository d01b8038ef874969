"""Lines of a log: one for each record, whatever is in it, and without what others said unless that is asked for.

A line break would let whoever is quoted write lines of their own. What an exception nobody foresaw says may be any text
that was in hand, a prompt too: its type and where it came from are what finds the defect.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from models.redaction.plain_text import plain_text
from models.redaction.secrets import mask
from models.wire.errors import ModelError

MAX_LINE_CHARS = 4000

FRAMES = 12
"""Of a traceback, the innermost."""

OWN = {"is_own": True}
"""As `extra` of a record: it holds nothing that could be a key, and need not be looked through."""

logger = logging.getLogger(__name__)


class LineFormatter(logging.Formatter):
    """Formats a record as one line without keys.

    Attributes
    ----------
    provider_messages : bool
        Whether a line shows what a server said of a failure.
    exception_messages : bool
        Whether a line shows what exceptions say that nobody foresaw.
    """

    provider_messages = False
    exception_messages = False

    def format(self, record: logging.LogRecord) -> str:
        record.message = self._message(record)
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        line = self.formatMessage(record)
        if record.exc_info and record.exc_info[1] is not None:
            line = f"{line.rstrip()}: {self._failure(record.exc_info[1])}"
        return plain_text(line if hasattr(record, "is_own") else mask(line), MAX_LINE_CHARS)

    def _message(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.name == "asyncio" and not self.exception_messages:
            message = message.partition("\n")[0]  # what follows shows the task, and in it what its exception says
        args = record.args if isinstance(record.args, tuple) else ()
        return message + "".join(self._told(arg) for arg in args)

    def _told(self, arg: object) -> str:
        shown = self.provider_messages and isinstance(arg, ModelError) and arg.server_words.message
        return f"; it was told: {shown}" if shown else ""

    def _failure(self, exc: BaseException) -> str:
        return ", caused by ".join(
            f"{type(one).__qualname__}{f': {one}' if self.exception_messages else ''}{self._told(one)}{_frames(one)}"
            for one in _chain(exc)
        )


def log_uncaught() -> None:
    """Let what ends a thread or the program be one more line of the log."""

    def of_program(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, exc, trace)
        else:
            logger.critical("the program ends", exc_info=exc)

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            logger.critical("a thread ends", exc_info=args.exc_value)

    def of_nobody(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            logger.error("nobody could be told of a failure", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = of_program, of_thread, of_nobody
    logging.raiseExceptions = False  # it would print what could not be formatted


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """The exception, what caused it, and so on; what a group holds comes after the group."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting.append(one.__cause__ or (None if one.__suppress_context__ else one.__context__))
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _frames(exc: BaseException) -> str:
    """Where it came from, the innermost place first."""
    frames = traceback.extract_tb(exc.__traceback__)[-FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    return f" at {' < '.join(places)}" if places else ""
