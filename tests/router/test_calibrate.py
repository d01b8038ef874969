"""The guarantee holds in simulation, and the command says what it found so that anybody can read it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from typer.testing import CliRunner

from gateway.cli import app
from router.artifact import load_artifact
from router.errors import DatasetError
from router.training.calibrate import (
    Infeasible,
    LabelledScores,
    exact_interval,
    threshold_for_failure_rate,
    threshold_for_share,
)
from router.training.labels import read_labels
from router.training.seed_prompts import seed_prompts

run = CliRunner().invoke
Floats = np.ndarray
ANY = np.array([1.01])
"""A line above every score: each prompt could get a label."""

N_CALIBRATIONS = 400
CHANCE = 3 * np.sqrt(0.1 * 0.9 / N_CALIBRATIONS)
"""Three standard errors of the share that breaks, where one in ten does."""


def violations(
    failure: Callable[[Floats], Floats],
    n: int,
    rate: float,
    confidence: float,
    soft: bool = False,
    thresholds: Floats = ANY,
) -> float:
    """Share of `N_CALIBRATIONS` whose threshold lets more than `rate` of the local answers fail in truth."""
    rng = np.random.default_rng(11)
    everywhere = failure((np.arange(20_000) + 0.5) / 20_000)
    true_rate = np.cumsum(everywhere) / np.arange(1, 20_001)
    broken = 0
    for _ in range(N_CALIBRATIONS):
        limits = rng.choice(thresholds, n)  # the threshold at that time: no prompt above it could get a label
        scores = rng.random(n) * np.minimum(limits, 1)
        chance = failure(scores)
        failed = rng.beta(0.5 * chance, 0.5 * (1 - chance)) if soft else (rng.random(n) < chance).astype(float)
        try:
            threshold = threshold_for_failure_rate(LabelledScores(scores, failed, limits), rate, confidence).threshold
        except Infeasible:
            continue
        broken += true_rate[min(20_000, round(threshold * 20_000)) - 1] > rate
    return broken / N_CALIBRATIONS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "failure", "soft"),
    [
        ("calibrated scores", lambda score: 0.3 * score, False),
        ("scores worth nothing, just above the limit", lambda score: np.full_like(score, 0.101), False),
        ("scores that are wrong way round", lambda score: 0.15 - 0.1 * score, False),
        ("a cliff in the middle", lambda score: np.where(score < 0.5, 0.04, 0.5), False),
        ("soft labels", lambda score: 0.3 * score, True),
    ],
)
def test_the_bound_breaks_no_more_often_than_promised(
    name: str, failure: Callable[[Floats], Floats], soft: bool
) -> None:
    """Simulated calibrations at 90 % confidence: at most one in ten may break, and what chance adds."""
    assert violations(failure, 600, 0.1, 0.9, soft) <= 0.1 + CHANCE, name


@pytest.mark.slow
def test_the_bound_holds_where_the_line_has_been_moved() -> None:
    """Most labels come from a low threshold. Counted at higher ones too, they would make those look good."""
    thresholds = np.array([0.3, 0.3, 0.3, 0.8])
    assert violations(lambda score: 0.3 * score, 600, 0.1, 0.9, thresholds=thresholds) <= 0.1 + CHANCE


def test_a_calibration_uses_what_the_labels_allow() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(4000)
    failed = (rng.random(4000) < 0.3 * scores).astype(float)
    found = threshold_for_failure_rate(LabelledScores(scores, failed), 0.1, 0.95)
    assert 0.5 < found.threshold < 0.75  # in truth 0.15 t of those below t fail, so 0.1 is reached at two thirds
    assert found.low < found.failure_rate < found.high
    assert found.n_local == (scores < found.threshold).sum()


def test_too_few_labels_say_how_many_more() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(Infeasible, match=r"about \d+ more are needed") as caught:
        threshold_for_failure_rate(LabelledScores(rng.random(40), np.zeros(40)), 0.05, 0.95)
    more = caught.value.more_labels
    assert more is not None
    found = threshold_for_failure_rate(LabelledScores(rng.random(40 + more), np.zeros(40 + more)), 0.05, 0.95)
    assert found.local_share > 0


def test_a_hopeless_wish_says_so() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(Infeasible, match="more labels alone will not help"):
        threshold_for_failure_rate(LabelledScores(rng.random(2000), (rng.random(2000) < 0.4).astype(float)), 0.05, 0.95)


@pytest.mark.parametrize(("failures", "n"), [(0, 10), (3, 20), (20, 20), (1, 1000)])
def test_the_interval_is_clopper_and_pearsons(failures: int, n: int) -> None:
    expected = binomtest(failures, n).proportion_ci(0.95, "exact")
    assert exact_interval(failures, n, 0.95) == pytest.approx((expected.low, expected.high))


@given(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.9]), min_size=1), st.floats(0, 1))
def test_a_share_is_never_exceeded_and_nearly_reached(scores: list[float], share: float) -> None:
    values = np.array(scores)
    threshold = threshold_for_share(values, share)
    sent = (values >= threshold).mean()
    assert sent <= share + 1e-9
    next_lower = values[values < threshold]
    if len(next_lower):
        assert (values >= next_lower.max()).mean() > share - 1e-9


def test_a_share_of_weighted_prompts() -> None:
    scores, weights = np.array([0.9, 0.5, 0.1]), np.array([2.0, 1.0, 1.0])
    assert threshold_for_share(scores, 0.5, weights) == 0.9
    assert threshold_for_share(scores, 0.4, weights) > 0.9
    assert threshold_for_share(scores, 1, weights) == 0.1


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Errands done well, hard requests failed: 400 of them."""
    lines = []
    for n, (prompt, failure) in enumerate(seed_prompts("train") * 2):
        messages = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
        lines.append(json.dumps({"messages": messages, "local_ok": failure < 0.4 or n % 10 == 0}))
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_the_command_with_labels(labels: Path) -> None:
    done = run(app, ["calibrate", "--max-failure-rate", "0.2", "--confidence", "0.9", "--labels", str(labels)])
    assert done.exit_code == 0, done.output
    for words in ("stay local", "95 % interval", "With 90% confidence at most 20.0%", "SLIMGATE_ROUTER__THRESHOLD="):
        assert words in done.output


