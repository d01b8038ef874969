"""Who makes an administrative call, as the audit chain names them."""

from starlette.types import Scope

from gateway.audit.actions import Actor
from gateway.keys.caller import caller_of


def actor_of(scope: Scope) -> Actor:
    """The caller of a call that has passed `gateway.access.auth`, and the address that it came from."""
    caller, client = caller_of(scope), scope.get("client")
    who = f"{caller.id} ({caller.name})" if caller.id else caller.name
    return Actor(who, client[0] if client else "unknown")
