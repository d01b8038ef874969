"""/v1/session and /v1/sessions: logging in at the page, who is logged in, and ending it."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from gateway.endpoints.answer_models import AnswerModel
from gateway.http.actor import actor_of
from gateway.http.json_body import JsonBody, described, read_model
from gateway.keys.caller import Caller, caller_of
from gateway.keys.terms import Role, Sees
from gateway.ledger.units import from_epoch_ms
from gateway.login.cookie import COOKIE, cookie_terms, token_in
from gateway.login.logins import Logins, visitor_of
from gateway.login.sessions import LoginSession

MAX_KEY_CHARS = 500


class LoginBody(JsonBody):
    """A key, for a session."""

    key: str = Field(min_length=1, max_length=MAX_KEY_CHARS, description="The key of somebody who may see the page.")


class WhoAmI(AnswerModel):
    """Who calls."""

    object: Literal["session"] = "session"
    key_id: str = Field(description="Empty where the gateway needs no key.")
    name: str
    role: Role
    sees: Sees
    csrf: str | None = Field(
        description="What the header x-slimgate-csrf must hold for changes with the cookie; null without one."
    )


class SessionItem(AnswerModel):
    """One login of somebody at the page."""

    id: str
    key_id: str
    name: str
    created: str
    seen: str = Field(description="When it was used last, give or take a minute.")
    expires: str
    address: str
    agent: str
    current: bool = Field(description="Whether it is the one that asks.")


class Sessions(AnswerModel):
    """The answer of /v1/sessions."""

    object: Literal["list"] = "list"
    data: list[SessionItem]


class SessionEnded(AnswerModel):
    """A session that is over; null for a call that had none."""

    object: Literal["session.ended"] = "session.ended"
    id: str | None


def session_endpoints(logins: Logins) -> APIRouter:
    """The endpoints over `logins`."""
    endpoints = APIRouter(tags=["login"])

    @endpoints.post("/v1/session", summary="Log in at the page", openapi_extra=described(LoginBody))
    async def log_in(request: Request, response: Response) -> WhoAmI:
        """Takes `{"key": "…"}`, and sets a cookie that no script reads.

        The cookie opens what the page shows; changes also need the header `x-slimgate-csrf`. It asks no model.
        """
        body = await read_model(request, LoginBody)
        token, caller = await logins.with_key(body.key, visitor_of(request.scope))
        terms = cookie_terms(request.scope["scheme"])
        response.set_cookie(COOKIE, token, max_age=logins.sessions.lives_s, **terms)
        return _who(caller, logins.sessions.csrf(token))

    @endpoints.get("/v1/session", summary="Who is logged in")
    def who(request: Request) -> WhoAmI:
        """Who calls, by key or by cookie."""
        caller, token = caller_of(request.scope), token_in(request.scope["headers"])
        return _who(caller, logins.sessions.csrf(token) if caller.id and token is not None else None)

    @endpoints.delete("/v1/session", summary="Sign out")
    async def sign_out(request: Request, response: Response) -> SessionEnded:
        """Ends the session of the cookie, in every worker within a second."""
        session = await _current(logins, request)
        response.delete_cookie(COOKIE, **cookie_terms(request.scope["scheme"]))
        if session is not None:
            await logins.end(session, actor_of(request.scope), "signed out")
        return SessionEnded(id=None if session is None else session.id)

    @endpoints.get("/v1/sessions", summary="Who is logged in where")
    async def listed(request: Request) -> Sessions:
        """One's own logins, or everybody's for an admin; the newest first."""
        caller = caller_of(request.scope)
        current = await _current(logins, request)
        found = await run_in_threadpool(logins.listed, caller, of_all=caller.role is Role.ADMIN)
        return Sessions(data=[_item(session, name, current) for session, name in found])

    @endpoints.delete("/v1/sessions/{id}", summary="End a login")
    async def end(request: Request, id: str) -> SessionEnded:
        """Ends one of one's own logins, or anybody's for an admin."""
        caller = caller_of(request.scope)
        session = await run_in_threadpool(logins.named, id, caller, of_all=caller.role is Role.ADMIN)
        await logins.end(session, actor_of(request.scope), "session ended")
        return SessionEnded(id=session.id)

    return endpoints


async def _current(logins: Logins, request: Request) -> LoginSession | None:
    token = token_in(request.scope["headers"])
    found = None if token is None else await logins.find(token)
    return None if found is None else found[1]


def _who(caller: Caller, csrf: str | None) -> WhoAmI:
    return WhoAmI(key_id=caller.id, name=caller.name, role=caller.role, sees=caller.sees, csrf=csrf)


def _item(session: LoginSession, name: str, current: LoginSession | None) -> SessionItem:
    return SessionItem(
        id=session.id,
        key_id=session.key_id,
        name=name,
        created=_iso(session.created_ms),
        seen=_iso(session.seen_ms),
        expires=_iso(session.expires_ms),
        address=session.address,
        agent=session.agent,
        current=current is not None and session.hash == current.hash,
    )


def _iso(ms: int) -> str:
    return from_epoch_ms(ms).isoformat(timespec="milliseconds")
