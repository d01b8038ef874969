"""Which classifier counts: that of the model at hand, and before its exam what is known of such models."""

import asyncio
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from gateway.config.settings import Settings
from gateway.exam.due import is_due, limits_of
from gateway.exam.fitting import make_marks
from gateway.marks.examinee import Examinee
from gateway.marks.record import ExamFolder, ExamProgress, ExamState, Record
from gateway.reports.exam_card import read_marks
from gateway.scoring.active_classifier import ActiveClassifier
from gateway.scoring.artifact_store import ArtifactStore
from router.artifact import load_artifact
from router.confidence import FirstTokens
from router.decision import Prompt
from router.exam.catalogue import FAMILIES
from router.exam.graded import Graded, ItemKey
from router.exam.item import LEVELS
from tests.models.engine.tiny import tiny_model

SUM = Prompt.from_text("What is 4810 + 77 - 391?")
FACT = Prompt.from_text("What is the capital of Norway?")
Examine = Callable[[Settings], Record]
TRIED = {name: FAMILIES[name] for name in ("common_facts", "sums")}


def settings(tmp_path: Path, **local: object) -> Settings:
    return Settings.model_validate({"state_dir": tmp_path, "local": local, "exam": {"enabled": True}})


def sit(record: Record) -> None:
    """A model that knows facts and cannot add."""
    rng = Random(0)
    for number in range(120):
        key = ItemKey(rng.choice(list(TRIED)), rng.choice(LEVELS), "en", 2 + 4 * number)
        passed = rng.random() < (0.95 if key.family == "common_facts" else 0.05)
        record.append(Graded(key, passed, "an answer", 30, 8, 0.1, 0.3, FirstTokens(8, -0.3, -1.0, 2.0, 1.0)))
    record.close()


def record_of(configured: Settings) -> tuple[Record, Examinee]:
    folder = ExamFolder(configured.state_dir)
    examinee = folder.examinee(configured.local)
    assert examinee is not None
    return folder.record(examinee.key), examinee


@pytest.fixture(scope="module")
def sat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which the exam is over: to fit its classifier takes a second."""
    folder = tmp_path_factory.mktemp("sat")
    configured = settings(folder)
    record, examinee = record_of(configured)
    record.begin(examinee, 1.0)
    sit(record)
    make_marks(record, TRIED, max_failure_rate=0.1, at_once=8, is_complete=True)
    record.report(ExamProgress(ExamState.DONE, 120, limits=limits_of(configured.exam)), at_once=True)
    return folder


@pytest.fixture
def examined(sat: Path) -> Examine:
    """Puts the results of that exam into a state folder."""

    def copy(configured: Settings) -> Record:
        shutil.copytree(sat, configured.state_dir, dirs_exist_ok=True)
        return record_of(configured)[0]

    return copy


@pytest.fixture
def bundled(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def in_use(configured: Settings) -> str:
    return ArtifactStore.of(configured).load_in_use().version


def test_before_the_exam_a_tiny_model_is_expected_to_fail(bundled: Settings) -> None:
    shipped, artifact = load_artifact(), ArtifactStore.of(bundled).load_in_use()
    before, after = shipped.scorer.score(FACT), artifact.scorer.score(FACT)
    assert math.log(after / (1 - after)) - math.log(before / (1 - before)) == pytest.approx(2.25, abs=0.01)
    assert artifact.version == f"{shipped.version}+2.25"
    everyday = [
        "Summarise this in one sentence: the shop closes at six.",
        "Fix the spelling: helo",
        "Who wrote Hamlet?",
    ]
    assert all(artifact.scorer.score(Prompt.from_text(text)) > artifact.threshold for text in everyday)


def test_without_the_exam_the_shipped_one_counts(bundled: Settings) -> None:
    off = bundled.model_copy(update={"exam": bundled.exam.model_copy(update={"enabled": False})})
    assert in_use(off) == load_artifact().version


def test_marks_belong_to_a_model_and_come_back_with_it(tmp_path: Path, bundled: Settings, examined: Examine) -> None:
    record = examined(bundled)
    artifact = ArtifactStore.of(bundled).load_in_use()
    assert artifact.scorer.score(FACT) < 0.2 < 0.8 < artifact.scorer.score(SUM)
    other = settings(tmp_path, model_path=str(tiny_model()))
    assert in_use(other).startswith(load_artifact().version)
    assert in_use(bundled) == artifact.version
    assert ArtifactStore.of(bundled).examined_version == artifact.version
    marks = read_marks(tmp_path, record.folder.name)
    assert marks is not None
    assert marks.classifier is not None
    assert marks.classifier.version == artifact.version
    assert [(family.name, family.asked) for family in marks.families if family.name == "sums"] == [
        ("sums", sum(answer.key.family == "sums" for answer in record.answers()))
    ]


def test_a_running_gateway_takes_it_over(bundled: Settings, examined: Examine) -> None:
    classifier = ActiveClassifier(bundled)
    before = classifier.version
    assert not classifier.is_superseded
    examined(bundled)
    assert classifier.is_superseded
    artifact = asyncio.run(classifier.load_wanted(bundled))
    assert artifact is not None
    assert artifact.version != before
    assert not classifier.is_superseded


def test_one_that_cannot_be_loaded_is_passed_over_and_fitted_anew(bundled: Settings, examined: Examine) -> None:
    record = examined(bundled)
    version = in_use(bundled)
    assert not is_due(record, bundled.exam)
    (record.classifiers / version / "weights.json").write_text("{}")
    assert in_use(bundled) == f"{load_artifact().version}+2.25"
    assert is_due(record, bundled.exam)
    make_marks(record, TRIED, max_failure_rate=0.1, at_once=8, is_complete=True)
    assert in_use(bundled) == version
    assert not is_due(record, bundled.exam)
    (record.folder / "marks.json").write_text("{")
    assert is_due(record, bundled.exam)
    other = bundled.exam.model_copy(update={"max_failure_rate": 0.2})
    assert is_due(record, other)


def test_one_of_ones_own_counts_instead(tmp_path: Path, bundled: Settings, examined: Examine) -> None:
    examined(bundled)
    version = load_artifact().version
    folder = tmp_path / "artifacts" / version
    folder.parent.mkdir()
    os.symlink(Path(load_artifact.__code__.co_filename).parent / "artifacts" / "default", folder)
    ArtifactStore.of(bundled).use(version)
    assert in_use(bundled) == version
    assert ArtifactStore.of(bundled).examined_version is None


def test_a_threshold_for_another_classifier_keeps_that_one(bundled: Settings, examined: Examine) -> None:
    examined(bundled)
    shipped = load_artifact().version
    router = bundled.router.model_copy(update={"threshold": 0.3, "threshold_for": shipped})
    assert ArtifactStore.of(bundled.model_copy(update={"router": router})).load_in_use().version.startswith(shipped)


def test_old_classifiers_are_removed_but_the_last(bundled: Settings, examined: Examine) -> None:
    record = examined(bundled)
    first = in_use(bundled)
    for _ in range(2):
        sit(record)
        make_marks(record, TRIED, max_failure_rate=0.1, at_once=8, is_complete=True)
    folders = {path.name for path in record.classifiers.iterdir() if path.is_dir()}
    assert len(folders) == 2
    assert in_use(bundled) in folders
    assert first not in folders
    assert json.loads((record.folder / "marks.json").read_bytes())["classifier"]["version"] == in_use(bundled)
