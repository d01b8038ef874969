"""The local model's failure rate at every threshold, measured on the user's own labels or on callers' feedback."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection

from gateway.ledger.feedback import read_labels as read_feedback
from router.artifact import Artifact
from router.errors import DatasetError
from router.training.labels import read_labels

if TYPE_CHECKING:
    from router.training.calibrate import LabelledScores

logger = logging.getLogger(__name__)

ENOUGH = 30
"""The least labels among the prompts kept local for a rate to be shown; with fewer, its interval is too wide."""

CONFIDENCE = 0.95


class FailureRates:
    """Failure rates by a file of labels, or by feedback. The file is scored again when it or the classifier changes.

    Parameters
    ----------
    path : Path or None
        A file as `slimgate train --labels` takes it; None to use feedback.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._scored: tuple[Path, int, int, str] | None = None
        self._judged: LabelledScores | None = None
        self._trouble: str | None = None

    def configure(self, path: Path | None) -> None:
        """Use the labels in `path` from now on."""
        self._path = path

    def measure(self, thresholds: Sequence[float], connection: Connection, artifact: Artifact) -> dict[str, Any]:
        """Failure rate and exact interval at each threshold, by the file or else by the ledger's feedback.

        A rate is None where there are too few labels for it.
        """
        path = self._path
        if path is None:
            judged = feedback(connection, artifact.version)
            return {"source": "feedback", "trouble": None, **_points(thresholds, judged)}
        self._refresh(path, artifact)
        return {"source": "file", "trouble": self._trouble, **_points(thresholds, self._judged)}

    def _refresh(self, path: Path, artifact: Artifact) -> None:
        try:
            status = path.stat()
            current = (path, status.st_mtime_ns, status.st_size, artifact.version)
            if self._scored == current:
                return
            self._judged, self._trouble = _score(path, artifact), None
            self._scored = current
        except (OSError, DatasetError) as exc:
            if str(exc) != self._trouble:
                logger.error("labels: %s", exc)
            self._judged, self._trouble, self._scored = None, str(exc), None


def feedback(connection: Connection, artifact: str) -> "LabelledScores | None":
    """Callers' feedback on answers that the classifier `artifact` kept local, as labels; None without any."""
    rows = read_feedback(connection, artifact)
    if not rows:
        return None
    from router.training.calibrate import LabelledScores

    scores, limits, ok = np.array([(row.score, row.threshold, row.ok) for row in rows], dtype=np.float64).T
    return LabelledScores(scores, 1 - ok, limits)


def _score(path: Path, artifact: Artifact) -> "LabelledScores":
    from router.training.calibrate import LabelledScores

    labels = read_labels(path)
    scores = np.array([artifact.scorer.score(label.prompt) for label in labels])
    return LabelledScores(scores, np.array([float(not label.local_ok) for label in labels]))


def _points(thresholds: Sequence[float], judged: "LabelledScores | None") -> dict[str, Any]:
    if judged is None:
        return {"labels": 0, "enough": ENOUGH, "points": []}
    points = [_at(threshold, judged) for threshold in thresholds]
    return {"labels": len(judged.scores), "enough": ENOUGH, "points": points}


def _at(threshold: float, judged: "LabelledScores") -> dict[str, Any]:
    # Imported late, as above: scipy is large, and only a gateway with labels needs it.
    from router.training.calibrate import exact_interval

    local = judged.local(threshold)
    n = len(local)
    if n < ENOUGH:
        return {"threshold": threshold, "n_local": n, "failure_rate": None, "low": None, "high": None}
    failures = float(local.sum())
    low, high = exact_interval(failures, n, CONFIDENCE)
    return {"threshold": threshold, "n_local": n, "failure_rate": failures / n, "low": low, "high": high}
