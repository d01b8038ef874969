"""What code in the sandbox can do, what it cannot, and that nobody waits for it or believes it too much."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from router.exam.checks.sandbox import Ran, run_function, run_query

ROOT = Path(__file__).parents[3]

ADD = "def add(a, b):\n    return a + b"


def returned(code: str, *args: object) -> object:
    """What the last function of `code` returns or raises."""
    ran = run_function(code, None, [args])
    return ran and ran.results[0]


def test_results_and_output_of_a_function() -> None:
    ran = run_function(f"{ADD}\nprint('hello')", "add", [(1, 2), ("a", "b"), (1, "x")])
    assert ran == Ran((("returned", 3), ("returned", "ab"), ("raised", "TypeError")), "hello\n")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("return (1, 2.5, None, True)", [1, 2.5, None, True]),
        ("return {1: {2, 3}}", {1: {2, 3}}),
        ("return range(3)", [0, 1, 2]),
        ("return float('nan')", "nan"),
        ("from collections import Counter\n    return Counter('aab')", {"a": 2, "b": 1}),
        ("from datetime import datetime\n    return datetime.strptime('2024-01-02', '%Y-%m-%d').year", 2024),
        ("import math, re, statistics\n    return [math.sqrt(9), re.findall('a', 'banana')]", [3.0, ["a", "a", "a"]]),
        ("return 'æ漢🙂'", "æ漢🙂"),
    ],
)
def test_values_come_back(body: str, value: object) -> None:
    assert returned(f"def f():\n    {body}") == ("returned", value)


@pytest.mark.parametrize(
    "code",
    [
        "def f(:\n",
        "x = 1",
        "raise SystemExit",
        "import os\ndef f():\n    return 1",
    ],
)
def test_nothing_comes_of_code_that_does_not_answer(code: str) -> None:
    assert run_function(code, "f", [()]) is None


def test_a_function_survives_an_error_behind_it() -> None:
    assert returned(f"{ADD}\nassert add(1, 1) == 3", 1, 1) == ("returned", 2)


@pytest.mark.parametrize(
    ("code", "wall_s"),
    [("while True:\n    pass", 30), ("import time\ntime.sleep(60)", 0.5), ("def f():\n    while 1: pass", 0.5)],
)
def test_an_endless_loop_ends(code: str, wall_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the limit of its time on the processor, or by that of all time."""
    monkeypatch.setattr("router.exam.checks.sandbox.WALL_S", wall_s)
    started = time.monotonic()
    assert run_function(code, None, [()]) is None
    assert time.monotonic() - started < 25


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return len('x' * 10**9)", "MemoryError"),
        ("x = []\n    while True: x.append('y' * 10**6)", "MemoryError"),
        ("return f()", "RecursionError"),
        ("return 'x' * 10**6", "OverflowError"),
        ("return open('/etc/hostname').read()", "NameError"),
        ("return eval('1')", "NameError"),
        ("return vars(f)", "NameError"),
        ("return getattr(f, '__glo' + 'bals__')", "AttributeError"),
        ("return getattr('', 'for' + 'mat')", "AttributeError"),
        ("return type(int)", "TypeError"),
        ("import os", "ImportError"),
        ("from random import _os", "ImportError"),
        ("from operator import attrgetter", "ImportError"),
        ("from typing import get_type_hints", "ImportError"),
        ("from functools import update_wrapper", "ImportError"),
        ("return input()", "NameError"),
        ("import socket", "ImportError"),
        ("import subprocess", "ImportError"),
        ("import ctypes", "ImportError"),
        ("import resource", "ImportError"),
        ("import sqlite3", "ImportError"),
        ("import gc", "ImportError"),
        ("import threading", "ImportError"),
    ],
)
def test_what_is_refused(body: str, error: str) -> None:
    assert returned(f"def f():\n    {body}") == ("raised", error)
    assert run_function(ADD, "add", [(1, 2)]) is not None, "and the next run works"


def test_huge_output_costs_no_memory_of_ours_and_proves_nothing() -> None:
    ran = run_function("print('x' * 10**6)\ndef f():\n    return 1", "f", [()])
    assert ran is not None
    assert len(ran.printed) == 1000
    assert run_function("def f():\n    return [1] * 1600", None, [()] * 5) is None, "too long to be parsed"


REFUSED = """\
f.__globals__
f.__class__.__base__.__subclasses__()
f.__code__
typing.sys
typing.sys.modules
random._os
(x for x in ()).gi_frame
(x for x in ()).gi_frame.f_back.f_locals
__builtins__
__import__('math')
'{0.__globals__}'.format(f)
'{0.gi_frame}'.format(f)
('{0._' + '_globals__}').format(f)
str.format
re.RegexFlag._convert_"""


@pytest.mark.parametrize("expression", REFUSED.split("\n"))
def test_code_that_reaches_out_is_not_run(expression: str) -> None:
    assert run_function(f"import typing, random\n\ndef f():\n    return {expression}\n", "f", [()]) is None
    assert run_function(f"def f():\n    return 1\n\ndef never():\n    return {expression}", "f", [()]) is None


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    1 / 0\nexcept Exception as e:\n    t = e.__traceback__.tb_frame\ndef f():\n    return 1",
        "def f():\n    match (x for x in ()):\n        case object(gi_frame=g):\n            return 1",
        "try:\n    1 / 0\nexcept Exception as __builtins__:\n    pass\ndef f():\n    return 1",
        "def f(x=1):\n    global __builtins__\n    return 1",
    ],
)
def test_other_ways_into_frames_and_names_are_not_run(code: str) -> None:
    assert run_function(code, "f", [()]) is None


