"""Which roles may call what, by method and path. What no row names is for administrators."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from gateway.keys.caller import Caller
from gateway.keys.terms import Role
from models.wire.errors import ForbiddenError

ANY = "*"
READ = "GET"


class Need(Enum):
    """What a call needs: the roles that may make it. An admin may make any."""

    ASK = (Role.CALLER,)
    """Asks a model, or is about the caller's own answers."""

    LOOK = (Role.VIEWER,)
    """Looks at the state of the whole gateway."""

    LOOK_AT_OWN = (Role.CALLER, Role.VIEWER)
    """Looks at requests, of which the endpoint shows only those that the caller sees."""

    ADMINISTER = ()
    """Changes what holds for others, or takes everything along."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One row: what a call by that method (`ANY` for all) to that path needs.

    In the path ``{}`` stands for one part, ``{*}`` for one or more.
    """

    method: str
    path: str
    need: Need


PERMISSIONS = (
    *(
        Permission(ANY, path, Need.ASK)
        for path in (
            "/v1/chat/completions",
            "/v1/completions",
            "/v1/embeddings",
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/v1/responses",
            "/v1/responses/compact",
            "/v1/responses/input_tokens",
            "/v1/responses/{}",
            "/v1/responses/{}/cancel",
            "/v1/responses/{}/input_items",
            "/v1/route",
            "/v1/feedback",
        )
    ),
    *(
        Permission(READ, path, Need.LOOK_AT_OWN)
        for path in (
            "/",
            "/dashboard",
            "/dashboard/assets/{}",
            "/openapi.json",
            "/v1/models",
            "/v1/models/{*}",
            "/v1/savings",
            "/v1/savings/timeline",
            "/v1/usage",
            "/v1/usage/chargeback.csv",
            "/v1/latency",
            "/v1/decisions",
            "/v1/decisions/choices",
            "/v1/decisions/{}",
            "/v1/session",
            "/v1/sessions",
        )
    ),
    *(
        Permission(READ, path, Need.LOOK)
        for path in (
            "/metrics",
            "/v1/status",
            "/v1/exam",
            "/v1/exam/{}",
            "/v1/threshold",
            "/v1/threshold/curve",
            "/v1/threshold/flips",
        )
    ),
    Permission("DELETE", "/v1/session", Need.LOOK_AT_OWN),
    Permission("DELETE", "/v1/sessions/{}", Need.LOOK_AT_OWN),
    Permission("POST", "/v1/threshold", Need.ADMINISTER),
    Permission(READ, "/v1/decisions/export", Need.ADMINISTER),
    Permission(READ, "/v1/ledger/set-aside", Need.ADMINISTER),
    Permission(READ, "/v1/audit", Need.ADMINISTER),
    Permission(ANY, "/v1/keys", Need.ADMINISTER),
    Permission(ANY, "/v1/keys/{}", Need.ADMINISTER),
    Permission("POST", "/v1/keys/{}/rotate", Need.ADMINISTER),
)


class Permissions:
    """Looks calls up in rows such as `PERMISSIONS`; a path without ``{`` goes before those with."""

    def __init__(self, rows: Iterable[Permission] = PERMISSIONS) -> None:
        self._whole: dict[tuple[str, str], Need] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Need]] = []
        for row in rows:
            if "{" in row.path:
                self._patterns.append((row.method, _pattern(row.path), row.need))
            else:
                self._whole[row.method, row.path] = row.need

    def find(self, method: str, path: str) -> Need | None:
        """What a call needs; None if no row names it. HEAD is GET."""
        method = READ if method == "HEAD" else method
        need = self._whole.get((method, path)) or self._whole.get((ANY, path))
        if need is not None:
            return need
        return next((need for of, at, need in self._patterns if of in (method, ANY) and at.fullmatch(path)), None)

    def check(self, caller: Caller, method: str, path: str) -> None:
        """Let `caller` make the call.

        Raises
        ------
        ForbiddenError
            If its role may not; the message names those that may.
        """
        if caller.role is Role.ADMIN:
            return
        need = self.find(method, path) or Need.ADMINISTER
        if caller.role not in need.value:
            roles = " or ".join([*need.value, Role.ADMIN])
            raise ForbiddenError(f"{method} {path:.200} needs a key of role {roles}; this one is a {caller.role}'s.")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\{\}", "[^/]+").replace(r"\{\*\}", ".+"))
