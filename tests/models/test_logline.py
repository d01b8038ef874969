"""Lines of the log: one for each record, without keys and without what exceptions say."""

import asyncio
import gc
import io
import json
import logging
import re
import threading
from collections.abc import Iterator

import pytest

from models.host.log_format import MAX_LINE_CHARS, PRIVATE, LineFormatter, log_uncaught, with_fields
from models.redaction.server_words import ServerWords
from models.wire.errors import BackendUnavailable

PROMPT = "Zanzibar-4711\nCRITICAL forged: all is lost\u2028\x1b[2J"

Written = tuple[logging.Logger, io.StringIO, LineFormatter]


@pytest.fixture
def written() -> Iterator[Written]:
    """A logger, what it wrote, and its formatter."""
    stream, formatter, logger = io.StringIO(), LineFormatter("%(levelname)s %(name)s: %(message)s"), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    yield logger, stream, formatter
    logger.removeHandler(handler)


def raise_grouped() -> None:
    try:
        raise ExceptionGroup(PROMPT, [ValueError(PROMPT), TypeError(PROMPT)])
    except ExceptionGroup as exc:
        raise RuntimeError(PROMPT) from exc


def test_each_record_becomes_one_line(written: Written) -> None:
    logger, stream, _ = written
    logger.error("said %s", PROMPT + "x" * 2 * MAX_LINE_CHARS)
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("ERROR root: said Zanzibar-4711 CRITICAL forged")
    assert len(line) == MAX_LINE_CHARS
    assert line.isprintable()


def test_a_json_line_has_the_same_whatever_is_in_it(written: Written) -> None:
    logger, stream, formatter = written
    formatter.as_json = True
    logger.error("%s at postgresql://me:hunter2@db/x", PROMPT)
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert list(told) == ["time", "level", "logger", "message"]
    assert (told["level"], told["logger"]) == ("error", "root")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", told["time"])
    assert told["message"] == "Zanzibar-4711 CRITICAL forged: all is lost  [2J at postgresql://***@db/x"


def test_a_json_line_shows_an_exception_apart(written: Written) -> None:
    logger, stream, formatter = written
    formatter.as_json = True
    try:
        raise_grouped()
    except RuntimeError:
        logger.exception("it failed")
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert told["message"] == "it failed"
    assert re.match(r"RuntimeError at test_logline\.py:\d+ raise_grouped < ", told["exception"])
    assert "Zanzibar" not in line


@pytest.mark.parametrize("as_json", [False, True])
def test_fields_stand_beside_the_message(written: Written, as_json: bool) -> None:
    logger, stream, formatter = written
    formatter.as_json = as_json
    logger.error("done", extra=with_fields({"route": "local", "model": "a\u2028b"}))
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line if as_json else line.removeprefix("ERROR root: done "))
    assert (told["route"], told["model"]) == ("local", "a b")


@pytest.mark.parametrize("asked", [False, True])
def test_an_exception_is_logged_by_type_and_location(written: Written, asked: bool) -> None:
    logger, stream, formatter = written
    formatter.exception_messages = asked
    try:
        raise_grouped()
    except RuntimeError:
        logger.exception("it failed")
    (line,) = stream.getvalue().splitlines()
    kinds = ("RuntimeError", "ExceptionGroup", "ValueError", "TypeError")
    assert [kind for kind in kinds if kind in line] == list(kinds)
    assert re.search(r"RuntimeError.* at test_logline\.py:\d+ raise_grouped < test_logline\.py:\d+ test_", line)
    assert ("Zanzibar" in line) is asked


@pytest.mark.parametrize("asked", [False, True])
def test_a_providers_message_is_shown_if_configured(written: Written, asked: bool) -> None:
    logger, stream, formatter = written
    formatter.provider_messages = asked
    exc = BackendUnavailable(
        "cloud", "status 500", server_words=ServerWords.from_error({"message": f"{PROMPT} sk-0123456789abcdefghij"})
    )
    logger.error("failed: %s", exc)
    told = "; it was told: Zanzibar-4711 CRITICAL forged: all is lost  [2J ***" if asked else ""
    assert stream.getvalue() == f"ERROR root: failed: cloud: status 500{told}\n"


def test_no_setting_lets_others_words_into_the_log_of_a_private_request(written: Written) -> None:
    logger, stream, formatter = written
    formatter.provider_messages = formatter.exception_messages = True
    exc = BackendUnavailable("local", "status 500", server_words=ServerWords.from_error({"message": PROMPT}))
    logger.error("failed: %s", exc, extra=PRIVATE)
    try:
        raise_grouped()
    except RuntimeError:
        logger.exception("it failed", extra=PRIVATE)
    assert "failed: local: status 500\n" in stream.getvalue()
    assert "RuntimeError at test_logline.py" in stream.getvalue()
    assert "Zanzibar" not in stream.getvalue()


async def _let_fail() -> None:
    async def fail() -> None:
        raise ValueError(PROMPT)

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()


def test_an_unawaited_task_logs_no_message(written: Written) -> None:
    asyncio.run(_let_fail())
    (line,) = (line for line in written[1].getvalue().splitlines() if "never retrieved" in line)
    assert re.search(r"asyncio: Task exception was never retrieved: ValueError at test_logline\.py:\d+ fail$", line)
    assert "Zanzibar" not in written[1].getvalue()


class _Fails:
    def __del__(self) -> None:
        raise ValueError(PROMPT)


def test_an_exception_that_ends_a_thread_becomes_one_line(
    written: Written, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError(PROMPT)

    for owner, name in (
        (threading, "excepthook"),
        (__import__("sys"), "excepthook"),
        (__import__("sys"), "unraisablehook"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(logging, "raiseExceptions", True)
    gc.collect()  # what earlier tests left
    log_uncaught()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    _Fails()
    gc.collect()
    first, second = written[1].getvalue().splitlines()
    assert re.search(r"a thread ends: ValueError at test_logline\.py:\d+ fail < threading\.py", first)
    assert re.search(r"a failure could not be reported: ValueError at test_logline\.py:\d+ __del__", second)
    assert "Zanzibar" not in written[1].getvalue() + capfd.readouterr().err
