"""`slimgate calibrate`: a threshold from what one wants, in a sentence that one can pass on."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from gateway.artifacts import ArtifactStore
from gateway.cli.serve import ConfigOption
from gateway.settings import Settings, load_settings
from router.artifact import Artifact, load_artifact

if TYPE_CHECKING:
    from gateway.tuning import Traffic
    from router.calibrate import Calibration, Floats

MONTH_MS = 30 * 24 * 3600 * 1000


def calibrate(
    cloud_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Send at most this share of the requests to the cloud.")
    ] = None,
    max_failure_rate: Annotated[
        float | None, typer.Option(help="Of the requests answered locally, at most this share may fail. Needs labels.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="How sure the failure rate is to hold.")] = 0.95,
    budget_usd_per_month: Annotated[
        float | None, typer.Option(min=0, help="Spend at most this much in the cloud in 30 days.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help='Your own labels, one a line: {"prompt": …, "local_ok": true}, or "messages" for "prompt".'),
    ] = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="Use the requests that the gateway really got.")] = False,
    requests_per_month: Annotated[
        float | None, typer.Option(min=1, help="Requests in 30 days. --ledger knows them.")
    ] = None,
    usd_per_request: Annotated[
        float | None, typer.Option(min=0, help="What one costs in the cloud. --ledger knows it.")
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")] = False,
) -> None:
    """Find the threshold for what you want: a share, a failure rate that is guaranteed, or a budget.

    Judged on your labels, on the ledger, or else on the validation prompts that came with the classifier, which are
    hardly like your traffic. Nothing is changed; the last line says how to put the threshold in force. Examples:

      slimgate calibrate --cloud-share 0.3 --ledger

      slimgate calibrate --max-failure-rate 0.05 --confidence 0.95 --labels labels.jsonl

      slimgate calibrate --budget-usd-per-month 50 --ledger
    """
    wanted = [value for value in (cloud_share, max_failure_rate, budget_usd_per_month) if value is not None]
    if len(wanted) != 1:
        raise typer.BadParameter("Give one of --cloud-share, --max-failure-rate and --budget-usd-per-month.")
    if labels is not None and ledger:
        raise typer.BadParameter("Give --labels or --ledger, not both.")
    settings = load_settings(config)
    artifact = load_artifact(ArtifactStore.of(settings).in_use)
    traffic = _read_traffic(settings) if ledger else None
    evidence = _evidence(artifact, labels, traffic)
    costs = _Costs(requests_per_month, usd_per_request, traffic)
    if max_failure_rate is not None:
        found = _by_failure_rate(evidence, max_failure_rate, confidence)
    elif cloud_share is not None:
        found = _by_share(evidence, cloud_share)
    else:
        found = costs.by_budget(evidence, budget_usd_per_month or 0.0)
    before = settings.router.threshold if settings.router.threshold is not None else artifact.threshold
    outcome = _outcome(found, before, evidence, costs, artifact)
    if max_failure_rate is not None:
        outcome["guarantee"] = {"max_failure_rate": max_failure_rate, "confidence": confidence}
    if as_json:
        print(json.dumps(outcome, indent=2))
    else:
        _print(outcome)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a threshold is judged on: scores, with failures where they are known, and whence."""

    scores: "Floats"
    failed: "Floats | None"
    weights: "Floats | None"
    source: str

    def at(self, threshold: float) -> "Calibration":
        import numpy as np

        from router.calibrate import calibration_at

        failed = np.zeros(len(self.scores)) if self.failed is None else self.failed
        return calibration_at(threshold, self.scores, failed)

    def local_share(self, threshold: float) -> float:
        import numpy as np

        return float(np.average(self.scores < threshold, weights=self.weights))

    def failure_rate(self, threshold: float) -> float | None:
        """Of what stays local; None where that is unknown, or nothing."""
        import numpy as np

        local = self.scores < threshold
        if self.failed is None or not local.any():
            return None
        return float(np.average(self.failed[local], weights=None if self.weights is None else self.weights[local]))


def _evidence(artifact: Artifact, labels: Path | None, traffic: "Traffic | None") -> _Evidence:
    import numpy as np

    if traffic is not None:
        if not len(traffic.scores):
            raise typer.BadParameter("The ledger has no requests of the last 30 days that the score decided.")
        return _Evidence(traffic.scores, None, None, f"the last {len(traffic.scores)} requests in the ledger")
    if labels is not None:
        return _labelled(artifact, labels)
    rows = [np.array(pairs) for pairs in artifact.validation.values()]
    weights = np.concatenate([np.full(len(pairs), 1 / len(pairs)) for pairs in rows])
    names = ", ".join(f"{name} {len(pairs)}" for name, pairs in artifact.validation.items())
    scores, failed = np.concatenate(rows).T
    return _Evidence(scores, failed, weights, f"the validation prompts ({names}), not your traffic")


def _labelled(artifact: Artifact, path: Path) -> _Evidence:
    import numpy as np
    from rich.progress import track

    from router.labels import read_labels

    found = read_labels(path)
    tracked = track(found, "scoring", console=Console(stderr=True), transient=True)
    scores = np.array([artifact.scorer.score(label.prompt) for label in tracked])
    failed = np.array([float(not label.local_ok) for label in found])
    return _Evidence(scores, failed, None, f"the {len(found)} labels in {path}")


