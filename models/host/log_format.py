"""Lines of a log, as text or as JSON: one for each record, whatever is in it. Others' words only if asked for.

A line break would let whoever is quoted write lines of their own. What an exception nobody foresaw says may be any text
that was in hand, a prompt too: its type and where it came from are what finds the defect.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from models.redaction.plain_text import plain_text
from models.redaction.secrets import mask
from models.wire.errors import ModelError

MAX_LINE_CHARS = 4000

FRAMES = 12
"""Of a traceback, the innermost."""

OWN = {"is_own": True}
"""As `extra` of a record: it holds nothing that could be a key, and need not be looked through."""

PRIVATE = {"is_private": True}
"""As `extra` of a record: it is about a request whose text may not leave. No setting lets others' words into it."""


def with_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """As `extra` of a record: what is to stand in its line beside the message. Clean text, none of it a key."""
    return {**OWN, "fields": fields}


logger = logging.getLogger(__name__)


class LineFormatter(logging.Formatter):
    """Formats a record as one line without keys.

    A JSON line is an object with `time` (ISO 8601, local zone), `level`, `logger` and `message`; `exception` where one
    is told of; and the record's fields (`with_fields`). In a text line they follow the message as JSON.

    Attributes
    ----------
    as_json : bool
        Whether lines are JSON.
    provider_messages : bool
        Whether a line shows what a server said of a failure.
    exception_messages : bool
        Whether a line shows what exceptions say that nobody foresaw.
    """

    as_json = False
    provider_messages = False
    exception_messages = False

    def format(self, record: logging.LogRecord) -> str:
        return self._json_line(record) if self.as_json else self._text_line(record)

    def _json_line(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _clean(record, self._message(record)),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _clean(record, self._failure(record, record.exc_info[1]))
        encoded = _dumps(line)
        return plain_text(encoded, len(encoded))  # JSON leaves some line breaks as they are: U+2028, say

    def _text_line(self, record: logging.LogRecord) -> str:
        record.message = self._message(record)
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        line = self.formatMessage(record)
        if fields := getattr(record, "fields", None):
            line = f"{line} {_dumps(fields)}"
        if record.exc_info and record.exc_info[1] is not None:
            line = f"{line.rstrip()}: {self._failure(record, record.exc_info[1])}"
        return _clean(record, line)

    def _message(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if hasattr(record, "is_private"):
            return message
        if record.name == "asyncio" and not self.exception_messages:
            message = message.partition("\n")[0]  # what follows shows the task, and in it what its exception says
        args = record.args if isinstance(record.args, tuple) else ()
        return message + "".join(self._server_words(arg) for arg in args)

    def _server_words(self, arg: object) -> str:
        shown = self.provider_messages and isinstance(arg, ModelError) and arg.server_words.message
        return f"; it was told: {shown}" if shown else ""

    def _failure(self, record: logging.LogRecord, exc: BaseException) -> str:
        link = _bare_link if hasattr(record, "is_private") else self._link
        return ", caused by ".join(map(link, _chain(exc)))

    def _link(self, exc: BaseException) -> str:
        message = f": {exc}" if self.exception_messages else ""
        return f"{type(exc).__qualname__}{message}{self._server_words(exc)}{_frames(exc)}"


def _bare_link(exc: BaseException) -> str:
    return f"{type(exc).__qualname__}{_frames(exc)}"


def _clean(record: logging.LogRecord, text: str) -> str:
    return plain_text(text if hasattr(record, "is_own") else mask(text), MAX_LINE_CHARS)


def _dumps(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


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
            logger.error("a failure could not be reported", exc_info=args.exc_value)

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
