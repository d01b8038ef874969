"""Code: items are sound, every solution and every bug is what it should be, and answers are judged by what they do."""

import pytest

from router.exam.families.code import (
    _REGEXES,
    _TASKS,
    FAMILY,
    Task,
    _solution,
    finds,
    matches,
    patterns,
    same,
    sources,
    tells_output,
    works,
)
from tests.router.exam.families.common import every_item_is_sound


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.head)
def test_tasks(task: Task) -> None:
    assert works(_solution(task, 7), task, 7)
    if task.bug:
        assert _solution(task, 7, task.bug) != _solution(task, 7)
        assert not works(_solution(task, 7, task.bug), task, 7)


LARGER = _TASKS[0]


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("def larger(a, b):\n    return max(a, b)", True),
        ("```python\ndef larger(a, b):\n    return max(a, b)\n```", True),
        ("Sure! Here it is:\n\n```python\ndef larger(a, b):\n    return max(a, b)\n```\nIt uses max.", True),
        ("```python\ndef bigger(x, y):\n    if x > y:\n        return x\n    return y\n\nprint(bigger(1, 2))\n", True),
        ("def larger(a, b):\n    return max(a, b)\n\nThis function returns the larger one.", True),
        ("larger = lambda a, b: max(a, b)", False),
        ("```\nlarger = lambda a, b: max(a, b)\n```", True),
        ("def larger(a, b):\n    print(max(a, b))", False),
        ("def larger(a, b):\n    return a", False),
        ("def larger(a, b)\n    return max(a, b)", False),
        ("Use the built-in function max(a, b).", False),
        ("def larger(a, b):\n    while True: pass", False),
        ("", False),
    ],
)
def test_functions(answer: str, right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.exam.checks.sandbox.WALL_S", 0.5 if "while" in answer else 3.0)
    assert works(answer, LARGER, 2) is right


def test_a_number_beyond_all_floats_is_not_the_same() -> None:
    assert not same("returned", 10**400, 2.5)


def test_warnings_about_the_code_are_not_ours(recwarn: pytest.WarningsRecorder) -> None:
    assert sources("def f():\n    return 1 is 1") == ["def f():\n    return 1 is 1"]
    assert not recwarn.list


@pytest.mark.parametrize(
    ("answer", "printed", "right"),
    [
        ("15", "15", True),
        ("The code prints 15.", "15", True),
        ("x is 7 and y is 8, so it prints **15**", "15", True),
        ("```\n15\n```", "15", True),
        ("It prints 7, 8 and so on", "15", False),
        ("115", "15", False),
        ("15.5", "15", False),
        ("15 or 16", "15", False),
        ("[2, 4]", "[2, 4]", True),
        ("The output will be `[2, 4]`.", "[2, 4]", True),
        ("[2, 4, 6]", "[2, 4]", False),
        ("It prints BANANA.", "BANANA", True),
        ("banana", "BANANA", False),
        ("", "15", False),
    ],
)
def test_outputs(answer: str, printed: str, right: bool) -> None:
    assert tells_output(answer, printed, "print(x + y)") is right


@pytest.mark.parametrize(
    ("answer", "pattern"),
    [
        (r"\d+", r"\d+"),
        (r"`\d+`", r"\d+"),
        (r"You can use `^\d+$` for that.", r"^\d+$"),
        ("```regex\n\\d+\n```", r"\d+"),
        ("```python\nimport re\nre.match(r'\\d+', x)\n```", r"\d+"),
        (r"The regex is: \d+", r"\d+"),
        (r"/\d+/", r"\d+"),
    ],
)
def test_patterns(answer: str, pattern: str) -> None:
    assert patterns(answer)[0] == pattern


@pytest.mark.parametrize(
    ("answer", "right"),
    [(r"`\d+`", True), (r"`^[0-9]+$`", True), (r"`\d*`", False), (r"`[a-z]+`", False), ("`(`", False)],
)
def test_matching(answer: str, right: bool) -> None:
    assert matches(answer, [("12", True), ("", False), ("x", False)]) is right


@pytest.mark.parametrize("row", [row for row in _REGEXES if row[3]], ids=lambda row: row[1])
def test_our_own_patterns(row: tuple[int, str, str, str, str]) -> None:
    tries = [*((each, True) for each in row[3].split()), *((each, False) for each in row[4].split())]
    assert matches(f"`{row[2]}`", tries)


SCRIPT = "CREATE TABLE t (name, age); INSERT INTO t VALUES ('Bo', 30), ('Al', 20);"


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("SELECT name FROM t", True),
        ("```sql\nSELECT name\nFROM t\nORDER BY name;\n```\nThis query lists them.", True),
        ("You can use: SELECT t.name FROM t;", True),
        ("`select name from t`", True),
        ("SELECT * FROM t", False),
        ("SELECT name FROM t WHERE age > 25", False),
        ("SELECT name FROM people", False),
        ("Use a query.", False),
    ],
)
def test_queries(answer: str, right: bool) -> None:
    assert finds(answer, SCRIPT, "SELECT name FROM t") is right
