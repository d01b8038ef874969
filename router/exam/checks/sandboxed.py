"""The program in the sandbox: reads a job from standard input, locks itself in, runs the code, writes what came of it.

Run by file name from `sandbox`, which says what the lock holds and what it does not; never imported there, and it
imports nothing of this package, since it runs in isolated mode.
"""

import ast
import contextlib
import importlib
import io
import os
import resource
import sqlite3
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

# Whatever the code may import is imported before: afterwards no file can be opened.
PRELOADED = [
    "abc",
    "array",
    "bisect",
    "calendar",
    "cmath",
    "collections",
    "collections.abc",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "itertools",
    "json",
    "math",
    "numbers",
    "operator",
    "random",
    "re",
    "statistics",
    "string",
    "textwrap",
    "time",
    "types",
    "typing",
    "unicodedata",
    "_strptime",
]

HARMLESS = frozenset(
    [
        "array.__new__",
        "builtins.id",
        "compile",
        "exec",
        "object.__delattr__",
        "object.__getattr__",
        "object.__setattr__",
        "sys._getframe",
        "sys._getframemodulename",
        "sys.excepthook",
        "sys.unraisablehook",
        "time.sleep",
    ]
)
"""Audit events that are let through; collections.namedtuple needs the frame of its caller."""

LIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_CPU": 2,
    "RLIMIT_FSIZE": 1 << 20,
    "RLIMIT_AS": 256 << 20,
    "RLIMIT_NPROC": 0,
    "RLIMIT_NOFILE": 0,
}

NOBODY = 65534
NEW_USER_NAMESPACE = 0x10000000
NEW_NETWORK_NAMESPACE = 0x40000000
MOST_PRINTED = 10_000
MOST_RETURNED = 50_000


def lock() -> None:
    """Give up, one after the other, the user root, the network and the kernel's resources, for good."""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    unshare = getattr(os, "unshare", None)  # since Python 3.12, on Linux
    if unshare:
        with contextlib.suppress(OSError):
            unshare(NEW_USER_NAMESPACE | NEW_NETWORK_NAMESPACE)
    os.close(0)
    sys.stdin = None
    for name, limit in LIMITS.items():
        with contextlib.suppress(AttributeError, OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (limit, limit))


def refuse_what_is_audited() -> None:
    """Refuse every audited action from now on but the harmless ones."""
    harmless = frozenset(HARMLESS)

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event not in harmless:
            raise (ImportError if event == "import" else PermissionError)(f"{event} is not allowed in the exam")

    for module in ("resource", "sqlite3", "_sqlite3"):
        sys.modules.pop(module, None)
    sys.addaudithook(refuse)


def plain(value: object) -> Any:
    """`value` in Python's plain kinds, so that `ast.literal_eval` reads what `repr` writes."""
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if value - value == 0 else str(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple | range):
        return [plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return {plain(part) for part in value}
    if isinstance(value, dict):
        return {plain(key): plain(part) for key, part in value.items()}
    return f"{type(value).__name__} {value}"


def outcome(call: Callable[[], object]) -> tuple[str, Any]:
    """``("returned", value)`` or ``("raised", name of the exception)``."""
    try:
        value = plain(call())
        if len(repr(value)) > MOST_RETURNED:
            return "raised", "OverflowError"
    except BaseException as exc:
        return "raised", type(exc).__name__
    return "returned", value


def wanted_function(names: dict[str, Any], name: str | None) -> Callable[..., object] | None:
    """The function called `name`, or else the last one that the code defined."""
    if name and callable(names.get(name)):
        return names[name]  # type: ignore[no-any-return]
    own = [value for value in names.values() if isinstance(value, FunctionType) and value.__module__ == "answer"]
    return own[-1] if own else None


def run_code(code: str, name: str | None, calls: list[list[Any]]) -> dict[str, Any] | None:
    """Run `code` and make the calls. An error outside of functions counts only if no function was defined before it."""
    names: dict[str, Any] = {"__name__": "answer"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        ended = outcome(lambda: exec(compile(code, "answer", "exec"), names))
        function = wanted_function(names, name)
        if function is None if calls else ended[0] == "raised":
            return None
        results = [outcome(lambda call=call: function(*call)) for call in calls]  # type: ignore[misc]
    return {"results": results, "printed": printed.getvalue()[:MOST_PRINTED]}


def reads_only(action: int, *_: object) -> int:
    """SQLite's authorizer: nothing but reading, since ATTACH opens files without an audit event."""
    reading = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in reading else sqlite3.SQLITE_DENY


def run_sql(script: str, query: str) -> dict[str, Any] | None:
    """The rows that `query` finds in what `script` sets up."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    connection.set_authorizer(reads_only)
    lock()
    try:
        return {"rows": [plain(row) for row in connection.execute(query).fetchmany(1000)]}
    except (sqlite3.Error, sqlite3.Warning, MemoryError):
        return None


def main() -> None:
    """Do the job on standard input."""
    job = ast.literal_eval(sys.stdin.read())
    token, write, leave = job["token"], os.write, os._exit
    if "query" in job:
        told = run_sql(job["script"], job["query"])
    else:
        for module in PRELOADED:
            importlib.import_module(module)
        lock()
        refuse_what_is_audited()
        told = run_code(job["code"], job["name"], job["calls"])
    if told is not None:
        write(1, f"{token}{told!r}".encode())
    leave(0)


if __name__ == "__main__":
    main()
