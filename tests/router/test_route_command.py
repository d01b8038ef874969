"""`slimgate route`: one text explained, or a file of them decided."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.config.settings import load_settings
from gateway.scoring.active_threshold import ActiveThreshold
from models.engine.native.machine import usable_cores
from models.engine.options import EngineOptions, FlashAttention
from models.engine.process.tuning import Setting, Trial, TuningCache
from router.artifact import load_artifact
from router.decision import Prompt
from tests.models.engine.tiny import tiny_model

run = CliRunner().invoke
PROOF = "Prove that there are infinitely many primes congruent to 3 modulo 4."


def test_a_text_is_explained() -> None:
    done = run(app, ["route", PROOF])
    assert done.exit_code == 0
    for words in ("cloud", "reason: score", "Threshold", "stay local", "Vocabulary coverage", "argument"):
        assert words in done.output


def test_a_model_that_was_tuned_here_has_an_estimate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "is known while it serves" in run(app, ["route", PROOF]).output
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SLIMGATE_LOCAL__MODEL_PATH", str(tiny_model()))
    monkeypatch.setattr("models.engine.process.tuning.SMALLEST_BYTES", 0)
    options = EngineOptions(tiny_model())
    setting = Setting(repack=False, flash_attention=FlashAttention.ON, n_ubatch=128, n_threads=usable_cores())
    TuningCache(tmp_path, options).record([Trial(setting, reads=2.0, writes=1.0)])
    slow = run(app, ["route", PROOF, "--threshold", "1.0001"]).output  # some 25 tokens at 2 a second
    assert slow.startswith("cloud (reason: load)")
    assert "An idle local model would take about 1" in slow
    monkeypatch.setenv("SLIMGATE_ROUTER__MAX_FIRST_TOKEN_S", "60")
    assert run(app, ["route", PROOF, "--threshold", "1.0001"]).output.startswith("local (reason: score)")


def test_a_threshold_to_try() -> None:
    assert run(app, ["route", PROOF, "--threshold", "0.99"]).output.startswith("local")


def test_the_configured_threshold_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_ROUTER__THRESHOLD", "0.99")
    assert run(app, ["route", PROOF]).output.startswith("local")


def test_the_threshold_that_was_applied_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path))
    ActiveThreshold.of(load_settings(serves=False), load_artifact()).apply(0.98, "dashboard")
    done = run(app, ["route", PROOF])
    assert done.output.startswith("local")
    assert "0.98" in done.output


def test_without_a_cloud_it_is_said_who_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No cloud is configured" in run(app, ["route", PROOF]).output
    monkeypatch.setenv("SLIMGATE_CLOUD__API_KEY", "sk-1234567890")
    assert "No cloud is configured" not in run(app, ["route", PROOF]).output


def test_what_may_not_leave_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_PRIVACY__DETECT", '["email"]')
    done = run(app, ["route", f"{PROOF} Write to anna@example.org."])
    assert done.output.startswith("local (reason: privacy)")
    assert "the detector found" in done.output


def test_markup_in_a_prompt_is_harmless() -> None:
    assert run(app, ["route", "[bold]what[/nothing] is [red]"]).exit_code == 0


def test_text_and_file_at_once_or_neither_is_refused(tmp_path: Path) -> None:
    assert run(app, ["route"]).exit_code == 2
    assert run(app, ["route", "hi", "--jsonl", str(tmp_path / "in")]).exit_code == 2


def test_lines_are_decided_in_order(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    messages = [{"role": "user", "content": PROOF}, {"role": "assistant", "content": "…"}]
    lines = [
        {"id": "a", "prompt": "hi"},
        {"id": 2, "messages": [*messages, {"role": "user", "content": "and why?"}]},
        {"id": None, "prompt": ""},
    ]
    path.write_text("\n\n".join(json.dumps(line) for line in lines))
    done = run(app, ["route", "--jsonl", str(path)])
    assert done.exit_code == 0, done.output
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [decision["id"] for decision in decisions] == ["a", 2, None]
    assert all(list(decision) == ["id", "route", "reason", "score", "threshold", "estimate"] for decision in decisions)
    assert [decision["route"] for decision in decisions[:2]] == ["local", "cloud"]
    assert decisions[0]["score"] == load_artifact().scorer.score(Prompt.from_text("hi"))


BAD = [
    "not json",
    "[]",
    '{"prompt": "no id"}',
    '{"id": 1}',
    '{"id": 1, "prompt": 7}',
    '{"id": 1, "messages": []}',
    '{"id": 1, "messages": [{"role": "nobody", "content": "x"}]}',
    "[" * 100_000,
    '{"id": 1, "prompt": "\xff',
]


def test_bad_lines_are_named_counted_and_not_fatal(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes("\n".join(["", *BAD, '{"id": "good", "prompt": "hi"}']).encode("latin-1"))
    done = run(app, ["route", "--jsonl", str(path)])
    assert done.exit_code == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["good"]
    for number in range(2, len(BAD) + 2):
        assert f"in.jsonl:{number}: " in done.stderr
    assert f"{len(BAD)} lines skipped" in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = run(app, ["route", "--jsonl", str(tmp_path / "nowhere.jsonl")], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert "nowhere.jsonl" in done.output.replace("\n", "")
