"""Names of keys, for reports: what people know them by."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select

from gateway.keys.schema import API_KEYS

_C = API_KEYS.c

MOST_AT_ONCE = 500
"""Ids in one query: SQLite allows a limited number of parameters."""


@dataclass(frozen=True, slots=True)
class KeyNames:
    """A key's own words: name, owner, team and tags as they are now. Past requests keep the team and tags they had."""

    name: str
    owner: str
    team: str
    tags: tuple[str, ...]


def key_names(connection: Connection, ids: Collection[str]) -> Mapping[str, KeyNames]:
    """Those of the keys that the database knows; SLIMGATE_API_KEY is none of them."""
    ordered, found = sorted(ids), {}
    for start in range(0, len(ordered), MOST_AT_ONCE):
        some = ordered[start : start + MOST_AT_ONCE]
        for row in connection.execute(select(_C.id, _C.name, _C.owner, _C.team, _C.tags).where(_C.id.in_(some))):
            found[row.id] = KeyNames(row.name, row.owner, row.team, tuple(orjson.loads(row.tags)))
    return found
