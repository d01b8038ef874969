"""Keys in the ledger's database: made, changed, given new secrets, and revoked.

Every change moves the counter that gateways watch, and is an entry of the audit chain, in one transaction.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select, tuple_, update

from gateway.audit.actions import Actor, action_entry
from gateway.audit.chain import AuditChain
from gateway.keys.api_key import ApiKey, KeySecret
from gateway.keys.details import KeyChange, NewKey
from gateway.keys.schema import ACCESS_VERSION, API_KEYS, SECRETS
from gateway.keys.secrets import PREFIX_CHARS, SecretHasher, new_secret
from gateway.keys.terms import Sees
from gateway.ledger import Ledger
from gateway.ledger.units import epoch_ms, now_ms

ID_BYTES = 6


class KeyNotFound(Exception):
    """There is no key of that id."""


class KeyUnchangeable(Exception):
    """The key cannot become what is wanted: it is revoked, or two of its details do not go together."""


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Some keys, and the id after which the next page begins; None after the last."""

    keys: list[ApiKey]
    next: str | None


class KeyStore:
    """The keys in one database. Its methods block, so they are not for the event loop.

    All of them raise `LedgerUnavailable` while the database does not answer; then nothing is changed.
    """

    def __init__(self, ledger: Ledger, chain: AuditChain, hasher: SecretHasher) -> None:
        self._ledger = ledger
        self._chain = chain
        self._hasher = hasher

    def create(self, wanted: NewKey, actor: Actor) -> tuple[ApiKey, str]:
        """Make a key; returns it with its secret, which is kept nowhere."""
        id, now, secret = f"key_{secrets.token_hex(ID_BYTES)}", now_ms(), new_secret()
        with self._changing() as connection:
            connection.execute(insert(API_KEYS), {"id": id, "created_ms": now, **_columns(wanted)})
            self._add_secret(connection, id, secret, now)
            key = _get(connection, id)
            self._record(connection, actor, "key created", key, wanted.model_dump(mode="json", exclude_unset=True))
        return key, secret

    def update(self, id: str, change: KeyChange, actor: Actor) -> ApiKey:
        """Change what `change` gives.

        Raises
        ------
        KeyNotFound, KeyUnchangeable
        """
        given = change.model_dump(mode="json", exclude_unset=True)
        with self._changing() as connection:
            key = _live(connection, id)
            if columns := _changed_columns(key, change):
                connection.execute(update(API_KEYS).where(API_KEYS.c.id == id).values(columns))
            key = _get(connection, id)
            if key.sees is Sees.TEAM and not key.team:
                raise KeyUnchangeable("sees is team, but team is empty: name the team")
            self._record(connection, actor, "key changed", key, given)
        return key

    def rotate(self, id: str, grace_s: int, actor: Actor) -> tuple[ApiKey, str]:
        """Give a key another secret; those of before work for `grace_s` seconds more, or as long as they had.

        Raises
        ------
        KeyNotFound, KeyUnchangeable
        """
        now, secret = now_ms(), new_secret()
        ends_ms, c = now + grace_s * 1000, SECRETS.c
        with self._changing() as connection:
            _live(connection, id)
            lasting = and_(c.key_id == id, or_(c.expires_ms.is_(None), c.expires_ms > ends_ms))
            connection.execute(update(SECRETS).where(lasting).values(expires_ms=ends_ms))
            connection.execute(delete(SECRETS).where(c.key_id == id, c.expires_ms <= now))
            self._add_secret(connection, id, secret, now)
            key = _get(connection, id)
            self._record(connection, actor, "key rotated", key, {"grace_s": grace_s})
        return key, secret

    def revoke(self, id: str, actor: Actor) -> ApiKey:
        """Stop a key for good; one that is revoked stays as it is.

        Raises
        ------
        KeyNotFound
        """
        with self._changing() as connection:
            key = _get(connection, id)
            if key.revoked_ms is None:
                connection.execute(update(API_KEYS).where(API_KEYS.c.id == id).values(revoked_ms=now_ms()))
                connection.execute(delete(SECRETS).where(SECRETS.c.key_id == id))
                key = _get(connection, id)
                self._record(connection, actor, "key revoked", key, {})
        return key

    def find(self, id: str) -> ApiKey:
        """One key, also a revoked one.

        Raises
        ------
        KeyNotFound
        """
        with self._ledger.access() as connection:
            return _get(connection, id)

    def list(self, limit: int, after: str | None = None, *, with_revoked: bool = False) -> KeyPage:
        """At most `limit` keys, newest first, those behind the key `after`.

        Raises
        ------
        KeyNotFound
            If there is no key `after`.
        """
        query = select(API_KEYS).order_by(API_KEYS.c.created_ms.desc(), API_KEYS.c.id.desc()).limit(limit + 1)
        if not with_revoked:
            query = query.where(API_KEYS.c.revoked_ms.is_(None))
        with self._ledger.access() as connection:
            if after is not None:
                query = query.where(_behind(_get(connection, after)))
            rows = connection.execute(query).all()
            page = rows[:limit]
            return KeyPage(_read(connection, page), page[-1].id if len(rows) > limit else None)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction. It moves the counter first, which locks it: one change goes after the other, everywhere."""
        with self._ledger.write() as connection:
            connection.execute(update(ACCESS_VERSION).values(version=ACCESS_VERSION.c.version + 1))
            yield connection

    def _add_secret(self, connection: Connection, id: str, secret: str, now: int) -> None:
        row = {"hash": self._hasher.hash(secret.encode()), "key_id": id, "prefix": secret[:PREFIX_CHARS]}
        connection.execute(insert(SECRETS), {**row, "created_ms": now})

    def _record(
        self, connection: Connection, actor: Actor, action: str, key: ApiKey, details: Mapping[str, Any]
    ) -> None:
        about = {"key_id": key.id, "key_name": key.name, **({"details": details} if details else {})}
        self._chain.append(connection, [action_entry(actor, action, about)])


def _read(connection: Connection, rows: Sequence[Row[Any]]) -> list[ApiKey]:
    """The keys in these rows, as far as they can be read, with what is shown of their secrets."""
    # The one that lasts goes first, also before one made in the same millisecond.
    order = SECRETS.c.expires_ms.is_(None).desc(), SECRETS.c.created_ms.desc()
    query = select(SECRETS).where(SECRETS.c.key_id.in_([row.id for row in rows])).order_by(*order)
    shown = defaultdict(list)
    for secret in connection.execute(query):
        shown[secret.key_id].append(KeySecret(secret.prefix, secret.created_ms, secret.expires_ms))
    keys = (ApiKey.read(row, shown[row.id]) for row in rows)
    return [key for key in keys if key is not None]


def _get(connection: Connection, id: str) -> ApiKey:
    rows = connection.execute(select(API_KEYS).where(API_KEYS.c.id == id)).all()
    if not rows:
        raise KeyNotFound(f"There is no key {id!r:.100}; /v1/keys and `slimgate keys list` have their ids.")
    if not (keys := _read(connection, rows)):
        raise KeyUnchangeable(f"The key {id} cannot be read, and does not work: its row in the database is damaged.")
    return keys[0]


def _live(connection: Connection, id: str) -> ApiKey:
    key = _get(connection, id)
    if key.revoked_ms is not None:
        raise KeyUnchangeable(f"The key {id} is revoked, for good: create another.")
    return key


def _behind(key: ApiKey) -> ColumnElement[bool]:
    return tuple_(API_KEYS.c.created_ms, API_KEYS.c.id) < (key.created_ms, key.id)


def _columns(wanted: NewKey | KeyChange) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "owner": wanted.owner,
        "team": wanted.team,
        "tags": orjson.dumps(wanted.tags).decode(),
        "role": wanted.role,
        "sees": wanted.sees,
        "terms": wanted.terms.model_dump_json(exclude_defaults=True),
        "expires_ms": epoch_ms(wanted.expires),
    }


def _changed_columns(key: ApiKey, change: KeyChange) -> dict[str, Any]:
    """Only what was given; of the terms, those that were given over those of before."""
    given = change.model_fields_set
    terms = {name: getattr(change.terms, name) for name in change.terms.model_fields_set}
    whole = change.model_copy(update={"terms": key.terms.model_copy(update=terms)})
    names = {"expires_ms" if name == "expires" else name for name in given}
    return {name: value for name, value in _columns(whole).items() if name in names}
