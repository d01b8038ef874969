"""`slimgate calibrate`: finds the threshold for a wanted share, failure rate or budget."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from gateway.cli.serve import ConfigOption
from gateway.config.settings import Settings, load_settings
from gateway.scoring.active_threshold import ActiveThreshold
from gateway.scoring.artifact_store import ArtifactStore
from router.artifact import Artifact
from router.threshold import HIGHEST_THRESHOLD

if TYPE_CHECKING:
    from gateway.cli.evidence import Evidence


def calibrate(
    cloud_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Send at most this share of the requests to the cloud.")
    ] = None,
    max_failure_rate: Annotated[
        float | None, typer.Option(help="Of the requests answered locally, at most this share may fail. Needs labels.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="Probability that the failure rate holds.")] = 0.95,
    budget_usd_per_month: Annotated[
        float | None, typer.Option(min=0, help="Spend at most this much in the cloud in 30 days.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help='File of your own labels, one a line: {"prompt": …, "local_ok": true}, or "messages" for "prompt".'
        ),
    ] = None,
    ledger: Annotated[
        bool,
        typer.Option(
            "--ledger", help="Use the requests in the gateway's ledger, and callers' feedback (POST /v1/feedback)."
        ),
    ] = False,
    requests_per_month: Annotated[
        float | None, typer.Option(min=1, help="Requests in 30 days. Not needed with --ledger.")
    ] = None,
    usd_per_request: Annotated[
        float | None, typer.Option(min=0, help="Cost of a request in the cloud. Not needed with --ledger.")
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")] = False,
) -> None:
    """Find the threshold for a share of requests, a guaranteed failure rate, or a budget.

    It is computed from your labels, from the ledger, or else from the validation prompts that came with the classifier,
    which differ from your traffic. Nothing is changed: the last line says how to apply the threshold. If no threshold
    fulfils the wish, the command says what is missing, and the exit code is 1. Examples:

      slimgate calibrate --cloud-share 0.3 --ledger

      slimgate calibrate --max-failure-rate 0.05 --ledger

      slimgate calibrate --max-failure-rate 0.05 --confidence 0.95 --labels labels.jsonl

      slimgate calibrate --budget-usd-per-month 50 --ledger
    """
    wanted = [value for value in (cloud_share, max_failure_rate, budget_usd_per_month) if value is not None]
    if len(wanted) != 1:
        raise typer.BadParameter("Give one of --cloud-share, --max-failure-rate and --budget-usd-per-month.")
    if labels is not None and ledger:
        raise typer.BadParameter("Give --labels or --ledger, not both.")
    _check_share("--max-failure-rate", max_failure_rate)
    _check_share("--confidence", confidence)
    settings = load_settings(config, serves=False)
    artifact = ArtifactStore.of(settings).load_in_use()
    evidence = _evidence(settings, artifact, labels, ledger)
    costs = _Costs(evidence, requests_per_month, usd_per_request)
    if max_failure_rate is not None:
        threshold = _by_failure_rate(evidence, max_failure_rate, confidence)
    elif cloud_share is not None:
        threshold = _by_share(evidence, cloud_share)
    else:
        threshold = costs.by_budget(budget_usd_per_month or 0.0)
    outcome = _outcome(threshold, ActiveThreshold.of(settings, artifact).value, costs, artifact)
    if max_failure_rate is not None:
        outcome["guarantee"] = {"max_failure_rate": max_failure_rate, "confidence": confidence}
    if as_json:
        print(json.dumps(outcome, indent=2))
    else:
        _print(outcome)


def _check_share(option: str, share: float | None) -> None:
    if share is not None and not 0 < share < 1:
        raise typer.BadParameter(f"is a share between 0 and 1, as 0.05 for 5 %; got {share:g}", param_hint=option)


def _evidence(settings: Settings, artifact: Artifact, labels: Path | None, ledger: bool) -> "Evidence":
    # Imported late: numpy and scipy are large, and most commands need neither.
    from gateway.cli.evidence import from_labels, from_ledger, from_validation

    if ledger:
        return from_ledger(settings, artifact.version)
    return from_validation(artifact) if labels is None else from_labels(artifact, labels)


def _by_failure_rate(evidence: "Evidence", max_rate: float, confidence: float) -> float:
    from router.training.calibrate import Infeasible, threshold_for_failure_rate

    if evidence.judged is None:
        raise typer.BadParameter(
            "There is no feedback on local answers in the ledger: have callers POST "
            '{"request_id": "…", "ok": true} to /v1/feedback, or give --labels FILE.'
        )
    try:
        return threshold_for_failure_rate(evidence.judged, max_rate, confidence).threshold
    except Infeasible as exc:
        raise _infeasible(str(exc).capitalize()) from exc


def _by_share(evidence: "Evidence", cloud_share: float) -> float:
    from router.training.calibrate import threshold_for_share

    if (fixed := 1 - evidence.local_share(HIGHEST_THRESHOLD)) > cloud_share + 1e-9:
        raise _infeasible(f"Infeasible: rules (pins, tools, long prompts) alone send {fixed:.1%} to the cloud")
    return min(max(threshold_for_share(evidence.scores, cloud_share, evidence.weights), 0.0), HIGHEST_THRESHOLD)


def _infeasible(why: str) -> typer.Exit:
    """Print why, and exit with an error: no threshold is better than one that does not hold."""
    Console(stderr=True).print(f"{why}.", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Costs:
    """The cost of the cloud at a threshold, if it is known."""

    evidence: "Evidence"
    requests_per_month: float | None
    usd_per_request: float | None

    def usd_per_month(self, threshold: float) -> float | None:
        if self.evidence.traffic is not None:
            return self.evidence.usd_per_month(threshold)
        if self.requests_per_month is None or self.usd_per_request is None:
            return None
        return (1 - self.evidence.local_share(threshold)) * self.requests_per_month * self.usd_per_request

    def by_budget(self, budget: float) -> float:
        """The lowest threshold within `budget`."""
        import numpy as np

        if self.usd_per_month(HIGHEST_THRESHOLD) is None:
            raise typer.BadParameter("A budget needs --ledger, or --requests-per-month and --usd-per-request.")
        scores = self.evidence.scores
        thresholds = [*np.unique(scores[(scores >= 0) & (scores <= 1)]), HIGHEST_THRESHOLD]
        fitting = _first(thresholds, lambda threshold: (self.usd_per_month(threshold) or 0.0) <= budget)
        if fitting is None:
            fixed = self.usd_per_month(HIGHEST_THRESHOLD) or 0.0
            raise _infeasible(
                f"Infeasible: the requests that rules send to the cloud (pins, tools, long prompts) cost ${fixed:.2f}"
            )
        return fitting


def _first(ascending: list[float], holds: Callable[[float], bool]) -> float | None:
    """The first value that holds, by binary search: all after it hold too."""
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(ascending[middle]) else (middle + 1, high)
    return float(ascending[low]) if low < len(ascending) else None


def _outcome(threshold: float, before: float, costs: _Costs, artifact: Artifact) -> dict[str, Any]:
    evidence = costs.evidence
    return {
        "threshold": threshold,
        "artifact": artifact.version,
        "judged_on": evidence.source,
        "highest_judged": evidence.highest_judged,
        **_meaning(threshold, evidence, costs),
        "before": {"threshold": before, **_meaning(before, evidence, costs)},
    }


def _meaning(threshold: float, evidence: "Evidence", costs: _Costs) -> dict[str, Any]:
    return {
        "local_share": evidence.local_share(threshold),
        "failure_rate": evidence.failure_rate(threshold),
        "failure_rate_interval": _interval(threshold, evidence),
        "usd_per_month": costs.usd_per_month(threshold),
    }


def _interval(threshold: float, evidence: "Evidence") -> list[float] | None:
    from router.training.calibrate import calibration_at

    if evidence.judged is None or evidence.weights is not None:
        return None
    calibration = calibration_at(threshold, evidence.judged)
    return [calibration.low, calibration.high] if calibration.n_local else None


def _print(outcome: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Judged on {outcome['judged_on']}.", markup=False)
    console.print(f"Now:  threshold {outcome['before']['threshold']:.4g}: {_sentence(outcome['before'])}", markup=False)
    console.print(f"Then: threshold {outcome['threshold']:.4g}: {_sentence(outcome)}", markup=False)
    if guarantee := outcome.get("guarantee"):
        console.print(
            f"With {guarantee['confidence']:.0%} confidence at most {guarantee['max_failure_rate']:.1%} of the "
            "requests answered locally fail, if future requests are like these.",
            markup=False,
        )
    if (highest := outcome["highest_judged"]) is not None:
        console.print(
            f"Callers could judge only answers that stayed local, so nothing is known of thresholds above "
            f"{highest:.4g}. If callers report bad answers more often than good ones, the true rate is lower.",
            markup=False,
        )
    if outcome["threshold"] == outcome["before"]["threshold"]:
        console.print("That threshold is in force already.")
    else:
        settings = {"THRESHOLD": outcome["threshold"], "THRESHOLD_FOR": outcome["artifact"]}
        words = " ".join(f"SLIMGATE_ROUTER__{name}={value}" for name, value in settings.items())
        console.print(f"To apply it: {words}, or set the threshold on the dashboard.", markup=False)


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
