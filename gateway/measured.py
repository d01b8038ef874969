"""How often the local model fails, measured on the user's own labels, at every place of the line."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.compiled import CompiledClassifier
from router.errors import DatasetError
from router.labels import read_labels

logger = logging.getLogger(__name__)

ENOUGH = 30
"""Labels among the prompts kept local from which a rate is worth showing; below, its interval says nothing."""

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Scored:
    """Labelled prompts, easiest first: scores, and whether the local model failed each."""

    scores: NDArray[np.float64]
    failed: NDArray[np.float64]


class OwnLabels:
    """The labels in a file, scored when they are first asked for and again when the file has changed.

    Parameters
    ----------
    path : Path or None
        As `slimgate train --labels` takes it; None where the user has named none.
    """

    def __init__(self, path: Path | None, scorer: CompiledClassifier) -> None:
        self._path = path
        self._scorer = scorer
        self._read_at: tuple[int, int] | None = None
        self._scored: Scored | None = None
        self._trouble: str | None = None

    def measure(self, thresholds: Sequence[float]) -> dict[str, Any] | None:
        """Failure rate and exact interval at each threshold; None where no labels are named.

        A rate is None where too few labels stay local to tell.
        """
        if self._path is None:
            return None
        self._refresh(self._path)
        if self._scored is None:
            return {"labels": 0, "enough": ENOUGH, "trouble": self._trouble, "points": []}
        points = [_at(threshold, self._scored) for threshold in thresholds]
        return {"labels": len(self._scored.scores), "enough": ENOUGH, "trouble": None, "points": points}

    def _refresh(self, path: Path) -> None:
        try:
            found = path.stat()
            if self._read_at == (found.st_mtime_ns, found.st_size):
                return
            self._scored, self._trouble = _score(path, self._scorer), None
            self._read_at = (found.st_mtime_ns, found.st_size)
        except (OSError, DatasetError) as exc:
            if str(exc) != self._trouble:
                logger.error("labels: %s", exc)
            self._scored, self._trouble, self._read_at = None, str(exc), None


def _score(path: Path, scorer: CompiledClassifier) -> Scored:
    labels = read_labels(path)
    scores = np.array([scorer.score(label.prompt) for label in labels])
    failed = np.array([float(not label.local_ok) for label in labels])
    order = np.argsort(scores, kind="stable")
    return Scored(scores[order], failed[order])


def _at(threshold: float, scored: Scored) -> dict[str, Any]:
    # Imported here: scipy is large, and only a gateway with labels needs it.
    from router.calibrate import exact_interval

    n = int(np.searchsorted(scored.scores, threshold, side="left"))
    if n < ENOUGH:
        return {"threshold": threshold, "n_local": n, "failure_rate": None, "low": None, "high": None}
    failures = float(scored.failed[:n].sum())
    low, high = exact_interval(failures, n, CONFIDENCE)
    return {"threshold": threshold, "n_local": n, "failure_rate": failures / n, "low": low, "high": high}
