"""`slimgate route`: where a request would go, and why, without generating anything."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.serve import ConfigOption
from gateway.config.settings import load_settings
from gateway.dispatch.assumed import assumed_decider
from gateway.dispatch.decider import Decider, RoutedRequest
from gateway.dispatch.model_names import AUTO
from gateway.scoring.active_threshold import ActiveThreshold
from gateway.scoring.artifact_store import ArtifactStore
from models.wire.chat import ChatRequest
from models.wire.errors import RequestError
from models.wire.json_reader import parse_json
from router.artifact import Artifact
from router.decision import LocalEstimate, Prompt, Route, RoutingDecision
from router.errors import CannotServe
from router.policy import LocalCapabilities
from router.threshold import HIGHEST_THRESHOLD, expectation
from router.training.json_lines import numbered_lines

if TYPE_CHECKING:
    from router.compiled import Explanation

ASSUMED = LocalCapabilities(frozenset(), n_ctx=1 << 30)
"""Of the local model, since nothing runs here: plain text, and room enough."""

NO_CLOUD = "No cloud is configured yet: until one is, the local model answers this too (reason: offline)."

SHOWN = 8
"""Features listed, strongest first."""


def route(
    text: Annotated[
        str | None, typer.Argument(help="The request, as a user would type it.", show_default=False)
    ] = None,
    jsonl: Annotated[
        Path | None,
        typer.Option(
            "--jsonl",
            help='File with one request a line: {"id": …, "prompt": "…"} or {"id": …, "messages": […]}. '
            "Writes one decision a line to stdout. A line that cannot be read is named on stderr and skipped.",
            show_default=False,
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=HIGHEST_THRESHOLD,
            help="Try another threshold: scores at or above go to the cloud. Default: the configured one.",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Explain where a request would be answered. Nothing is generated, no server is needed.

    Assumes that both sides are up and that the local model does plain text. Examples:

      slimgate route "Summarise this e-mail: …"

      slimgate route --jsonl requests.jsonl > decisions.jsonl
    """
    settings = load_settings(config, serves=False)
    artifact = ArtifactStore.of(settings).load_in_use()
    applied = ActiveThreshold.of(settings, artifact).value if threshold is None else threshold
    decider = assumed_decider(settings, artifact.scorer, ASSUMED, lambda: applied)
    if (text is None) == (jsonl is None):
        raise typer.BadParameter('Give either a text or --jsonl FILE: slimgate route "your request"')
    if jsonl is not None:
        raise typer.Exit(asyncio.run(_route_lines(jsonl, decider)))
    routed = asyncio.run(decider.decide(_request(text or "")))
    _explain(routed, artifact, has_cloud=settings.cloud.configured, has_exam=settings.exam.enabled)


def _explain(routed: RoutedRequest, artifact: Artifact, *, has_cloud: bool, has_exam: bool) -> None:
    decision = routed.decision
    explanation = artifact.scorer.explain(routed.prompt)
    console = Console()
    console.print(_verdict(decision), highlight=False)
    if routed.request.private is not None:
        console.print(f"It may not leave this machine: {escape(routed.request.private)}.", highlight=False)
    elif not has_cloud and decision.route is Route.CLOUD:
        console.print(NO_CLOUD, highlight=False)
    words = _threshold_words(artifact, decision.threshold)
    console.print(f"Threshold {decision.threshold:.2f}: {words}.", highlight=False)
    console.print(_estimate_words(decision.estimate), highlight=False)
    console.print(_coverage_words(explanation.vocabulary_coverage), highlight=False)
    console.print(_exam_words(artifact, routed.prompt, has_exam=has_exam), highlight=False)
    console.print(_table(explanation))


def _verdict(decision: RoutingDecision) -> str:
    sign = ">=" if decision.score >= decision.threshold else "<"
    return (
        f"[bold]{decision.route}[/] (reason: {decision.reason}). The local answer fails with probability "
        f"[bold]{decision.score:.2f}[/] {sign} {decision.threshold:.2f}."
    )


