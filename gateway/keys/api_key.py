"""A key as the database keeps it, without what would let somebody use it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row

from gateway.keys.caller import Caller
from gateway.keys.terms import KeyTerms, Role, Sees
from gateway.ledger.units import from_epoch_ms

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeySecret:
    """What is shown of one secret: its first characters, and until when it works (None: as long as its key)."""

    prefix: str
    created_ms: int
    expires_ms: int | None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a caller. Times are in milliseconds since 1970, UTC; `secrets` has the newest first."""

    id: str
    created_ms: int
    name: str
    owner: str
    team: str
    tags: tuple[str, ...]
    role: Role
    sees: Sees
    terms: KeyTerms
    expires_ms: int | None
    revoked_ms: int | None
    secrets: tuple[KeySecret, ...] = ()

    @classmethod
    def read(cls, row: Row[Any], secrets: Sequence[KeySecret] = ()) -> "ApiKey | None":
        """The key in a row of the database; None, and a line in the log, where it holds what no key can."""
        try:
            return cls._read(row, secrets)
        except (ValueError, TypeError) as exc:
            logger.error("the key %.40r cannot be read, and does not work: %s", row.id, type(exc).__name__)
            return None

    @classmethod
    def _read(cls, row: Row[Any], secrets: Sequence[KeySecret]) -> "ApiKey":
        return cls(
            row.id,
            row.created_ms,
            row.name,
            row.owner,
            row.team,
            tuple(orjson.loads(row.tags)),
            Role(row.role),
            Sees(row.sees),
            KeyTerms.model_validate_json(row.terms),
            row.expires_ms,
            row.revoked_ms,
            tuple(secrets),
        )

    def status(self, at_ms: int) -> str:
        """`live`, `expired` or `revoked`."""
        if self.revoked_ms is not None:
            return "revoked"
        return "live" if self.expires_ms is None or at_ms < self.expires_ms else "expired"

    @property
    def caller(self) -> Caller:
        """Who calls with it."""
        sees = Sees.ALL if self.role is Role.ADMIN else self.sees
        return Caller(self.id, self.name, self.role, sees, self.team, self.tags, self.terms)

    def to_json(self, at_ms: int) -> dict[str, Any]:
        """For the API and for commands: everything except hashes."""
        return {
            "object": "key",
            "id": self.id,
            "name": self.name,
            "status": self.status(at_ms),
            "owner": self.owner,
            "team": self.team,
            "tags": list(self.tags),
            "role": self.role,
            "sees": self.caller.sees,
            "created": iso(self.created_ms),
            "expires": iso(self.expires_ms),
            "revoked": iso(self.revoked_ms),
            "secrets": [
                {"prefix": secret.prefix, "created": iso(secret.created_ms), "expires": iso(secret.expires_ms)}
                for secret in self.secrets
            ],
            "terms": self.terms.model_dump(mode="json"),
        }


def iso(ms: int | None) -> str | None:
    """A moment as text, in UTC."""
    return None if ms is None else from_epoch_ms(ms).isoformat(timespec="milliseconds")
