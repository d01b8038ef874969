"""People who log in by a single sign-on, and what the lists in the configuration let them do."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.config.sections.login import OidcSettings
from gateway.keys.caller import Caller
from gateway.keys.terms import Role, Sees
from models.redaction.plain_text import plain_text

ID_PREFIX = "oidc:"
ID_CHARS = 16
MAX_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, as the provider's ID token names them.

    Attributes
    ----------
    id : str
        Made of the provider and its name for the person; it stays the same when the email address changes.
    name : str
        For people: the email address, or else a name.
    listed_as : tuple of str
        The entries of `OidcSettings.admins` and `viewers` that meant this person at the login.
    """

    id: str
    name: str
    listed_as: tuple[str, ...]

    def to_json(self) -> str:
        """As the database keeps it."""
        return orjson.dumps({"name": self.name, "listed_as": self.listed_as}).decode()


def read_identity(id: str, kept: str) -> Identity | None:
    """What `Identity.to_json` has written; None for anything else."""
    try:
        values = orjson.loads(kept)
        return Identity(id, str(values["name"]), tuple(map(str, values["listed_as"])))
    except (ValueError, TypeError, LookupError):
        return None


def identity_of(claims: Mapping[str, Any], settings: OidcSettings) -> Identity:
    """The person of an ID token that has been verified."""
    digest = hashlib.blake2b(f"{claims['iss']}\n{claims['sub']}".encode(), digest_size=ID_CHARS // 2).hexdigest()
    # An address that nobody has verified may be anybody's.
    email = claims.get("email") if claims.get("email_verified") is True else None
    names = [*([email.lower()] if isinstance(email, str) else []), *_groups(claims.get(settings.groups_claim))]
    listed = [entry for entry in (*settings.admins, *settings.viewers) if _as_claimed(entry) in names]
    name = email or claims.get("name") or claims["sub"]
    return Identity(ID_PREFIX + digest, plain_text(str(name), MAX_NAME_CHARS), tuple(listed))


def caller_of_identity(identity: Identity, settings: OidcSettings) -> Caller | None:
    """What this person may do by the lists as they are now; None where they are on neither."""
    for role, entries in ((Role.ADMIN, settings.admins), (Role.VIEWER, settings.viewers)):
        if not set(entries).isdisjoint(identity.listed_as):
            return Caller(identity.id, identity.name, role, Sees.ALL)
    return None


def _as_claimed(entry: str) -> str:
    """An entry with an @ is an email address, in which case does not matter; any other is a group's name.

    >>> _as_claimed("Ada@Example.org"), _as_claimed("Platform")
    ('ada@example.org', 'Platform')
    """
    return entry.lower() if "@" in entry else entry


def _groups(claim: Any) -> Iterable[str]:
    """Names of groups; what looks like an email address is none, or a group could stand for a person."""
    groups = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return (group for group in groups if isinstance(group, str) and "@" not in group)
