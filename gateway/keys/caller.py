"""Who makes a call: found out once, by its key or its login, and then known everywhere."""

from dataclasses import dataclass

from starlette.types import Scope

from gateway.keys.terms import NO_TERMS, KeyTerms, Role, Sees

CALLER = "slimgate.caller"
"""Where in the scope of a call its `Caller` is."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call.

    Attributes
    ----------
    id : str
        The key's id; empty where the gateway needs none. What belongs to a caller belongs to this id.
    name : str
        For people.
    role, sees
        What it is for, and whose requests it may look at.
    team : str
        Empty for none.
    tags : tuple of str
        For reports.
    terms : KeyTerms
        What it may do and spend.
    """

    id: str
    name: str
    role: Role
    sees: Sees = Sees.OWN
    team: str = ""
    tags: tuple[str, ...] = ()
    terms: KeyTerms = NO_TERMS

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that its requests are booked on: `gateway.ledger.accounts` has their sums."""
        parts = ["all"]
        if self.id:
            parts.append(f"key:{self.id}")
        if self.team:
            parts.append(f"team:{self.team}")
        return (*parts, *(f"tag:{tag}" for tag in self.tags))


ANYBODY = Caller("", "anybody", Role.ADMIN, Sees.ALL)
"""The caller of a gateway without keys, which only this machine can reach."""


def caller_of(scope: Scope) -> Caller:
    """The caller of a call that has passed `gateway.access.auth`."""
    caller: Caller = scope.get(CALLER, ANYBODY)
    return caller
