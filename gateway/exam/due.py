"""Whether an exam has something left to do: questions to ask, or marks to make anew."""

import json

from gateway.config.sections.exam import ExamSettings
from gateway.marks.record import ExamState, Record
from gateway.scoring.model_at_hand import ModelAtHand
from router.artifact import load_artifact
from router.errors import ArtifactError

FEWEST_ANSWERS = 60
"""With fewer there are no marks."""


def limits_of(exam: ExamSettings) -> dict[str, float]:
    """The settings that decide how far an exam goes, and what its marks promise; kept with its progress."""
    return exam.model_dump(exclude={"enabled", "idle_s"})


def is_due(record: Record, exam: ExamSettings) -> bool:
    """Whether it is not done, or was done by other settings, or its marks are damaged. It loads a classifier."""
    progress = record.progress
    if progress.state is not ExamState.DONE or progress.limits != limits_of(exam):
        return True
    return progress.asked >= FEWEST_ANSWERS and not (_has_marks(record) and _has_classifier(record))


def _has_marks(record: Record) -> bool:
    try:
        marks = json.loads((record.folder / "marks.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(marks, dict) and "families" in marks


def _has_classifier(record: Record) -> bool:
    folder = ModelAtHand("", 0.0, record.classifiers).classifier
    try:
        return folder is not None and bool(load_artifact(folder))
    except ArtifactError:
        return False
