"""`slimgate calibrate` on a ledger: the traffic that came, and what callers said of it."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.scoring.active_threshold import ActiveThreshold, threshold_default
from router.artifact import load_artifact
from tests.gateway import seed
from tests.gateway.test_feedback import judge

THRESHOLD = 0.6


@pytest.fixture
def calibrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command on a ledger of 2,000 requests of which the score decided, at `THRESHOLD`, all but a few."""
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    rows = seed.traffic(2000, time.time_ns() // 1_000_000, days=10)
    seed.write(tmp_path / "ledger.db", rows)
    return lambda *arguments: CliRunner().invoke(app, ["calibrate", "--ledger", *arguments])


def say_of_answers(path: Path, n: int) -> None:
    """`n` local answers judged at the threshold `THRESHOLD`: below 0.3 one in fifty fails, above one in three."""
    row = next(row for row in seed.traffic(50, 0) if row.route == "local" and row.reason == "score")
    now_ms = time.time_ns() // 1_000_000
    scores = [number / n * THRESHOLD for number in range(n)]
    rows = [
        replace(row, id=f"judged{i}", created_ms=now_ms, score=score, threshold=THRESHOLD)
        for i, score in enumerate(scores)
    ]
    judge(path, rows, lambda number, row: number % 50 == 0 if row.score < 0.3 else number % 3 == 0)


def test_feedback_gives_a_line_with_a_guarantee(calibrate: Any, tmp_path: Path) -> None:
    say_of_answers(tmp_path, 800)
    outcome = json.loads(calibrate("--max-failure-rate", "0.05", "--confidence", "0.9", "--json").stdout)
    assert 0.25 <= outcome["threshold"] <= 0.32
    assert outcome["failure_rate_interval"][0] < outcome["failure_rate"] < outcome["failure_rate_interval"][1] < 0.07
    assert 0.2 < outcome["local_share"] < 0.7
    assert outcome["usd_per_month"] > 0
    assert "800 local answers that callers judged" in outcome["judged_on"]


def test_no_line_is_offered_where_nothing_could_be_judged(calibrate: Any, tmp_path: Path) -> None:
    """Every answer judged was good, but none above the threshold of that time: nothing is known of those."""
    row = next(row for row in seed.traffic(50, 0) if row.route == "local" and row.reason == "score")
    now_ms = time.time_ns() // 1_000_000
    rows = [replace(row, id=f"j{i}", created_ms=now_ms, score=i / 1000, threshold=0.4) for i in range(400)]
    judge(tmp_path, rows, lambda _number, _row: False)
    done = calibrate("--max-failure-rate", "0.05")
    assert "Then: threshold 0.4:" in done.stdout
    assert "nothing is known of thresholds above 0.4" in done.stdout


def test_too_little_feedback_says_how_much_more(calibrate: Any, tmp_path: Path) -> None:
    say_of_answers(tmp_path, 40)
    done = calibrate("--max-failure-rate", "0.05")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "more are needed" in done.stderr


def test_without_feedback_it_says_how_to_get_some(calibrate: Any) -> None:
    done = calibrate("--max-failure-rate", "0.05")
    assert done.exit_code == 2
    assert "/v1/feedback" in done.output


def test_a_share_counts_what_rules_send_to_the_cloud(calibrate: Any) -> None:
    outcome = json.loads(calibrate("--cloud-share", "0.3", "--json").stdout)
    assert 0.7 <= outcome["local_share"] < 0.72
    assert outcome["before"]["threshold"] == load_artifact().threshold
    hopeless = calibrate("--cloud-share", "0.05")  # 13 % are pinned to it, or need what the local model lacks
    assert (hopeless.exit_code, hopeless.stdout) == (1, "")
    assert "rules (pins, tools, long prompts) alone send" in hopeless.stderr


def test_a_budget_is_kept_or_said_to_be_out_of_reach(calibrate: Any) -> None:
    everything = json.loads(calibrate("--cloud-share", "1", "--json").stdout)["usd_per_month"]
    outcome = json.loads(calibrate("--budget-usd-per-month", str(everything / 2), "--json").stdout)
    assert 0.49 * everything < outcome["usd_per_month"] <= 0.5 * everything
    assert calibrate("--budget-usd-per-month", str(everything / 50)).exit_code == 1


def test_what_was_applied_while_running_is_what_is_in_force(calibrate: Any, tmp_path: Path) -> None:
    default = threshold_default(None, load_artifact())
    ActiveThreshold(tmp_path / "threshold.json", *default).apply(0.33, by="me")
    assert "Now:  threshold 0.33:" in calibrate("--cloud-share", "0.3").stdout
