"""The upgrade drill: its arithmetic notices what goes wrong, and this version can take its own place."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.upgrade.__main__ import drill
from benchmarks.upgrade.callers import Answer
from benchmarks.upgrade.counting import INPUT_NUSD, OUTPUT_NUSD
from benchmarks.upgrade.invariants import Row, findings
from benchmarks.upgrade.versions import HERE, VersionError, version
from tests.deploy.reverse_proxies import program

PROMPT = 11


class Books:
    """What callers, ledger and provider know of three answers; all agree."""

    def __init__(self) -> None:
        words = {"req_1": 4, "req_2": 25, "req_3": 8}
        self.answers = [Answer(n, id != "req_3", 0.0, 1.0, id) for id, n in words.items()]
        self.rows = [Row(id, "ok", PROMPT, n, PROMPT * INPUT_NUSD + n * OUTPUT_NUSD) for id, n in words.items()]
        self.billed = [(PROMPT, n) for n in words.values()]

    def broken(self) -> list[str]:
        return [each.name for each in findings(self.answers, self.rows, self.billed) if not each.passed]


def cut(books: Books) -> None:
    books.answers[0].failure = "cut after 2 words"


def never_ended(books: Books) -> None:
    books.answers[2].ended_s = None


def lost_row(books: Books) -> None:
    del books.rows[1]


def doubled_row(books: Books) -> None:
    books.rows.append(books.rows[1])


def foreign_row(books: Books) -> None:
    books.rows[1] = replace(books.rows[1], id="req_9")


def open_row(books: Books) -> None:
    books.rows[1] = replace(books.rows[1], outcome="interrupted")


def sent_twice(books: Books) -> None:
    books.billed.append(books.billed[0])


def fewer_tokens(books: Books) -> None:
    books.rows[0] = replace(books.rows[0], completion_tokens=3)


def no_price(books: Books) -> None:
    books.rows[0] = replace(books.rows[0], cost_nusd=None)


ROWS, MONEY = "one row for each request", "money as owed"


@pytest.mark.parametrize(
    ("harm", "broken"),
    [
        (lambda _books: None, []),
        (cut, ["no stream is cut or refused"]),
        (never_ended, ["no other request fails"]),
        (lost_row, [ROWS, MONEY]),
        (doubled_row, [ROWS, MONEY]),
        (foreign_row, [ROWS, "tokens as answered"]),
        (open_row, [ROWS]),
        (sent_twice, ["no request is sent twice", MONEY]),
        (fewer_tokens, ["tokens as answered"]),
        (no_price, [MONEY]),
    ],
)
def test_what_went_wrong_is_noticed(harm: Callable[[Books], None], broken: list[str]) -> None:
    books = Books()
    harm(books)
    assert books.broken() == broken


def test_a_version_is_a_command_a_folder_or_a_commit(tmp_path: Path) -> None:
    command = tmp_path / "slimgate"
    command.touch(0o755)
    with version(str(command), tmp_path / "one") as installed:
        assert installed.command == (str(command),)
        assert "PYTHONPATH" not in installed.environment()
    with version(str(HERE), tmp_path / "two") as source:
        assert source.environment()["PYTHONPATH"] == str(HERE)
    with (
        pytest.raises(VersionError, match="no-such-thing is no command, no folder"),
        version("no-such-thing", tmp_path / "three"),
    ):
        pass


@pytest.mark.slow
def test_this_version_takes_its_own_place_under_load(tmp_path: Path) -> None:
    program("nginx")
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("no initdb found: apt-get install postgresql")
    options = Namespace(old=str(HERE), new=str(HERE), callers=12, phase=1.0, drain=1.5, pause=0.02)
    assert [finding for finding in drill(tmp_path, options) if not finding.passed] == []
