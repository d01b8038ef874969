"""The data for `slimgate calibrate`: the ledger, labels in a file, or the classifier's validation prompts."""

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
from router.training.calibrate import Floats, LabelledScores
from router.training.labels import read_labels

if TYPE_CHECKING:
    from gateway.reports.tuning import Traffic

DAYS = 30
"""Days of the ledger that are read."""

ALWAYS_LOCAL, ALWAYS_CLOUD = -1.0, 2.0
"""Scores for requests that a rule decided: they are on the same side of every threshold."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Scores of requests or prompts, and which of them are known to fail.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Scores of which the local share is computed.
    source : str
        Where the data come from, in words.
    judged : LabelledScores or None
        Those with labels; None without any.
    weights : ndarray of shape (n,), optional
        How much each score counts; then `judged` are the same prompts in the same order. Default: all alike.
    traffic : Traffic, optional
        The requests with their cost.
    """

    scores: Floats
    source: str
    judged: LabelledScores | None = None
    weights: Floats | None = None
    traffic: "Traffic | None" = None

    def local_share(self, threshold: float) -> float:
        """Share of the traffic that stays local below `threshold`."""
        return float(np.average(self.scores < threshold, weights=self.weights))

    def failure_rate(self, threshold: float) -> float | None:
        """The failure rate of what stays local; None where it is unknown, or nothing stays local."""
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
    def highest_judged(self) -> float | None:
        """Nothing is known of higher thresholds, since no request stayed local there; None without such a limit."""
        if self.judged is None or self.judged.limits is None:
            return None
        return float(self.judged.limits.max())


def from_validation(artifact: Artifact) -> Evidence:
    """The validation prompts that came with the classifier; every source counts the same."""
    rows = [np.array(pairs) for pairs in artifact.validation.values()]
    weights = np.concatenate([np.full(len(pairs), 1 / len(pairs)) for pairs in rows])
    names = ", ".join(f"{name} {len(pairs)}" for name, pairs in artifact.validation.items())
    scores, failed = np.concatenate(rows).T
    return Evidence(
        scores, f"the validation prompts ({names}), not your traffic", LabelledScores(scores, failed), weights
    )


def from_labels(artifact: Artifact, path: Path) -> Evidence:
    """The labels in a file, scored by `artifact`."""
    labels = read_labels(path)
    tracked = track(labels, "scoring", console=Console(stderr=True), transient=True)
    scores = np.array([artifact.scorer.score(label.prompt) for label in tracked])
    failed = np.array([float(not label.local_ok) for label in labels])
    return Evidence(scores, f"the {len(labels)} labels in {path}", LabelledScores(scores, failed))


def from_ledger(settings: Settings, artifact: str) -> Evidence:
    """The requests of the last 30 days that `artifact` scored, and all feedback on its local answers."""
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
