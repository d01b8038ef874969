"""Calls that the cookie of a login opens: those that look, and changes that carry the login's token.

A browser sends a cookie with every request, also with one that another page had it make. So a change needs the token
too, which only our own page can read; and what asks a model, and may cost money, no cookie opens at all.
"""

import secrets

from starlette.types import Scope

from gateway.dashboard import LOGIN_ASSETS
from gateway.http.errors import CsrfError
from gateway.http.overrides import CSRF_HEADER
from gateway.keys.caller import Caller
from gateway.login.cookie import SIGN_ON_PATH, token_in
from gateway.login.logins import Logins

LOOKS = ("GET", "HEAD")

ASKS_MODELS = ("/v1/chat/", "/v1/completions", "/v1/embeddings", "/v1/messages", "/v1/responses")
"""Beginnings of paths that a key alone opens."""

PAGES = ("/", "/dashboard")
"""Where a browser without a login is led to the login page."""

_OPEN = frozenset(
    {
        ("GET", "/login"),
        ("GET", SIGN_ON_PATH),
        ("GET", f"{SIGN_ON_PATH}/callback"),
        ("POST", "/v1/session"),
        *(("GET", f"/dashboard/assets/{name}") for name in LOGIN_ASSETS),
    }
)


def is_for_login(scope: Scope) -> bool:
    """Whether a call is a step of logging in, for which nobody can be logged in yet."""
    return (scope.get("method"), scope["path"]) in _OPEN


class CookieLogin:
    """Finds the caller of a call by its cookie."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    async def caller_of(self, scope: Scope) -> Caller | None:
        """Who is logged in; None without a login that lasts, or where none counts.

        Raises
        ------
        CsrfError
            If the call would change something, and lacks the login's token.
        LedgerUnavailable
            While it is not known which logins there are.
        """
        if scope["type"] != "http" or scope["path"].startswith(ASKS_MODELS):
            return None
        token = token_in(scope["headers"])
        found = None if token is None else await self._logins.find(token)
        if token is None or found is None:
            return None
        if scope["method"] not in LOOKS:
            self._check_csrf(scope, token)
        return found[0]

    def _check_csrf(self, scope: Scope, token: str) -> None:
        sent = next((value for name, value in scope["headers"] if name == CSRF_HEADER.encode()), b"")
        wanted = self._logins.sessions.csrf(token) or ""
        if not secrets.compare_digest(sent, wanted.encode()):
            raise CsrfError(
                f"Changes with the cookie of a login also need the header {CSRF_HEADER}: the `csrf` that "
                "GET /v1/session answers. Programs send a key instead, as 'Authorization: Bearer KEY'."
            )
