"""Other URLs by which clients reach the same endpoints: a base URL without ``/v1``, and Azure's.

It stands in front of everything, so that every check sees the endpoint's own path, and none can be passed by.
"""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

V1 = "/v1"
AZURE = "/openai"
DEPLOYMENTS = f"{AZURE}/deployments/"

FAMILIES = frozenset({"chat", "completions", "embeddings", "messages", "models", "responses"})
"""What a path below ``/v1`` begins with that belongs to somebody's API; what is the gateway's own has one URL."""

OF_A_DEPLOYMENT = frozenset({"chat/completions", "completions", "embeddings"})

DEPLOYMENT = "slimgate.deployment"
"""Where the scope of a request keeps the name of the deployment in its URL, which is Azure's word for a model."""


class OtherPaths:
    """Lets requests for other URLs of an endpoint reach it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and not scope["path"].startswith("/v1/"):
            scope = renamed(scope)
        await self._app(scope, receive, send)


def renamed(scope: Scope) -> Scope:
    """`scope` with the endpoint's own path; itself where it is for no endpoint of an API, or names it already."""
    path: str = scope["path"]
    deployment, end, rest = path.removeprefix(DEPLOYMENTS).partition("/")
    if path.startswith(DEPLOYMENTS) and end and deployment and rest in OF_A_DEPLOYMENT:
        return {**scope, "path": f"{V1}/{rest}", DEPLOYMENT: deployment}
    below = path.removeprefix(AZURE).removeprefix(V1)
    if below.startswith("/") and below[1:].partition("/")[0] in FAMILIES:
        return {**scope, "path": V1 + below}
    return scope


def with_deployment(scope: Scope, body: Any) -> Any:
    """A decoded body with the model that the URL names, as Azure reads it; as it came where the URL names none."""
    deployment = scope.get(DEPLOYMENT)
    return body if deployment is None or not isinstance(body, dict) else {**body, "model": deployment}
