"""POST /v1/route: where a request would go and why, without answering it."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.dispatch.decider import Decider
from gateway.dispatch.model_names import AUTO
from gateway.http.client import read_body
from gateway.http.json_response import json_response
from gateway.http.overrides import read_overrides
from gateway.scoring.active_classifier import ActiveClassifier
from models.wire.chat import ChatRequest
from models.wire.json_reader import JsonReader, parse_json
from router.family_match import FamilyMatch


def route_endpoints(decider: Decider, classifier: ActiveClassifier, *, max_body_bytes: int) -> APIRouter:
    """The endpoint over `decider`, and the classifier that it decides with."""
    endpoints = APIRouter(tags=["routing"])

    @endpoints.post("/v1/route", summary="Explain a decision")
    async def explain(request: Request) -> Response:
        """Takes a chat completion request, or just `{"prompt": "…"}`; generates nothing, costs nothing."""
        body = parse_json(await read_body(request.receive, max_body_bytes))
        routed = await decider.decide(ChatRequest.parse(_as_chat(body)), read_overrides(request.scope, body))
        artifact = classifier.artifact
        explanation = artifact.scorer.explain(routed.prompt)
        return json_response(
            {
                "object": "routing_decision",
                **asdict(routed.decision),
                "private": routed.request.private,
                "second_look": routed.second_look,
                "vocabulary_coverage": explanation.vocabulary_coverage,
                "contributions": dict(explanation.contributions),
                "artifact": artifact.version,
                "family": _family(artifact.match(routed.prompt)),
            }
        )

    return endpoints


def _family(match: FamilyMatch | None) -> dict[str, Any] | None:
    """The family of the exam that the prompt is most like, and how the model did there."""
    return None if match is None or not match.likeness else asdict(match)


def _as_chat(body: Any) -> Any:
    if isinstance(body, dict) and "prompt" in body and "messages" not in body:
        body = {**body, "messages": [{"role": "user", "content": JsonReader(body)["prompt"].text()}]}
    return {"model": AUTO, **body} if isinstance(body, dict) else body
