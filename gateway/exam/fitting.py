"""From graded answers to marks: the report card, and the classifier that scores requests for this model.

::

    state_dir/exam/KEY/marks.json                     what is shown
    state_dir/exam/KEY/classifiers/9a1cf4799fec/      as `router.artifact` writes it
    state_dir/exam/KEY/classifiers/in-use             its version; running gateways look at it twice a second

It runs in the examining process, never in the gateway's: it imports scikit-learn.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit

from gateway.exam.due import FEWEST_ANSWERS
from gateway.marks.record import Record
from gateway.scoring.model_at_hand import IN_USE
from models.host.private_files import private_folder, tighten, write_atomically
from router.artifact import Artifact, load_artifact, load_pipeline, save_artifact
from router.exam.ability import Ability, Floats, shares
from router.exam.catalogue import item
from router.exam.graded import Graded
from router.exam.item import EXAM_VERSION, LANGUAGES, LEVELS, Family
from router.second_look import BegunScorer
from router.threshold import expectation
from router.training.exam import CONFIDENCE, Learnt, learn
from router.training.exam_families import family_matcher
from router.training.exam_study import Study

INTERVAL = 1.645
"""Standard deviations on each side of a 90 % interval."""

FAILURES_SHOWN = 3
"""Of each family, on the report card."""

CLASSIFIERS_KEPT = 2
"""The one in use, and the one before: another process may be loading it."""


def make_marks(
    record: Record, families: Mapping[str, Family], *, max_failure_rate: float, at_once: int, is_complete: bool
) -> dict[str, Any] | None:
    """Fit, write everything down, and return the marks; None where there are too few answers.

    Parameters
    ----------
    families : mapping of str to Family
        Those that the model is examined in.
    max_failure_rate : float in (0, 1)
        The share of local answers that may fail at the default threshold.
    at_once : int
        Items that were asked at the same time.
    is_complete : bool
        Whether the exam is at its end.
    """
    answers = [answer for answer in record.answers() if answer.key.family in families]
    if len(answers) < FEWEST_ANSWERS:
        return None
    study = Study(families, load_pipeline())
    learnt = learn(study, answers, max_failure_rate)
    artifact = _installed(record.classifiers, study, learnt, answers, record.model)
    marks = {
        "object": "exam_marks",
        "exam_version": EXAM_VERSION,
        "model": {name: record.model.get(name) for name in ("key", "name", "quantisation", "size_bytes")},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "is_complete": is_complete,
        **_estimate(answers, learnt.ability, shares(learnt.ability.model.cells)),
        "total_s": round(sum(answer.total_s for answer in answers) / at_once, 1),
        "prompt_tokens": sum(answer.prompt_tokens for answer in answers),
        "completion_tokens": sum(answer.completion_tokens for answer in answers),
        "speeds": _speeds(answers),
        "families": _families(study, answers, learnt.ability, artifact),
        "languages": _languages(answers, learnt.ability),
        "classifier": {
            "version": artifact.version,
            "threshold": learnt.threshold.value,
            "max_failure_rate": max_failure_rate,
            "is_guaranteed": learnt.threshold.is_guaranteed,
            "confidence": CONFIDENCE,
            "local_share": learnt.threshold.local_share,
            "failure_rate": learnt.threshold.failure_rate,
            "auc": learnt.auc,
            "calibration_error": learnt.calibration_error,
            "auc_unlike": learnt.auc_unlike,
        },
        "second_look": learnt.begun and _second_look(learnt.begun),
    }
    write_atomically(record.folder / "marks.json", json.dumps(marks, ensure_ascii=False, indent=1).encode())
    return marks


def _installed(
    folder: Path, study: Study, learnt: Learnt, answers: Sequence[Graded], model: Mapping[str, Any]
) -> Artifact:
    """The classifier in its folder, in use from here on."""
    new = private_folder(folder) / f".new-{os.getpid()}"
    shutil.rmtree(new, ignore_errors=True)
    validation = {"exam": np.round(np.column_stack([learnt.scores, learnt.failed]), 6).tolist()}
    card = _card(learnt, len(answers), str(model.get("name")))
    version = save_artifact(new, learnt.pipeline, validation, card, family_matcher(study, answers))
    if (folder / version).exists():  # it may be damaged
        shutil.rmtree(folder / version)
    new.rename(folder / version)
    tighten(folder / version)
    write_atomically(folder / IN_USE, f"{version}\n".encode())
    _forget_old(folder)
    return load_artifact(folder / version)


def _card(learnt: Learnt, n_answers: int, model: str) -> dict[str, Any]:
    threshold = learnt.threshold
    judged = {"exam": list(zip(learnt.scores, learnt.failed, strict=True))}
    return {
        "target": f"probability that {model} fails",
        "exam": {"version": EXAM_VERSION, "n": n_answers, "model": model},
        "auc": learnt.auc,
        "calibration_error": learnt.calibration_error,
        "threshold": threshold.value,
        "threshold_means": expectation(threshold.value, judged).sentence(),
        "begun": learnt.begun and learnt.begun.to_json(),
    }


def _second_look(begun: BegunScorer) -> dict[str, Any]:
    names = ("pays", "auc_without", "auc_with", "auc_unlike_without", "auc_unlike_with")
    return {name: getattr(begun, name) for name in names}


def _forget_old(folder: Path) -> None:
    by_age = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in by_age[:-CLASSIFIERS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def _estimate(answers: Sequence[Graded], ability: Ability, weights: Floats) -> dict[str, Any]:
    """Answers counted, and the pass rate over the cells that `weights` chooses, with its 90 % interval."""
    averages = weights[None] / weights.sum()
    rate = float((averages @ ability.pass_rates())[0])
    spread = INTERVAL * float(ability.deviations(averages)[0]) / (rate * (1 - rate))
    return {
        "asked": len(answers),
        "passed": sum(answer.passed for answer in answers),
        "pass_rate": round(rate, 4),
        "low": round(float(expit(logit(rate) - spread)), 4),
        "high": round(float(expit(logit(rate) + spread)), 4),
    }


def _families(study: Study, answers: Sequence[Graded], ability: Ability, artifact: Artifact) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": family.title,
            **_estimate(_of(answers, name), ability, _weights(ability, name)),
            "levels": [
                {
                    "level": level,
                    **_estimate(_of(answers, name, level), ability, _weights(ability, name, level)),
                }
                for level in LEVELS
            ],
            "failures": [_failure(answer) for answer in _of(answers, name) if not answer.passed][:FAILURES_SHOWN],
            "stays_local": _stays_local(study, name, artifact),
        }
        for name, family in study.families.items()
    ]


def _languages(answers: Sequence[Graded], ability: Ability) -> list[dict[str, Any]]:
    return [
        {
            "language": language,
            **_estimate(
                [answer for answer in answers if answer.key.language == language],
                ability,
                np.array([float(cell.language == language) for cell in ability.model.cells]),
            ),
        }
        for language in LANGUAGES
    ]


def _of(answers: Sequence[Graded], family: str, level: int | None = None) -> list[Graded]:
    return [answer for answer in answers if answer.key.family == family and level in (None, answer.key.level)]


def _weights(ability: Ability, family: str, level: int | None = None) -> Floats:
    cells = ability.model.cells
    chosen = np.array([cell.family == family and level in (None, cell.level) for cell in cells])
    return np.asarray(shares(cells) * chosen, dtype=np.float64)


def _failure(answer: Graded) -> dict[str, Any]:
    asked = item(answer.key)
    return {
        "level": answer.key.level,
        "language": answer.key.language,
        "prompt": asked.turns[-1].text,
        "answer": answer.answer,
        "expected": asked.expected,
    }


def _stays_local(study: Study, family: str, artifact: Artifact) -> float:
    """Share of the family's texts whose score is below the threshold; they are English as often as not."""
    rows = [row for row, cell in enumerate(study.rows) if study.cells[cell].family == family]
    counts = study.counts[rows]
    local = [artifact.scorer.score(study.prompts[row]) < artifact.threshold for row in rows]
    return round(float(counts @ local / counts.sum()), 4)


def _speeds(answers: Sequence[Graded]) -> dict[str, float]:
    """As felt by the exam, which asks several items at a time: tokens of one answer, and seconds to its first."""
    reading = [answer.prompt_tokens / answer.first_token_s for answer in answers if answer.first_token_s > 0]
    writing = [
        (answer.completion_tokens - 1) / (answer.total_s - answer.first_token_s)
        for answer in answers
        if answer.completion_tokens > 1 and answer.total_s > answer.first_token_s
    ]
    return {
        "reading_tokens_per_s": _median(reading),
        "writing_tokens_per_s": _median(writing),
        "first_token_s_p50": _median([answer.first_token_s for answer in answers]),
    }


def _median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 3) if values else 0.0
