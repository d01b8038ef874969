"""What `slimgate calibrate` judges a threshold on: the ledger, labels in a file, or the classifier's own prompts."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from gateway.cli.ledger import read_ledger
from gateway.config.settings import Settings
from gateway.ledger.units import days_ago_ms, now_ms
from router.artifact import Artifact
from router.training.calibrate import Floats, Judged
from router.training.labels import read_labels

if TYPE_CHECKING:
    from gateway.reports.tuning import Traffic

DAYS = 30
"""Of the ledger that are looked at."""

ALWAYS_LOCAL, ALWAYS_CLOUD = -1.0, 2.0
"""Scores that stand for requests which a rule decided: on the same side of every threshold."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Requests or prompts, and which of them are known to fail.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Whose local share counts.
    source : str
        Whence all this, in words.
    judged : Judged or None
        Those whose failures are known; None where none are.
    weights : ndarray of shape (n,), optional
        How much each score counts; then `judged` are the same prompts in the same order. Default: all the same.
    traffic : Traffic, optional
        The requests with their cost.
    """

    scores: Floats
    source: str
    judged: Judged | None = None
    weights: Floats | None = None
    traffic: "Traffic | None" = None

    def local_share(self, threshold: float) -> float:
        return float(np.average(self.scores < threshold, weights=self.weights))

    def failure_rate(self, threshold: float) -> float | None:
        """Of what stays local; None where that is unknown, or nothing."""
        if self.judged is None or not len(local := self.judged.local(threshold)):
            return None
        weights = None if self.weights is None else self.weights[self.judged.scores < threshold]
        return float(np.average(local, weights=weights))

    def usd_per_month(self, threshold: float) -> float | None:
        """What the cloud costs in 30 days; None without traffic."""
        if self.traffic is None:
            return None
        span_ms = now_ms() - (self.traffic.first_ms or 0)
        usd = self.traffic.points((threshold,), span_ms)[0]["usd_per_30_days"]
        return None if usd is None else float(usd)

    @property
    def boldest_judged(self) -> float | None:
        """Above it no failure is known, since nothing stayed local there; None where that is no matter."""
        if self.judged is None or self.judged.limits is None:
            return None
        return float(self.judged.limits.max())


def from_validation(artifact: Artifact) -> Evidence:
    """The validation prompts that came with the classifier; every source of them weighs the same."""
    rows = [np.array(pairs) for pairs in artifact.validation.values()]
    weights = np.concatenate([np.full(len(pairs), 1 / len(pairs)) for pairs in rows])
    names = ", ".join(f"{name} {len(pairs)}" for name, pairs in artifact.validation.items())
    scores, failed = np.concatenate(rows).T
    return Evidence(scores, f"the validation prompts ({names}), not your traffic", Judged(scores, failed), weights)


def from_labels(artifact: Artifact, path: Path) -> Evidence:
    """One's own labels, scored now."""
    found = read_labels(path)
    tracked = track(found, "scoring", console=Console(stderr=True), transient=True)
    scores = np.array([artifact.scorer.score(label.prompt) for label in tracked])
    failed = np.array([float(not label.local_ok) for label in found])
    return Evidence(scores, f"the {len(found)} labels in {path}", Judged(scores, failed))


def from_ledger(settings: Settings, artifact: str) -> Evidence:
    """The requests of the last 30 days that `artifact` scored, and all that callers said of its local answers."""
    from gateway.reports.failure_rates import feedback
    from gateway.reports.tuning import read_traffic
    from gateway.spending.pricing import Pricer

    with read_ledger(settings) as connection:
        span = days_ago_ms(DAYS), now_ms()
        traffic = read_traffic(connection, *span, Pricer(settings).at_cloud, artifact)
        judged = feedback(connection, artifact)
    if not len(traffic.scores):
        raise typer.BadParameter("The ledger has no requests of the last 30 days that this classifier decided.")
    fixed = [np.full(len(traffic.fixed_local), ALWAYS_LOCAL), np.full(traffic.fixed_cloud, ALWAYS_CLOUD)]
    source = f"the last {traffic.requests} requests in the ledger"
    if judged is not None:
        source += f", {len(judged.scores)} local answers that callers judged"
    return Evidence(np.concatenate([traffic.scores, *fixed]), source, judged, traffic=traffic)
