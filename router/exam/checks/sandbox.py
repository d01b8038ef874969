"""Runs Python and SQL that a model wrote, in a process of its own with little time, memory and nothing to reach.

What keeps the code in:

- the kernel's limits on the process: 2 s of processor time, 256 MiB of memory, no new file, socket or pipe at all
  (`RLIMIT_NOFILE` is 0, so nothing can be read, written or connected to), no new process or thread (`RLIMIT_NPROC`),
  at most 32 KiB of output; after 3 s the whole process group is killed;
- where the caller is root, the process becomes the user "nobody" first, since limits do not bind root; if that fails
  nothing is run;
- where Python has `os.unshare` (3.12) and the kernel lets users make namespaces, a network namespace without a network;
- an empty environment, an empty folder, a closed standard input, isolated mode;
- the language: code is not run at all if its syntax tree names an attribute of frames, functions or modules
  (`__globals__`, `tb_frame`, `sys`), or uses `format` of anything but a plain string literal; it gets a list of
  harmless built-in functions, and of a list of modules (`math`, `re`, `collections` …) only harmless names;
- behind that, for code which gets at the interpreter's own modules nevertheless: `os`, `posix`, `io`, `signal` and
  others are emptied, `sys` has lost its frames, and an audit hook refuses files, imports, signals and looking into the
  interpreter with `gc`.

What it does not stop. Languages inside Python have been broken before: whoever finds a way around the list of names,
or a memory error in CPython, may undo all but the first three points, and is then left with what the kernel lets a
process of this user do without opening anything: delete or rename files whose names it knows, make FIFOs and change
the priority or send signals to this user's other processes (none of that to root's, from "nobody"). Code can learn the
time, and it can use its seconds and its memory. Limits that a system does not have (some are missing on macOS) are left
out. All this is enough for what a model writes in good faith, and for clumsy mischief; it is not meant for code of
people who attack this machine. The price: right code which needs a refused name (`import os`, `eval`, classes with
rare special methods, `text.format` of a variable) counts as not running.

Forging. The process never learns which results are right: it returns what the code's functions returned, and the caller
compares. What the code prints is kept apart from that by a random token which is made for each run. The token lies in
the process's own frames, so this is as strong as the language above. At most 20,000 bytes are believed or even parsed.
"""

import ast
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WALL_S = 3.0
"""Seconds after which a run is killed, whatever it does."""

_CHILD = Path(__file__).with_name("sandboxed.py")

_MOST_BYTES = 20_000
"""What a process may say: more than that is not even parsed, which takes memory and time of our own."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What code did.

    Parameters
    ----------
    results : tuple of (str, object)
        For each call ``("returned", value)`` or ``("raised", name of the exception)``. Tuples and ranges come back as
        lists, values of other kinds than Python's plain ones as strings.
    printed : str
        What it printed, cut off after 1000 characters.
    """

    results: tuple[tuple[str, Any], ...]
    printed: str


def run_function(code: str, name: str | None, calls: Sequence[Sequence[Any]]) -> Ran | None:
    """Run `code`, then call a function that it defines.

    Parameters
    ----------
    code : str
        Python source, of any quality.
    name : str or None
        The function; None or a name that is not there for the last function that the code defines.
    calls : sequence of sequence
        Positional arguments of each call: plain values. Without any call the code is only run.

    Returns
    -------
    Ran or None
        None where nothing came of it: no such function, an error, refused code, a time-out, a killed process, no
        temporary folder.
    """
    told = _told({"code": code, "name": name, "calls": [list(call) for call in calls]})
    if told is None:
        return None
    try:
        results = tuple((str(kind), value) for kind, value in told["results"])
        return Ran(results, str(told["printed"])) if len(results) == len(calls) else None
    except (KeyError, TypeError, ValueError):
        return None


def run_query(script: str, query: str) -> list[tuple[Any, ...]] | None:
    """The rows that an SQL `query` finds in a new SQLite database which `script` fills; None if it fails.

    `script` is ours and may do anything; `query` may only read.
    """
    told = _told({"script": script, "query": query})
    try:
        return None if told is None else [tuple(row) for row in told["rows"]]
    except (KeyError, TypeError):
        return None


def _told(job: dict[str, Any]) -> dict[str, Any] | None:
    """What the process says of `job`, if it says anything in time."""
    token = secrets.token_hex(16).encode()
    try:
        written = _output(ascii({**job, "token": token.decode()}).encode(), len(token) + _MOST_BYTES + 1)
    except OSError:  # no process or no temporary folder
        return None
    said = written.removeprefix(token)
    if len(said) == len(written) or len(said) > _MOST_BYTES:
        return None
    try:
        told = ast.literal_eval(said.decode())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _output(job: bytes, most: int) -> bytes:
    """The first `most` bytes of the process's standard output, a file: a pipe would let it fill our memory."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-W", "ignore", "-X", "utf8", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            with suppress(subprocess.TimeoutExpired):
                process.communicate(job, timeout=WALL_S)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        return output.read(most)
