"""What of the ledger a caller may see. Every endpoint that shows rows or sums asks here, and passes it on."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.keys.caller import Caller, caller_of
from gateway.keys.terms import Sees
from gateway.ledger.scope import EVERYBODY, LedgerScope
from models.wire.errors import ForbiddenError


def scope_of(caller: Caller) -> LedgerScope:
    """The requests that `caller` may see: its own, unless it was made to see more."""
    if caller.sees is Sees.ALL:
        return EVERYBODY
    if caller.sees is Sees.TEAM and caller.team:
        return LedgerScope(f"team:{caller.team}")
    return LedgerScope(f"key:{caller.id}")


def _seen_by(request: Request) -> LedgerScope:
    return scope_of(caller_of(request.scope))


Visible = Annotated[LedgerScope, Depends(_seen_by)]
"""The requests that the caller may see."""


def _require_all(request: Request) -> None:
    if not _seen_by(request).is_all:
        raise ForbiddenError(
            f"{request.url.path} tells of everybody's requests, and this key may look at "
            "its own or its team's only. Use a key that sees all; /v1/usage and /v1/savings show what this one may see."
        )


SeesAll = Depends(_require_all)
"""For endpoints whose figures are of everybody's requests and cannot be told apart: others get a 403."""
