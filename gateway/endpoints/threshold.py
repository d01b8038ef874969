"""/v1/threshold: the threshold in force, what others would mean, and moving it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from gateway.audit.actions import Actor, recorded
from gateway.audit.chain import AuditChain
from gateway.endpoints.answer_models import Flips, ThresholdChangeItem, ThresholdCurve, ThresholdState
from gateway.endpoints.savings import Since, Until
from gateway.endpoints.visible import SeesAll
from gateway.http.actor import actor_of
from gateway.http.json_body import JsonBody, described, read_model
from gateway.keys.caller import caller_of
from gateway.ledger import Ledger
from gateway.ledger.rollup import first_ms
from gateway.ledger.units import epoch_ms, from_epoch_ms, now_ms
from gateway.reports.failure_rates import FailureRates
from gateway.reports.timeline import aware
from gateway.reports.tuning import GRID, PRESETS, CloudPrice, Traffic, flips, on_validation, read_traffic
from gateway.scoring.active_classifier import ActiveClassifier
from gateway.scoring.active_threshold import ActiveThreshold, ThresholdChange
from router.artifact import Artifact
from router.threshold import HIGHEST_THRESHOLD

Candidate = Annotated[
    float, Query(ge=0, le=HIGHEST_THRESHOLD, description="The threshold to compare with the one in force.")
]
RANGE = f"From 0 (all to the cloud) to {HIGHEST_THRESHOLD} (none), or null"

Shown = Annotated[int, Query(ge=1, le=200, description="How many requests to list, newest first.")]


class ThresholdBody(JsonBody):
    """A wish to move the threshold."""

    threshold: float | None = Field(ge=0, le=HIGHEST_THRESHOLD, description=f"{RANGE} for the default.")
    note: str = Field("", max_length=300, description="Why, in a sentence.")
    expected: float | None = Field(
        None, ge=0, le=HIGHEST_THRESHOLD, description=f"{RANGE}: what you believe to be in force, against stale views."
    )


def threshold_endpoints(
    threshold: ActiveThreshold,
    ledger: Ledger,
    chain: AuditChain,
    price: CloudPrice,
    classifier: ActiveClassifier,
    labels: FailureRates,
) -> APIRouter:
    """The endpoints over `threshold` and the traffic in `ledger`.

    Parameters
    ----------
    price : callable
        What some tokens would cost at the cloud model, in nano-dollars; None where that is unknown.
    classifier : ActiveClassifier
        Only what it has scored itself is looked at: scores of another do not compare.
    labels : FailureRates
        The user's own, or what stands in for them.
    """
    endpoints = APIRouter(tags=["threshold"], dependencies=[SeesAll])

    def _move(wanted: ThresholdBody, by: str, actor: Actor) -> None:
        details = {"threshold": wanted.threshold, "before": threshold.value, "note": wanted.note}
        with recorded(ledger, chain, actor, "threshold moved", details):
            threshold.apply(by=by, **wanted.model_dump())

    @endpoints.get("/v1/threshold", summary="The threshold in force")
    def show() -> ThresholdState:
        """The threshold in force, and who moved it when."""
        return _state(threshold, classifier.version)

    @endpoints.post("/v1/threshold", summary="Move the threshold", openapi_extra=described(ThresholdBody))
    async def move(request: Request) -> ThresholdState:
        """Takes `{"threshold": 0.4}`, null for the default; `note` says why, `expected` guards against a stale view.

        In force in every worker within a second, and after a restart.
        """
        wanted = await read_model(request, ThresholdBody)
        caller, client = caller_of(request.scope), request.client
        who = f"{client.host if client else 'unknown'}{f', with the key {caller.name}' if caller.id else ''}"
        await run_in_threadpool(_move, wanted, who, actor_of(request.scope))
        return _state(threshold, classifier.version)

    @endpoints.get("/v1/threshold/curve", summary="What every threshold would mean", response_model=ThresholdCurve)
    def curve(since: Since = None, until: Until = None) -> dict[str, Any]:
        """On the newest requests of a span: local share, cost of 30 days, failures that the scores expect.

        `failure_rates` are measured on your labels or, without a file of them, on the newest feedback of all time.
        """
        artifact = classifier.artifact
        with ledger.read() as connection:
            span = _span(first_ms(connection), aware(since), aware(until))
            traffic = read_traffic(connection, *span, price, artifact.version)
            rates = labels.measure((threshold.value, *GRID), connection, artifact)
        return {**_curve(traffic, span, threshold, artifact), "failure_rates": rates}

    @endpoints.get("/v1/threshold/flips", summary="What would go elsewhere", response_model=Flips)
    def flipping(candidate: Candidate, since: Since = None, until: Until = None, limit: Shown = 20) -> dict[str, Any]:
        """Recent requests that would go to the other side at `candidate`."""
        with ledger.read() as connection:
            span = _span(first_ms(connection), aware(since), aware(until))
            flipping_requests = flips(connection, threshold.value, candidate, *span, classifier.version, limit)
        return {"threshold": threshold.value, "candidate": candidate, **flipping_requests}

    return endpoints


def _state(threshold: ActiveThreshold, artifact: str) -> ThresholdState:
    history = threshold.history()
    return ThresholdState(
        artifact=artifact,
        threshold=threshold.value,
        default=threshold.default,
        applied=threshold.applied is not None and threshold.applied.threshold is not None,
        outdated=bool(history) and threshold.applied != history[0],
        history=[_change(change) for change in history],
    )


def _change(change: ThresholdChange) -> ThresholdChangeItem:
    return ThresholdChangeItem(
        at=from_epoch_ms(change.at_ms).isoformat(timespec="milliseconds"),
        threshold=change.threshold,
        before=change.before,
        artifact=change.basis.split()[0],
        by=change.by,
        note=change.note,
    )


def _span(oldest_ms: int | None, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """From `since`, or the first request if that came later: a month's cost is not to be thinned by days without us."""
    until_ms = epoch_ms(until) or now_ms()
    oldest_ms = until_ms if oldest_ms is None else oldest_ms
    return max(epoch_ms(since) or 0, oldest_ms), until_ms


def _curve(
    traffic: Traffic,
    span: tuple[int, int],
    threshold: ActiveThreshold,
    artifact: Artifact,
) -> dict[str, Any]:
    since_ms, until_ms = span
    capped = traffic.first_ms if traffic.first_ms is not None and traffic.is_capped else since_ms
    span_ms = until_ms - capped
    presets = {name: traffic.threshold_keeping(share) for name, share in PRESETS.items()}
    return {
        "object": "threshold_curve",
        "artifact": artifact.version,
        "requests": traffic.requests,
        "movable": len(traffic.scores),
        "of_other_artifacts": traffic.others,
        "coverage": traffic.priced / traffic.requests if traffic.requests else None,
        "span_ms": span_ms if traffic.requests else None,
        "in_force": traffic.points((threshold.value,), span_ms)[0],
        "default": traffic.points((threshold.default,), span_ms)[0],
        "presets": {name: traffic.points((value,), span_ms)[0] for name, value in presets.items() if value is not None},
        "points": traffic.points(GRID, span_ms),
        "validation": on_validation(artifact.validation),
    }