def test_the_command_as_json(labels: Path) -> None:
    done = run(app, ["calibrate", "--cloud-share", "0.25", "--labels", str(labels), "--json"])
    outcome = json.loads(done.stdout)
    assert outcome["artifact"] == load_artifact().version
    assert 0.75 <= outcome["local_share"] < 0.8
    assert outcome["before"]["threshold"] == load_artifact().threshold


def test_an_infeasible_wish_is_an_error_and_no_number(labels: Path) -> None:
    done = run(app, ["calibrate", "--max-failure-rate", "0.001", "--labels", str(labels)])
    assert done.exit_code == 1
    assert "more are needed" in done.stderr
    assert not done.stdout


def test_a_budget_is_kept() -> None:
    command = ["calibrate", "--requests-per-month", "100000", "--usd-per-request", "0.002", "--json"]
    done = run(app, [*command, "--budget-usd-per-month", "50"])
    outcome = json.loads(done.stdout)
    assert 45 < outcome["usd_per_month"] <= 50
    assert outcome["usd_per_month"] == pytest.approx((1 - outcome["local_share"]) * 200)
    nothing = json.loads(run(app, [*command, "--budget-usd-per-month", "0"]).stdout)
    assert nothing["local_share"] == 1


def test_without_labels_it_says_that_the_prompts_are_not_yours() -> None:
    assert "not your traffic" in run(app, ["calibrate", "--cloud-share", "0.5"]).output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Give one of"),
        (["--cloud-share", "0.1", "--budget-usd-per-month", "3"], "Give one of"),
        (["--budget-usd-per-month", "3"], "--requests-per-month"),
        (["--max-failure-rate", "1.5"], "between 0 and 1"),
        (["--cloud-share", "0.1", "--ledger", "--labels", "x"], "not both"),
    ],
)
def test_wishes_that_make_no_sense(arguments: list[str], words: str) -> None:
    done = run(app, ["calibrate", *arguments])
    assert done.exit_code == 2
    assert words in " ".join(done.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "labels.jsonl:2"),
        ("[]", "JSON object"),
        ('{"prompt": "x"}', "'local_ok' must be true or false"),
        ('{"prompt": "x", "local_ok": 1}', "'local_ok' must be true or false"),
        ('{"prompt": "x", "local_ok": true, "cloud_ok": "yes"}', "'cloud_ok'"),
        ('{"local_ok": true}', "is missing"),
        ('{"messages": [], "local_ok": true}', "is missing"),
        ('{"messages": ["x"], "local_ok": true}', "'role' and 'content'"),
    ],
)
def test_a_bad_label_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"prompt": "fine", "local_ok": true}\n' + line)
    with pytest.raises(DatasetError, match=words):
        read_labels(path)


def test_labels_take_content_parts(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "image_url"}, {"type": "text", "text": "two"}]
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps({"messages": [{"role": "user", "content": parts}], "local_ok": True, "cloud_ok": False}))
    (label,) = read_labels(path)
    assert label.prompt.turns[0].text == "one\ntwo"
    assert label.cloud_ok is False


def test_no_labels_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DatasetError, match="no labels"):
        read_labels(tmp_path / "empty.jsonl")
    with pytest.raises(DatasetError, match="nowhere"):
        read_labels(tmp_path / "nowhere.jsonl")
