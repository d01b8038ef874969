"""How often the local model fails, measured at every place of the line: on the user's own labels, or on feedback."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection

from gateway.ledger.feedback import read_labels as read_feedback
from router.compiled import CompiledClassifier
from router.errors import DatasetError
from router.labels import read_labels

if TYPE_CHECKING:
    from router.calibrate import Judged

logger = logging.getLogger(__name__)

ENOUGH = 30
"""Labels among the prompts kept local from which a rate is worth showing; below, its interval says nothing."""

CONFIDENCE = 0.95


class OwnLabels:
    """The labels in a file, scored when they are first asked for and again when the file has changed.

    Parameters
    ----------
    path : Path or None
        As `slimgate train --labels` takes it; None where the user has named none: then feedback stands in.
    """

    def __init__(self, path: Path | None, scorer: CompiledClassifier) -> None:
        self._path = path
        self._scorer = scorer
        self._read_at: tuple[int, int] | None = None
        self._judged: Judged | None = None
        self._trouble: str | None = None

    def measure(self, thresholds: Sequence[float], connection: Connection) -> dict[str, Any]:
        """Failure rate and exact interval at each threshold, by the file or else by the ledger's feedback.

        A rate is None where too few labels tell of it.
        """
        if self._path is None:
            return {"source": "feedback", "trouble": None, **_points(thresholds, feedback(connection))}
        self._refresh(self._path)
        return {"source": "file", "trouble": self._trouble, **_points(thresholds, self._judged)}

    def _refresh(self, path: Path) -> None:
        try:
            found = path.stat()
            if self._read_at == (found.st_mtime_ns, found.st_size):
                return
            self._judged, self._trouble = _score(path, self._scorer), None
            self._read_at = (found.st_mtime_ns, found.st_size)
        except (OSError, DatasetError) as exc:
            if str(exc) != self._trouble:
                logger.error("labels: %s", exc)
            self._judged, self._trouble, self._read_at = None, str(exc), None


def feedback(connection: Connection) -> "Judged | None":
    """What callers said of the ledger's answers, as labels; None where nobody has said anything."""
    rows = read_feedback(connection)
    if not rows:
        return None
    from router.calibrate import Judged

    scores, limits, ok = np.array([(row.score, row.threshold, row.ok) for row in rows], dtype=np.float64).T
    return Judged(scores, 1 - ok, limits)


def _score(path: Path, scorer: CompiledClassifier) -> "Judged":
    from router.calibrate import Judged

    labels = read_labels(path)
    scores = np.array([scorer.score(label.prompt) for label in labels])
    return Judged(scores, np.array([float(not label.local_ok) for label in labels]))


def _points(thresholds: Sequence[float], judged: "Judged | None") -> dict[str, Any]:
    if judged is None:
        return {"labels": 0, "enough": ENOUGH, "points": []}
    points = [_at(threshold, judged) for threshold in thresholds]
    return {"labels": len(judged.scores), "enough": ENOUGH, "points": points}


def _at(threshold: float, judged: "Judged") -> dict[str, Any]:
    # Imported here, as above: scipy is large, and only a gateway with labels needs it.
    from router.calibrate import exact_interval

    local = judged.local(threshold)
    n = len(local)
    if n < ENOUGH:
        return {"threshold": threshold, "n_local": n, "failure_rate": None, "low": None, "high": None}
    failures = float(local.sum())
    low, high = exact_interval(failures, n, CONFIDENCE)
    return {"threshold": threshold, "n_local": n, "failure_rate": failures / n, "low": low, "high": high}
