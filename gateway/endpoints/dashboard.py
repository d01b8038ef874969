"""GET /dashboard and the files that page loads. What it shows it fetches from the JSON endpoints, like anybody else."""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from gateway.dashboard import Asset, load_assets, load_page, load_plotly, plotly_name

HEADERS = {
    # Nothing inline, nothing from elsewhere; the page cannot be framed, and sends no form anywhere.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "vary": "accept-encoding",
}
ASK_AGAIN = "no-cache"
KEEP_FOR_GOOD = "private, max-age=31536000, immutable"


def dashboard_endpoints() -> APIRouter:
    """The page and its files."""
    endpoints = APIRouter(include_in_schema=False)

    @endpoints.get("/")
    async def home() -> Response:
        """Where a browser that was given only the address wants to go."""
        return RedirectResponse("dashboard", 307)

    @endpoints.get("/dashboard")
    async def page(request: Request) -> Response:
        return _send(request, load_page(), ASK_AGAIN)

    # A plain function, so that reading and compressing 5 MB the first time runs in a thread.
    @endpoints.get("/dashboard/assets/{name}")
    def asset(request: Request, name: str) -> Response:
        if name == plotly_name():
            return _send(request, load_plotly(), KEEP_FOR_GOOD)
        if name not in load_assets():
            raise HTTPException(404)
        return _send(request, load_assets()[name], ASK_AGAIN)

    return endpoints


def _send(request: Request, asset: Asset, caching: str) -> Response:
    headers = {**HEADERS, "cache-control": caching, "etag": asset.etag}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(None, 304, headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.compressed, 200, {**headers, "content-encoding": "gzip"}, asset.media_type)
    return Response(asset.content, 200, headers, asset.media_type)
