"""GET /login, the page that takes a key, and the two steps of a single sign-on."""

import logging
from html import escape

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.dashboard import load_login_page
from gateway.endpoints.dashboard import HEADERS
from gateway.login.cookie import COOKIE, STATE_COOKIE, STATE_LIVES_S, cookie_terms
from gateway.login.errors import LoginThrottled, Refusal, SignOnFailed
from gateway.login.logins import Logins, Visitor, visitor_of
from gateway.login.sign_on import Flow

logger = logging.getLogger(__name__)

MAX_CODE_CHARS = 4000

COUNTED = (Refusal.STALE, Refusal.TOKEN, Refusal.NOBODY)
"""Refusals that count as failed logins: the others are nobody's attempt to get in."""

SAID: dict[str, str] = {
    Refusal.DENIED: "The sign-on was not completed. Try again, or log in with a key.",
    Refusal.STALE: "This sign-on was begun elsewhere, took too long, or was used already. Try again.",
    Refusal.PROVIDER: "The sign-on service does not answer as it should. Try again later, or log in with a key.",
    Refusal.TOKEN: "The sign-on service's answer could not be verified. The gateway's log says more.",
    Refusal.NOBODY: "You are known to the sign-on service, but nobody has given you access to this gateway. "
    "Ask whoever runs it.",
    Refusal.THROTTLED: "Too many logins failed from your address. Try again in a few minutes.",
}
"""What the page says of each refusal: our own words, whatever the URL holds."""

BACK = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="refresh" content="0; url=../../dashboard">
    <title>slimgate: logged in</title>
  </head>
  <body><a href="../../dashboard">Go on</a></body>
</html>
"""
"""A page of ours in between: the redirect of another site's page would not carry a cookie with SameSite=Strict."""


def login_endpoints(logins: Logins) -> APIRouter:
    """The login page, with a button for the single sign-on where there is one."""
    endpoints = APIRouter(include_in_schema=False)

    @endpoints.get("/login")
    async def page(refused: str = "") -> Response:
        if not logins.is_needed:
            return RedirectResponse("dashboard", 303)
        name = logins.sign_on.settings.name if logins.sign_on.flow is not None else None
        html = load_login_page(None if name is None else escape(name), escape(SAID.get(refused, "")))
        return HTMLResponse(html, headers={**HEADERS, "cache-control": "no-store"})

    @endpoints.get("/login/oidc")
    async def begin(request: Request) -> Response:
        try:
            logins.check(visitor_of(request.scope))
            url, state = await _flow(logins).begin()
        except LoginThrottled:
            return _refused(Refusal.THROTTLED, "../login")
        except SignOnFailed as exc:
            logger.warning("single sign-on: %s", exc)
            return _refused(exc.refusal, "../login")
        response = RedirectResponse(url, 303, {"referrer-policy": "no-referrer"})
        response.set_cookie(
            STATE_COOKIE,
            state,
            max_age=STATE_LIVES_S,
            secure=request.scope["scheme"] == "https",
            httponly=True,
            samesite="lax",  # the provider's redirect has to carry it
        )
        return response

    @endpoints.get("/login/oidc/callback")
    async def finish(request: Request) -> Response:
        visitor = visitor_of(request.scope)
        try:
            token = await _finish(logins, request, visitor)
        except LoginThrottled:
            return _refused(Refusal.THROTTLED, "../../login")
        except SignOnFailed as exc:
            logger.warning("single sign-on from %s: %s", visitor.address, exc)
            if exc.refusal in COUNTED:
                await logins.failed(visitor, f"single sign-on: {exc.refusal}")
            return _refused(exc.refusal, "../../login")
        response = HTMLResponse(BACK, headers={**HEADERS, "cache-control": "no-store"})
        response.set_cookie(COOKIE, token, max_age=logins.sessions.lives_s, **cookie_terms(request.scope["scheme"]))
        response.delete_cookie(STATE_COOKIE)
        return response

    return endpoints


def _flow(logins: Logins) -> Flow:
    flow = logins.sign_on.flow
    if flow is None:
        raise HTTPException(404)
    return flow


async def _finish(logins: Logins, request: Request, visitor: Visitor) -> str:
    """The token of a session for whoever the provider's answer names."""
    logins.check(visitor)
    code, state = request.query_params.get("code", ""), request.query_params.get("state", "")
    if not code or len(code) > MAX_CODE_CHARS:
        raise SignOnFailed(Refusal.DENIED, "the provider sent no code")
    identity = await _flow(logins).finish(code, state, request.cookies.get(STATE_COOKIE, ""))
    token = await logins.with_identity(identity, visitor)
    if token is None:
        raise SignOnFailed(Refusal.NOBODY, "somebody on neither of the lists oidc.admins and oidc.viewers")
    return token


def _refused(refusal: Refusal, page: str) -> Response:
    """Back to the login page, which says why: relative, for proxies that add a path prefix."""
    response = RedirectResponse(f"{page}?refused={refusal}", 303, {"referrer-policy": "no-referrer"})
    response.delete_cookie(STATE_COOKIE)
    return response