def _by_failure_rate(evidence: _Evidence, max_rate: float, confidence: float) -> float:
    from router.calibrate import Infeasible, threshold_for_failure_rate

    if not (0 < max_rate < 1 and 0 < confidence < 1):
        raise typer.BadParameter("--max-failure-rate and --confidence must lie between 0 and 1.")
    if evidence.failed is None:
        raise typer.BadParameter("The ledger does not know which answers failed; give --labels FILE.")
    try:
        return threshold_for_failure_rate(evidence.scores, evidence.failed, max_rate, confidence).threshold
    except Infeasible as exc:
        Console(stderr=True).print(f"{str(exc).capitalize()}.", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from exc


def _by_share(evidence: _Evidence, cloud_share: float) -> float:
    from router.calibrate import threshold_for_share

    return threshold_for_share(evidence.scores, cloud_share, evidence.weights)


@dataclass(frozen=True, slots=True)
class _Costs:
    """What the cloud costs at a threshold, as far as that is known."""

    requests_per_month: float | None
    usd_per_request: float | None
    traffic: "Traffic | None"

    def usd_per_month(self, threshold: float, evidence: _Evidence) -> float | None:
        if self.traffic is not None:
            span_ms = _now_ms() - (self.traffic.first_ms or 0)
            return float(Decimal(self.traffic.points((threshold,), span_ms)[0]["usd_per_30_days"]))
        if self.requests_per_month is None or self.usd_per_request is None:
            return None
        return (1 - evidence.local_share(threshold)) * self.requests_per_month * self.usd_per_request

    def by_budget(self, evidence: _Evidence, budget: float) -> float:
        """The most careful threshold within `budget`."""
        import numpy as np

        thresholds = [*np.unique(evidence.scores), 1.0001]
        if self.usd_per_month(1.0001, evidence) is None:
            raise typer.BadParameter("A budget needs --ledger, or --requests-per-month and --usd-per-request.")
        fitting = _first(thresholds, lambda threshold: (self.usd_per_month(threshold, evidence) or 0.0) <= budget)
        if fitting is None:
            fixed = self.usd_per_month(1.0001, evidence) or 0.0
            Console(stderr=True).print(
                f"Infeasible: what rules send to the cloud (pins, tools, long prompts) alone costs about ${fixed:.2f}.",
                highlight=False,
            )
            raise typer.Exit(1)
        return fitting


def _first(ascending: list[float], holds: Callable[[float], bool]) -> float | None:
    """The first that holds, where all after it hold too."""
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(ascending[middle]) else (middle + 1, high)
    return float(ascending[low]) if low < len(ascending) else None


def _read_traffic(settings: Settings) -> "Traffic":
    from gateway.ledger import Ledger
    from gateway.pricing import Pricer
    from gateway.tuning import read_traffic

    pricer = Pricer(settings)
    ledger = Ledger(settings.ledger_url, settings.state_dir / "spool", pricer)
    ledger.start()
    try:
        with ledger.read() as connection:
            now = _now_ms()
            return read_traffic(connection, now - MONTH_MS, now, pricer.at_cloud)
    finally:
        ledger.close()


def _now_ms() -> int:
    return int(time.time() * 1000)


def _outcome(threshold: float, before: float, evidence: _Evidence, costs: _Costs, artifact: Artifact) -> dict[str, Any]:
    return {
        "threshold": threshold,
        "artifact": artifact.version,
        "judged_on": evidence.source,
        **_meaning(threshold, evidence, costs),
        "before": {"threshold": before, **_meaning(before, evidence, costs)},
    }


def _meaning(threshold: float, evidence: _Evidence, costs: _Costs) -> dict[str, Any]:
    found = evidence.at(threshold)
    exact = evidence.failed is not None and evidence.weights is None and found.n_local > 0
    return {
        "local_share": evidence.local_share(threshold),
        "failure_rate": evidence.failure_rate(threshold),
        "failure_rate_interval": [found.low, found.high] if exact else None,
        "usd_per_month": costs.usd_per_month(threshold, evidence),
    }


def _print(outcome: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Judged on {outcome['judged_on']}.", markup=False)
    console.print(f"Now:  threshold {outcome['before']['threshold']:.4g}: {_sentence(outcome['before'])}", markup=False)
    console.print(f"Then: threshold {outcome['threshold']:.4g}: {_sentence(outcome)}", markup=False)
    if guarantee := outcome.get("guarantee"):
        console.print(
            f"With {guarantee['confidence']:.0%} confidence at most {guarantee['max_failure_rate']:.1%} of the "
            "requests answered locally fail, as long as requests are like these.",
            markup=False,
        )
    if outcome["threshold"] == outcome["before"]["threshold"]:
        console.print("That is the threshold in force: nothing to change.")
    else:
        console.print(f"Put it in force: SLIMGATE_ROUTER__THRESHOLD={outcome['threshold']!r}", markup=False)


def _sentence(meaning: dict[str, Any]) -> str:
    words = f"about {meaning['local_share']:.0%} of the requests stay local"
    if meaning["failure_rate"] is not None:
        words += f", about {meaning['failure_rate']:.1%} of those fail"
    if meaning["failure_rate_interval"] is not None:
        low, high = meaning["failure_rate_interval"]
        words += f" (95 % interval {low:.1%} to {high:.1%})"
    if meaning["usd_per_month"] is not None:
        words += f", and the cloud costs about ${meaning['usd_per_month']:.2f} in 30 days"
    return words + "."