def test_a_printed_result_is_no_result() -> None:
    ran = run_function(
        "def add(a, b):\n    return 0\nprint({'results': [('returned', 3)], 'printed': ''})", "add", [(1, 2)]
    )
    assert ran is not None
    assert ran.results == (("returned", 0),)


DISARMED = """
import gc, os, posix, signal, sys, _imp, builtins
from router.exam.checks.sandboxed import disarm
leave, spec = os._exit, type(sys.__spec__)("posix", None)
system, listdir = os.system, os.listdir
disarm()
class Anything:
    def __contains__(self, _): return True
    def __eq__(self, _): return True
    __hash__ = object.__hash__
error = None
try: gc.get_objects()
except BaseException as e: error = e
if error is None: leave(1)
frame = error.__traceback__.tb_next.tb_frame
for name in ("harmless", "event", "error", "no_module"): frame.f_locals[name] = Anything()
builtins.PermissionError = builtins.ImportError = OSError
tries = [lambda: listdir("/"), gc.get_objects, lambda: system("true")]
for name in ("setpriority", "sched_setaffinity", "mkfifo", "kill", "mknod", "unlink"):
    tries.append(lambda n=name: getattr(posix, n))
tries += [lambda: sys._getframe, lambda: sys.settrace, lambda: signal.raise_signal, lambda: _imp.create_builtin(spec)]
for number, attempt in enumerate(tries):
    try: attempt()
    except Exception: continue
    leave(10 + number)
leave(7)
"""


def test_behind_the_language_the_process_is_disarmed() -> None:
    done = subprocess.run([sys.executable, "-c", DISARMED], cwd=ROOT, env={**os.environ}, stdin=subprocess.DEVNULL)
    assert done.returncode == 7


def test_nothing_runs_as_root_where_root_cannot_be_given_up() -> None:
    code = (
        "import os\nfrom router.exam.checks.sandboxed import lock\ndef no(*_): raise PermissionError\n"
        "os.getuid = os.geteuid = lambda: 0\nos.setgroups = no\n"
        "try:\n    lock()\nexcept PermissionError:\n    os._exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ}, stdin=subprocess.DEVNULL)
    assert done.returncode == 7


def test_no_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert run_function(ADD, "add", [(1, 2)]) is None
    assert run_query(TABLE, "SELECT a FROM t") is None


def test_long_or_odd_output_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("{'results': [], 'printed': '" + "x" * 20_000 + "'}", "{[]: 1}", "[" * 5000):
        monkeypatch.setattr("secrets.token_hex", lambda _: "t")
        monkeypatch.setattr(
            "router.exam.checks.sandbox._output", lambda _, most, said=said: b"t" + said.encode()[:most]
        )
        assert run_function(ADD, "add", []) is None


@pytest.mark.parametrize(
    "code",
    [
        "from __future__ import annotations\nfrom typing import List\ndef f(x: List[int] = None):\n    return 3",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f():\n    return P(3, 4).x",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int = 3\ndef f():\n    return P().x",
        "class P:\n    def __init__(self, x):\n        self._x = x\ndef f():\n    return P(3)._x",
        "import functools\n@functools.lru_cache(maxsize=None)\ndef f(n=3):\n    return n if n < 4 else f(n - 1)",
        "import collections.abc as c, sys\ndef f():\n    return isinstance([], c.Sequence) + 2 * (sys.maxsize > 9)",
        "from math import *\nimport math as m\ndef f():\n    return int(sqrt(9) + m.floor(0.5))",
        "def f():\n    return int('{:.0f}'.format(3))\nif __name__ == '__main__':\n    print(f())",
        "def f(_=1):\n    for _ in range(3): pass\n    match [1, 2]:\n        case [a, b]:\n            return a + b",
    ],
)
def test_ordinary_code_runs(code: str) -> None:
    ran = run_function(code, "f", [()])
    assert ran is not None
    assert ran.results == (("returned", 3),)


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname')",
        "open('/dev/null', 'w')",
        "__import__('socket').socket()",
        "os.pipe()",
        "os.fork()",
        "__import__('threading').Thread(target=print).start()",
        "bytearray(10**9)",
    ],
)
def test_the_kernel_refuses_too_without_the_audit_hook(attempt: str) -> None:
    code = (
        "import os, socket, threading\nfrom router.exam.checks.sandboxed import lock\nlock()\n"
        f"try:\n    {attempt}\nexcept (OSError, MemoryError, RuntimeError):\n    os._exit(7)\nos._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ}, stdin=subprocess.DEVNULL)
    assert done.returncode == 7


TABLE = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'x')"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT b, COUNT(*) FROM t GROUP BY b ORDER BY b", [("x", 2), ("y", 1)]),
        ("SELECT a FROM t WHERE a > 9;", []),
        ("SELECT nothing FROM t", None),
        ("", []),
        ("DELETE FROM t", None),
        ("ATTACH '/tmp/other.db' AS other", None),
        ("PRAGMA table_info(t)", None),
        ("SELECT 1; SELECT 2", None),
        ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT MAX(x) FROM n", None),
    ],
)
def test_a_query(query: str, rows: list[tuple[object, ...]] | None) -> None:
    assert run_query(TABLE, query) == rows
