"""Kept responses in a database: in and out, and away again when they are old or too many."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.conversations.cipher import Cipher, UnreadableError
from gateway.conversations.schema import ITEMS, RESPONSES, create_tables
from gateway.ledger.database import DatabasePassword, connect
from gateway.ledger.mover import UNAVAILABLE
from gateway.ledger.units import days_ago_ms, now_ms

logger = logging.getLogger(__name__)

CONNECTIONS = 8
"""Each is held for one look, or one write."""

SWEEP_EVERY_S = 60.0
SWEEP_ROWS = 200
"""The most rows deleted in one transaction, so that new ones need not wait long."""

SHARE_BETWEEN_SWEEPS = 16
"""A sweep is due as soon as one part in so many of the room was filled."""

MOST_TURNS = 2000
"""The most responses that one may go back: each is a look into the database."""

BATCH = 500
"""Ids that are looked for at once."""

MB = 1_000_000

Item = dict[str, Any]


class ResponsesUnavailable(Exception):
    """The database of kept responses does not answer now."""


class ConversationTooLong(Exception):
    """What is referred to holds more bytes than a request may."""


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """One response with what was asked.

    Attributes
    ----------
    owner : str
        The id of the key that it was asked with; empty for a gateway without one.
    previous_id : str or None
        The response that it continued.
    route, model : str
        The side and the model that answered.
    native : bool
        Whether that side keeps it too, under the same id.
    private : str or None
        Why its text may not leave this machine; None where it may.
    input : list of dict
        The input items, each with an id; what was there already is an `item_reference`.
    response : dict
        The response object.
    """

    id: str
    owner: str
    previous_id: str | None
    route: str
    model: str
    native: bool
    private: str | None
    input: list[Item]
    response: dict[str, Any]
    created_ms: int = field(default_factory=now_ms)

    @property
    def output(self) -> list[Item]:
        """The output items."""
        items: list[Item] = self.response["output"]
        return items

    def items(self) -> Iterator[Item]:
        """Every item that it holds itself and that has an id."""
        yield from (
            item for item in (*self.input, *self.output) if item.get("type") != "item_reference" and _id_of(item)
        )


class ResponseStore:
    """Keeps responses. All its methods wait for the database: call them in a thread.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the database.
    cipher : Cipher
        Encrypts the texts.
    keep_days : float
        Days after its last use after which a response is deleted.
    keep_mb : float
        The most megabytes (10^6 bytes) that all of them hold; the longest unused are deleted first.
    password : DatabasePassword, optional
        The one of now. Default: the one in `url`.

    Raises
    ------
    ExtraMissingError
        If the database's driver is not installed.
    """

    def __init__(
        self,
        url: str,
        cipher: Cipher,
        keep_days: float,
        keep_mb: float,
        password: DatabasePassword | None = None,
    ) -> None:
        self._engine = connect(url, CONNECTIONS, password)
        self._cipher = cipher
        self._keep_days = keep_days
        self._keep_bytes = int(keep_mb * MB)
        self._unswept_bytes = 0
        self._is_created = False
        self._creating = threading.Lock()

    def keep(self, kept: KeptResponse) -> None:
        """Keep one; of the same id, the later one counts. One that is larger than all the room is not kept.

        Raises
        ------
        ResponsesUnavailable
        """
        content = self._cipher.seal(orjson.dumps({"input": kept.input, "response": kept.response}), _place(kept))
        if len(content) > self._keep_bytes:
            logger.warning("a response of %d bytes is not kept: responses.keep_mb allows less", len(content))
            return
        now = now_ms()
        row = {
            **{name: getattr(kept, name) for name in _PLAIN_COLUMNS},
            **{"used_ms": now, "size": len(content), "content": content},
        }
        ids = sorted(
            {id for item in kept.items() if (id := _id_of(item))}
        )  # in one order everywhere: no two wait for each other
        items = [{"id": id, "owner": kept.owner, "response_id": kept.id} for id in ids]
        with self._writing() as connection:
            _delete(connection, kept.owner, kept.id)
            _put(connection, RESPONSES, [row])
            _put(connection, ITEMS, items)
        self._unswept_bytes += len(content)
        if self._unswept_bytes * SHARE_BETWEEN_SWEEPS > self._keep_bytes:
            self.sweep()

    def find(self, owner: str, id: str) -> KeptResponse | None:
        """The response of this id that `owner` asked for.

        Raises
        ------
        ResponsesUnavailable
        """
        with self._writing() as connection:
            row = _row(connection, owner, id)
            return None if row is None else self._opened(row)

    def foreign(self, owner: str, ids: Iterable[str]) -> set[str]:
        """Those of the ids of responses and items that are somebody else's, and not `owner`'s."""
        own: set[str] = set()
        found: set[str] = set()
        with self._writing() as connection:
            for some in _batches(ids):
                for table in (RESPONSES, ITEMS):
                    for id, owner_of_it in connection.execute(
                        select(table.c.id, table.c.owner).where(table.c.id.in_(some))
                    ):
                        (own if owner_of_it == owner else found).add(id)
        return found - own

    def delete(self, owner: str, id: str) -> None:
        """Delete the response of this id, with its items."""
        with self._writing() as connection:
            _delete(connection, owner, id)

    def turns(self, owner: str, id: str, max_bytes: int) -> tuple[list[KeptResponse], str | None]:
        """The conversation up to the response `id`, its first turn first, and the id of the first that is not there.

        All of them count as used now.

        Raises
        ------
        ConversationTooLong
            If they hold more than `max_bytes`, or are more than `MOST_TURNS`.
        """
        turns: dict[str, KeptResponse] = {}
        rows: list[Row[Any]] = []
        wanted: str | None = id
        size = 0
        with self._writing() as connection:
            while wanted is not None and wanted not in turns:
                row = _row(connection, owner, wanted)
                kept = None if row is None else self._opened(row)
                if row is None or kept is None:
                    break
                size += row.size
                if size > max_bytes:
                    raise ConversationTooLong(f"The conversation before it holds more than {max_bytes} bytes.")
                if len(turns) == MOST_TURNS:
                    raise ConversationTooLong(f"The conversation before it has more than {MOST_TURNS} turns.")
                rows.append(row)
                turns[wanted], wanted = kept, kept.previous_id
            _touch(connection, rows)
        return list(reversed(turns.values())), wanted

    def holders(self, owner: str, item_ids: Sequence[str], max_bytes: int) -> dict[str, tuple[Item, KeptResponse]]:
        """Each of these items, and the response that holds it; those that are not there are left out.

        Raises
        ------
        ConversationTooLong
            If the responses hold more than `max_bytes`.
        """
        found: dict[str, tuple[Item, KeptResponse]] = {}
        rows: list[Row[Any]] = []
        size = 0
        with self._writing() as connection:
            wanted: dict[str, list[str]] = {}
            for some in _batches(item_ids):
                of_owner = select(ITEMS.c.id, ITEMS.c.response_id).where(ITEMS.c.id.in_(some), ITEMS.c.owner == owner)
                for item_id, holder in connection.execute(of_owner):
                    wanted.setdefault(holder, []).append(item_id)
            for holder, ids in wanted.items():
                row = _row(connection, owner, holder)
                if row is None:
                    continue
                rows.append(row)
                size += row.size
                if size > max_bytes:
                    raise ConversationTooLong(f"The items referred to are parts of more than {max_bytes} bytes.")
                if (kept := self._opened(row)) is not None:
                    items = {item["id"]: item for item in kept.items()}
                    found |= {id: (items[id], kept) for id in ids if id in items}
            _touch(connection, rows)
        return {id: found[id] for id in item_ids if id in found}

    def sweep(self) -> None:
        """Delete what is older than its time, and the longest unused where all together are too large."""
        self._unswept_bytes = 0
        deleted = 0
        while rows := self._superfluous():
            with self._writing() as connection:
                for row in rows:
                    _delete(connection, row.owner, row.id)
            deleted += len(rows)
        if deleted:
            logger.info("responses: deleted %d that were old, or had no room", deleted)

    async def keep_tidy(self) -> None:
        """Sweep again and again, for as long as the gateway serves."""
        while True:
            try:
                await asyncio.to_thread(self.sweep)
            except ResponsesUnavailable as exc:
                logger.warning("responses: old ones are deleted later: %s", exc)
            await asyncio.sleep(SWEEP_EVERY_S)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _superfluous(self) -> Sequence[Any]:
        """A few rows that have to go: the old, or as many of the longest unused as do not fit."""
        oldest_first = select(RESPONSES.c.id, RESPONSES.c.owner, RESPONSES.c.size).order_by(RESPONSES.c.used_ms)
        old = oldest_first.where(RESPONSES.c.used_ms < days_ago_ms(self._keep_days)).limit(SWEEP_ROWS)
        with self._writing() as connection:
            if found := connection.execute(old).all():
                return found
            excess = int(connection.execute(select(func.sum(RESPONSES.c.size))).scalar() or 0) - self._keep_bytes
            found = connection.execute(oldest_first.limit(SWEEP_ROWS)).all() if excess > 0 else []
        return list(_first_of(found, excess))

    def _opened(self, row: Row[Any]) -> KeptResponse | None:
        plain = {name: getattr(row, name) for name in _PLAIN_COLUMNS}
        try:
            return KeptResponse(**plain, **orjson.loads(self._cipher.open(bytes(row.content), _place(row))))
        except UnreadableError:
            logger.warning("the kept response %s cannot be read: it was encrypted with another key", row.id)
            return None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._creating:
                if not self._is_created:
                    with self._engine.begin() as connection:
                        create_tables(connection)
                    self._is_created = True
            with self._engine.begin() as connection:
                yield connection
        except UNAVAILABLE as exc:
            raise ResponsesUnavailable("The database of kept responses does not answer; try again.") from exc


def _put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows; one that another gateway wrote in the meantime is replaced."""
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    changed = {column.name: insert.excluded[column.name] for column in table.columns if not column.primary_key}
    connection.execute(insert.on_conflict_do_update(index_elements=table.primary_key.columns, set_=changed), rows)