def _threshold_words(artifact: Artifact, threshold: float) -> str:
    return expectation(threshold, artifact.validation).sentence()


def _estimate_words(estimate: LocalEstimate | None) -> str:
    if estimate is None:
        return "How long the local model would take is known while it serves (`/v1/route`)."
    return (
        f"An idle local model would take about {estimate.first_token_s:.1f} s to its first token, and "
        f"{estimate.answer_s:.1f} s in all."
    )


def _coverage_words(coverage: float) -> str:
    if coverage < 0.5:
        return f"Vocabulary coverage {coverage:.2f}: few of these words are known, so the score stays near 0.5."
    return f"Vocabulary coverage {coverage:.2f}: the classifier knows this wording."


def _exam_words(artifact: Artifact, prompt: Prompt, *, has_exam: bool) -> str:
    match = artifact.match(prompt)
    if match is None and "labels" in artifact.card:
        return "The classifier in use was adapted to your own labels."
    if match is None and not has_exam:
        return "exam.enabled is false: the score is that of small models in general."
    if match is None:
        return "The local model has not been examined yet (slimgate exam): the score is that of models like it."
    if not match.likeness:
        return "It is unlike anything that the exam of the local model asked."
    return (
        f"Most like what the exam asked under “{match.title}” (likeness {match.likeness:.2f}): this model passed "
        f"{match.passed} of {match.asked} of those."
    )


def _table(explanation: "Explanation") -> Table:
    table = Table("feature", "contribution", title="What made the score (+ towards the cloud)", title_justify="left")
    for name, log_odds in list(explanation.contributions.items())[:SHOWN]:
        table.add_row(escape(name), f"{log_odds:+.2f}")
    if rest := list(explanation.contributions.values())[SHOWN:]:
        table.add_row(f"{len(rest)} more", f"{sum(rest):+.2f}")
    table.add_row("every prompt's start", f"{explanation.baseline:+.2f}")
    return table


async def _route_lines(path: Path, decider: Decider) -> int:
    """Decide every line; 1 if any was bad, as an exit code."""
    errors, bad = Console(stderr=True, highlight=False, soft_wrap=True), 0
    try:
        for number, line in numbered_lines(path):
            try:
                print(json.dumps(await _decided(line, decider)))
            except (ValueError, RecursionError, RequestError, CannotServe) as exc:
                bad += 1
                errors.print(f"{path}:{number}: {exc}", markup=False)
    except OSError as exc:
        raise typer.BadParameter(f"{path}: {exc.strerror or exc}", param_hint="--jsonl") from exc
    if bad:
        errors.print(f"{bad} {'line' if bad == 1 else 'lines'} skipped.")
    return int(bad > 0)


async def _decided(line: bytes, decider: Decider) -> dict[str, Any]:
    request_id, request = _read_request(line)
    decision = (await decider.decide(request)).decision
    return {
        "id": request_id,
        "route": decision.route.value,
        "reason": decision.reason.value,
        "score": decision.score,
        "threshold": decision.threshold,
        "estimate": None if decision.estimate is None else asdict(decision.estimate),
    }


def _read_request(line: bytes) -> tuple[Any, ChatRequest]:
    body = parse_json(line)
    if not isinstance(body, dict):
        raise ValueError("a line must be a JSON object")
    if "id" not in body:
        raise ValueError("'id' is missing")
    if "messages" in body:
        return body["id"], ChatRequest.parse({**body, "model": AUTO})
    if not isinstance(body.get("prompt"), str):
        raise ValueError("'prompt' (a string) or 'messages' (an array) is missing")
    return body["id"], _request(body["prompt"])


def _request(text: str) -> ChatRequest:
    return ChatRequest.parse({"model": AUTO, "messages": [{"role": "user", "content": text}]})
