"""Whether the chain is whole: every seal, the numbering, both ends; finds the first place that is not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gateway.audit.chain import FIRST_HASH, AuditChain
from gateway.audit.prune import begins_after
from gateway.audit.read import PAGE, Read, head_of
from gateway.audit.schema import AUDIT, HEAD


class Break(StrEnum):
    """What is wrong at the first place that is not as it was sealed."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    CUT_OFF = "cut off"
    REWRITTEN = "rewritten"
    WRONG_KEY = "wrong key"
    ROW_CHANGED = "row changed"
    ROW_MISSING = "row missing"
    ENTRY_MISSING = "entry missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first place that is wrong: the entry's number and its request, as far as there are any."""

    kind: Break
    message: str
    seq: int | None = None
    request_id: str | None = None


@dataclass(slots=True)
class Verification:
    """What was looked at, and what was found.

    Attributes
    ----------
    entries : int
        Entries whose seal is good.
    pruned_through : int
        Entries up to this number were removed by ``audit.keep_days``; 0 for none.
    head : tuple of int and str
        Number and hash of the last entry.
    finding : Finding or None
        None where the chain is whole.
    """

    entries: int
    pruned_through: int
    head: tuple[int, str]
    finding: Finding | None = None


CheckPage = Callable[[Connection, Sequence[Row[Any]]], Finding | None]
"""Compares entries that are good with what is kept elsewhere."""

_C = AUDIT.c


class Verifier:
    """Reads a chain from its beginning to its end.

    Parameters
    ----------
    read : callable
        Gives connections for short queries.
    keys : sequence of bytes
        All keys that an entry may be sealed with.
    expect : tuple of int and str, optional
        A head that was noted elsewhere. It shows a chain that was cut or made anew by somebody who has the key.
    """

    def __init__(self, read: Read, keys: Sequence[bytes], expect: tuple[int, str] | None = None) -> None:
        self._read = read
        self._chains = [AuditChain(key) for key in keys]
        self._expect = expect

    def run(
        self,
        check_page: CheckPage = lambda _connection, _entries: None,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Verification:
        """Look at every entry; stops at the first that is wrong. `progress` is told how many are done, of how many."""
        with self._read() as connection:
            head, begin = head_of(connection), begins_after(connection)
        through, before = (begin["through"], begin["hash"]) if begin else (0, FIRST_HASH)
        result = Verification(0, through, head)
        result.finding = self._expected_lies_in(through, before, head)
        last = through
        for connection, page in self._pages(through, head[0]):
            good, finding = self._follow(connection, page, last, before)
            result.entries += good
            if good:
                last, before = page[good - 1].seq, page[good - 1].hash
            result.finding = result.finding or finding or check_page(connection, page[:good])
            if result.finding is not None:
                return result
            progress(last - through, head[0] - through)
        result.finding = result.finding or _end(head, last, before) or self._behind_the_head()
        return result

    def _pages(self, after: int, until: int) -> Iterator[tuple[Connection, Sequence[Row[Any]]]]:
        while True:
            query = select(AUDIT).where(_C.seq > after, _C.seq <= until).order_by(_C.seq).limit(PAGE)
            with self._read() as connection:
                page = connection.execute(query).all()
                if not page:
                    return
                yield connection, page
            after = page[-1].seq

    def _follow(
        self, connection: Connection, page: Sequence[Row[Any]], last: int, before: str
    ) -> tuple[int, Finding | None]:
        """How many entries from the beginning of `page` are good, and what is wrong with the next."""
        for good, entry in enumerate(page):
            if entry.seq != last + 1:
                gap = f"entry {last + 1} is" if entry.seq == last + 2 else f"entries {last + 1} to {entry.seq - 1} are"
                return good, Finding(Break.REMOVED, f"{gap} removed", last + 1)
            if not self._seals(entry, entry.seq, before):
                return good, self._diagnose(connection, entry, before)
            last, before = entry.seq, entry.hash
            if self._expect is not None and last == self._expect[0] and before != self._expect[1]:
                return good, _rewritten(last)
        return len(page), None

    def _seals(self, entry: Row[Any], seq: int, before: str) -> bool:
        """Whether one of the keys seals `entry` with number `seq` behind `before`."""
        for chain in self._chains:
            if chain.seal(seq, before, entry.made_ms, entry.kind, entry.request_id, entry.body) == entry.hash:
                # Entries beside it are sealed with the same key.
                if chain is not self._chains[0]:
                    self._chains.sort(key=lambda other: other is not chain)
                return True
        return False

    def _diagnose(self, connection: Connection, entry: Row[Any], before: str) -> Finding:
        seq, request_id = entry.seq, entry.request_id
        following = connection.execute(select(AUDIT).where(_C.seq == seq + 1)).one_or_none()
        if following is not None and self._seals(following, seq, before):
            return Finding(Break.INSERTED, f"entry {seq} was inserted: the next one was sealed here", seq, request_id)
        if following is not None and self._seals(following, seq + 1, entry.hash):
            return Finding(Break.CHANGED, f"entry {seq} was changed after it was sealed", seq, request_id)
        if before == FIRST_HASH:
            message = f"no key of this gateway has sealed entry {seq}: is it the secret of the gateways that wrote it?"
            return Finding(Break.WRONG_KEY, message, seq, request_id)
        message = f"entry {seq} is not the one that was sealed here: it was changed, or one before it was removed"
        return Finding(Break.CHANGED, message, seq, request_id)

    def _expected_lies_in(self, through: int, before: str, head: tuple[int, str]) -> Finding | None:
        """What is wrong with the head that was noted, as far as that shows before any entry is read."""
        if self._expect is None:
            return None
        seq, hash = self._expect
        if seq > head[0]:
            return Finding(
                Break.CUT_OFF, f"entry {seq} was noted, and the chain ends with entry {head[0]}", head[0] + 1
            )
        if seq == through and hash != before:
            return _rewritten(seq)
        return None

    def _behind_the_head(self) -> Finding | None:
        newest, head = select(func.max(_C.seq)).scalar_subquery(), select(HEAD.c.seq).scalar_subquery()
        with self._read() as connection:
            newest_seq, head_seq = connection.execute(select(newest, head)).one()
        if newest_seq is not None and newest_seq > head_seq:
            return Finding(Break.INSERTED, f"entry {head_seq + 1} stands behind the head {head_seq}", head_seq + 1)
        return None


def _rewritten(seq: int) -> Finding:
    return Finding(Break.REWRITTEN, f"entry {seq} has another hash than was noted: the chain was made anew", seq)


def _end(head: tuple[int, str], last: int, before: str) -> Finding | None:
    """What is wrong where the entries end; `before` is the hash of the last one."""
    seq, hash = head
    if last < seq:
        return Finding(Break.CUT_OFF, f"the end is cut off: entries {last + 1} to {seq} are missing", last + 1)
    if before != hash:
        return Finding(Break.CHANGED, f"the head does not say what entry {last} says", last)
    return None
