"""`slimgate audit`, and what other commands leave in the chain."""

import csv
import json
import sqlite3
import subprocess
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gateway.audit.chain import AuditChain, audit_keys
from gateway.cli.audit import print_entries
from gateway.config.settings import Settings
from gateway.ledger import Ledger
from tests.command import run
from tests.gateway.test_egress import LEFT, STAYED
from tests.gateway.test_ledger import OK

SECRET = "a-secret-of-at-least-32-characters"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder whose ledger has two entries."""
    settings = Settings(state_dir=tmp_path, secret=SECRET)
    ledger = Ledger(settings.ledger_url, tmp_path / "spool", chain=AuditChain.of(settings))
    ledger.start()
    ledger.record(replace(OK, id="req_left", egress=LEFT))
    ledger.record(replace(OK, id="req_stayed", egress=STAYED))
    ledger.flush()
    ledger.close()
    return tmp_path


def audit(state: Path, *arguments: str, secret: str = SECRET) -> subprocess.CompletedProcess[str]:
    return run("audit", *arguments, cwd=state, SLIMGATE_STATE_DIR=str(state), SLIMGATE_SECRET=secret)


def verified(state: Path, *arguments: str, **secret: str) -> tuple[int, dict[str, Any]]:
    done = audit(state, "verify", "--json", *arguments, **secret)
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answer


def test_a_whole_chain_exits_with_0_and_a_broken_one_with_1(state: Path) -> None:
    code, answer = verified(state)
    assert (code, answer["whole"], answer["entries"]) == (0, True, 2)
    assert verified(state, "--expect", answer["head"])[0] == 0
    with sqlite3.connect(state / "ledger.db") as connection:
        connection.execute("DELETE FROM audit WHERE seq = 1")
    code, answer = verified(state)
    assert (code, answer["finding"]["kind"], answer["finding"]["seq"]) == (1, "removed", 1)
    assert "broken (removed): entry 1 is removed" in audit(state, "verify").stdout


def test_a_secret_that_was_rotated_still_counts_and_another_does_not(state: Path) -> None:
    assert verified(state, secret=f"{'n' * 40}\n{SECRET}")[0] == 0
    code, answer = verified(state, secret="n" * 40)
    assert (code, answer["finding"]["kind"]) == (1, "wrong key")


def test_a_head_that_is_none_is_refused(state: Path) -> None:
    done = audit(state, "verify", "--expect", "2")
    assert (done.returncode, "SEQ:HASH" in done.stderr) == (2, True)


def test_entries_are_shown_in_words(state: Path) -> None:
    shown = audit(state, "show").stdout
    assert "1 bytes to cloud (m)" in " ".join(shown.split())
    assert "nothing left: privacy.local_only is set" in " ".join(shown.split())
    (entry,) = json.loads(audit(state, "show", "req_stayed", "--json").stdout)
    assert (entry["request_id"], entry["kind"]) == ("req_stayed", "private")
    assert audit(state, "show", "req_none").returncode == 1


def test_looking_changes_nothing_though_a_process_left_rows(state: Path) -> None:
    left = state / "spool" / "dead.jsonl"
    left.write_bytes(replace(OK, id="req_orphan", egress=LEFT).to_line())
    head = verified(state)[1]["head"]
    assert head.startswith("2:")
    assert len(json.loads(audit(state, "show", "--json").stdout)) == 2
    assert verified(state)[1]["head"] == head
    assert left.read_bytes()
    audit(state, "export")  # whose own entry is written, and with it the row that was left
    assert verified(state)[1]["head"].startswith("4:")


def test_a_place_without_a_ledger_stays_empty(tmp_path: Path) -> None:
    done = audit(tmp_path, "verify")
    assert (done.returncode, "There is no ledger at" in done.stderr) == (1, True)
    assert not list(tmp_path.iterdir())


REQUEST_ID = "req_0123456789ab0123456789abcdef"
ENTRY = {"seq": 12345, "at": "2026-11-27T12:00:00.000+00:00", "kind": "private", "request_id": REQUEST_ID}


@pytest.mark.parametrize("columns", [40, 80, 119, 120, 200])
def test_a_requests_id_is_never_cut(columns: int) -> None:
    output = StringIO()
    console = Console(file=output, force_terminal=True, color_system=None, width=columns)
    print_entries([{**ENTRY, "body": {"egress": json.loads(STAYED)}}], console)
    assert REQUEST_ID in output.getvalue()
    assert "nothing left: privacy.local_only is set" in " ".join(output.getvalue().split())


def test_in_a_pipe_each_entry_is_one_line(state: Path) -> None:
    shown = run("audit", "show", cwd=state, COLUMNS="20", SLIMGATE_STATE_DIR=str(state), SLIMGATE_SECRET=SECRET)
    heading, *lines = shown.stdout.splitlines()
    assert heading.split()[0] == "no."
    assert ["req_left" in lines[0], "req_stayed" in lines[1], len(lines)] == [True, True, 2]
    assert lines[1].rstrip().endswith("nothing left: privacy.local_only is set")


def test_an_export_has_everything_and_is_an_entry_itself(state: Path) -> None:
    lines = [json.loads(line) for line in audit(state, "export").stdout.splitlines()]
    assert [(line["seq"], line["kind"]) for line in lines] == [(1, "egress"), (2, "private"), (3, "admin")]
    assert lines[2]["body"]["action"] == "audit exported"
    assert lines[2]["body"]["who"].startswith("command line (")
    table = list(csv.DictReader(audit(state, "export", "--format", "csv").stdout.splitlines()))
    assert json.loads(table[0]["body"])["egress"] == json.loads(LEFT)
    assert audit(state, "export", "--until", "2001-01-01").stdout == ""


def test_a_classifier_is_chosen_on_the_record(state: Path) -> None:
    chosen = run("artifacts", "use", "shipped", cwd=state, SLIMGATE_STATE_DIR=str(state), SLIMGATE_SECRET=SECRET)
    assert chosen.returncode == 0, chosen.stderr
    newest = json.loads(audit(state, "show", "--limit", "1", "--json").stdout)[0]["body"]
    assert (newest["action"], newest["version"], newest["before"]) == ("classifier chosen", "shipped", "shipped")
    refused = run("artifacts", "use", "none", cwd=state, SLIMGATE_STATE_DIR=str(state), SLIMGATE_SECRET=SECRET)
    assert refused.returncode == 2
    assert json.loads(audit(state, "show", "--limit", "1", "--json").stdout)[0]["body"] == newest


def test_keys_come_from_the_secret_in_use_and_the_older_ones() -> None:
    new, both = Settings(secret="n" * 40), Settings(secret=f"{'n' * 40}\n{'o' * 40}")
    assert audit_keys(both)[0] == audit_keys(new)[0]
    assert len(audit_keys(both)) == 2
