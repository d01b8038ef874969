"""The cookies of a session, and of a single sign-on that has begun."""

import re
from collections.abc import Iterable
from typing import Literal, TypedDict

COOKIE = "slimgate_session"

SIGN_ON_PATH = "/login/oidc"
STATE_COOKIE = "slimgate_sign_on"
STATE_LIVES_S = 600
"""The cookie of a single sign-on that has begun: its browser has so long to come back from the provider."""

_TOKEN = re.compile(rb"(?:^|;)[ \t]*slimgate_session=([A-Za-z0-9_-]{64})[ \t]*(?:;|\Z)")


class CookieTerms(TypedDict):
    """What a browser may do with the cookie."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["strict"]


def cookie_terms(scheme: str) -> CookieTerms:
    """The terms for a page that came by `scheme`; no script reads it, and no other site's page has it sent."""
    return CookieTerms(path="/", secure=scheme == "https", httponly=True, samesite="strict")


def token_in(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The session's token among the headers of a request; None where there is none."""
    for name, value in headers:
        if name == b"cookie" and (match := _TOKEN.search(value)):
            return match[1].decode("ascii")
    return None
