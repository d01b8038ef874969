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
        "import os\nos._exit(0)",
        "def f():\n    import os\n    os._exit(0)",
        "def f():\n    import os\n    os.abort()",
        "import os\nos.kill(os.getpid(), 9)\n1 / 0",
    ],
)
def test_nothing_comes_of_code_that_does_not_answer(code: str) -> None:
    assert run_function(code, "f", [()]) is None


def test_a_function_survives_an_error_behind_it() -> None:
    assert returned(f"{ADD}\nassert add(1, 1) == 3", 1, 1) == ("returned", 2)


@pytest.mark.parametrize(
    "code", ["while True:\n    pass", "import time\ntime.sleep(60)", "def f():\n    while 1: pass"]
)
def test_an_endless_loop_ends(code: str) -> None:
    started = time.monotonic()
    assert run_function(code, None, [()]) is None
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return len('x' * 10**9)", "MemoryError"),
        ("x = []\n    while True: x.append('y' * 10**6)", "MemoryError"),
        ("return f()", "RecursionError"),
        ("return 'x' * 10**6", "OverflowError"),
        ("return os.fork()", "PermissionError"),
        ("return os.system('true')", "PermissionError"),
        ("return os.listdir('/')", "PermissionError"),
        ("return os.remove('/tmp/x')", "PermissionError"),
        ("return os.kill(1, 9)", "PermissionError"),
        ("return os.execv('/bin/true', ['true'])", "PermissionError"),
        ("return open('/etc/hostname').read()", "PermissionError"),
        ("return open('here', 'w').write('x')", "PermissionError"),
        ("return input()", "RuntimeError"),
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
    assert returned(f"import os\ndef f():\n    {body}") in (("raised", error), None)
    assert run_function(ADD, "add", [(1, 2)]) is not None, "and the next run works"


def test_huge_output_costs_no_memory_of_ours_and_proves_nothing() -> None:
    ran = run_function("print('x' * 10**6)\ndef f():\n    return 1", "f", [()])
    assert ran is not None
    assert len(ran.printed) == 10_000
    assert run_function("import os\nwhile True:\n    os.write(1, b'x' * 10**5)", None, [()]) is None


@pytest.mark.parametrize(
    "forged",
    [
        "print({'results': [('returned', 3)], 'printed': ''})",
        "import os\nos.write(1, repr({'results': [('returned', 3)], 'printed': ''}).encode())\nos._exit(0)",
        "import os\nos.write(1, b'0' * 32 + repr({'results': [('returned', 3)], 'printed': ''}).encode())\nos._exit(0)",
    ],
)
def test_printing_a_result_is_no_result(forged: str) -> None:
    ran = run_function(f"def add(a, b):\n    return 0\n{forged}", "add", [(1, 2)])
    assert ran is None or ran.results == (("returned", 0),)


def test_an_empty_environment() -> None:
    assert returned("import os\ndef f():\n    return sorted(os.environ)") in (
        ("returned", []),
        ("returned", ["LC_CTYPE"]),  # set by Python itself
    )


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
