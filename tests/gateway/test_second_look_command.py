"""`slimgate second-look`: what confidence sends which share of one's own traffic to the cloud."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.ledger.cascade_result import CascadeResult
from router.confidence import CascadeVerdict
from tests.gateway import seed
from tests.gateway.test_feedback import judge

Command = Callable[..., Any]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["second-look", *arguments])


def look(path: Path, confidences: Sequence[float]) -> None:
    """Answers that were measured and went on; callers judged each third: the unsure ones not."""
    like = next(row for row in seed.traffic(50, 0) if row.route == "local" and row.reason == "score")
    now_ms = time.time_ns() // 1_000_000
    rows = [
        replace(
            like,
            id=f"looked{number}",
            created_ms=now_ms - number,
            second_look=CascadeResult(CascadeVerdict.WENT_ON, confidence, 100.0 + number, seed.LOCAL_MODEL).to_json(),
        )
        for number, confidence in enumerate(confidences)
    ]
    seed.write(path / "ledger.db", rows)
    unsure = {row.id for row, confidence in zip(rows, confidences, strict=True) if confidence < 0.3}
    judge(path, rows[::3], lambda _number, row: row.id in unsure)  # known already, so only the word is new


def test_before_any_it_says_how_to_begin(command: Command) -> None:
    assert "router.second_look.band" in command().stdout


def test_few_are_no_ground_for_a_value(command: Command, tmp_path: Path) -> None:
    look(tmp_path, [0.5] * 12)
    assert json.loads(command("--json").stdout)["candidates"] == []
    assert "8 more are needed" in command().stdout


def test_a_share_gives_the_value_that_sends_it_to_the_cloud(command: Command, tmp_path: Path) -> None:
    confidences = [number / 300 for number in range(300)]
    look(tmp_path, confidences)
    told = json.loads(command("--json", "--escalate", "0.3").stdout)
    (candidate,) = told["candidates"]
    assert (told["second_looks"], told["went_on"], told["escalated"]) == (300, 300, 0)
    assert sum(confidence < candidate["least_confidence"] for confidence in confidences) / 300 == pytest.approx(
        0.3, abs=0.01
    )
    assert [candidate[f"judged_{side}"] for side in ("below", "above")] == pytest.approx([30, 70], abs=2)
    assert [candidate[f"failed_{side}"] for side in ("below", "above")] == pytest.approx([30, 0], abs=2)


def test_the_table_says_what_judged_answers_did(command: Command, tmp_path: Path) -> None:
    look(tmp_path, [number / 300 for number in range(300)])
    shown = command().stdout
    assert "300 second looks" in shown
    assert "0 of" in shown
    assert "not the probability that the answer is good enough" in shown


def test_a_share_of_all_is_refused(command: Command) -> None:
    refused = command("--escalate", "1")
    assert refused.exit_code == 2
    assert "--escalate" in refused.stderr