_PLAIN_COLUMNS = ("id", "owner", "created_ms", "previous_id", "route", "model", "native", "private")


def _place(kept: "KeptResponse | Row[Any]") -> str:
    return f"{kept.owner}/{kept.id}"


def _row(connection: Connection, owner: str, id: str) -> Row[Any] | None:
    wanted = select(RESPONSES).where(RESPONSES.c.id == id, RESPONSES.c.owner == owner)
    return connection.execute(wanted).one_or_none()


def _delete(connection: Connection, owner: str, id: str) -> None:
    connection.execute(delete(ITEMS).where(ITEMS.c.response_id == id, ITEMS.c.owner == owner))
    connection.execute(delete(RESPONSES).where(RESPONSES.c.id == id, RESPONSES.c.owner == owner))


def _touch(connection: Connection, rows: Iterable[Row[Any]]) -> None:
    """Count as used now; a minute more or less does not matter, so that few readers have to write."""
    now = now_ms()
    for row in rows:
        if row.used_ms < now - 60_000:
            used = update(RESPONSES).where(RESPONSES.c.id == row.id, RESPONSES.c.owner == row.owner)
            connection.execute(used.values(used_ms=now))


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    different = list(dict.fromkeys(ids))
    yield from (different[start : start + BATCH] for start in range(0, len(different), BATCH))


def _first_of(rows: Iterable[Any], excess: int) -> Iterator[Any]:
    """As many of `rows` as hold `excess` bytes."""
    for row in rows:
        if excess <= 0:
            return
        yield row
        excess -= row.size


def _id_of(item: Item) -> str | None:
    id = item.get("id")
    return id if isinstance(id, str) and id else None
