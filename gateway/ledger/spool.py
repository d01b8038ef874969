"""The spool: files of rows that wait for the database, and outlive their process.

Each process appends to a file of its own and holds a lock on it while it lives. A file without a lock belonged to a
process that died; the next process that finds it moves its rows to the database.
"""

import contextlib
import errno
import fcntl
import os
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from gateway.ledger.row import LedgerRow
from models.host.private_files import FILE_MODE, private_folder

# A larger file is replaced by a new one as soon as all of it is in the database.
ROTATE_BYTES = 4 * 1024 * 1024

TRY_BYTES = 64 * 1024


@dataclass(slots=True)
class SpoolBatch:
    """Some lines of a spool file: the rows, the damaged lines with the reason, and the position after them."""

    position: int
    rows: list[LedgerRow] = field(default_factory=list)
    damaged: list[tuple[bytes, str]] = field(default_factory=list)


class Spool:
    """The spool file of this process: any thread may append, one reads.

    Parameters
    ----------
    folder : Path
        Shared by all processes of one gateway; made when missing.

    Attributes
    ----------
    moved_bytes : int
        Bytes of all files of this process that the database has so far.
    """

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        self._folder = folder
        self._lock = threading.Lock()
        self._open_rows: dict[str, LedgerRow] = {}
        self._written = self._done = self.moved_bytes = 0
        self._start_file()

    @property
    def pending_bytes(self) -> int:
        """Bytes written that the database does not have yet."""
        return self._written - self._done

    def append(self, row: LedgerRow) -> None:
        """Append `row` with one write(2), which survives the death of this process.

        Raises
        ------
        OSError
            If the disk is full or gone.
        """
        line = row.to_line()
        with self._lock:
            self._write(line)
            if row.outcome is None:
                self._open_rows[row.id] = row
            else:
                self._open_rows.pop(row.id, None)

    def closed_rows(self, limit: int) -> SpoolBatch:
        """Up to `limit` finished rows that the database does not have yet; pass their position to `mark_done`."""
        batch = SpoolBatch(self._done)
        for line in _lines(self._path, batch.position):
            batch.position += len(line)
            try:
                row = LedgerRow.from_line(line)
            except ValueError as exc:
                batch.damaged.append((line, str(exc)))
                continue
            if row.outcome is not None:
                batch.rows.append(row)
                if len(batch.rows) == limit:
                    break
        return batch

    def try_disk(self) -> None:
        """Write as much as a row may take to another file, and delete that again.

        Raises
        ------
        OSError
            If the disk is full or gone.
        """
        path = self._folder / f"{uuid.uuid4().hex}.try"
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE), "wb", buffering=0) as file:
                file.write(bytes(TRY_BYTES))
        finally:
            path.unlink(missing_ok=True)

    def mark_done(self, position: int) -> None:
        """The database has everything before `position`."""
        self.moved_bytes += position - self._done
        self._done = position
        if self._done > ROTATE_BYTES:
            self._rotate_if_drained()

    def close(self) -> None:
        """Close the file; delete it if the database has all of it and no request is in progress."""
        with self._lock:
            if self._done == self._written and not self._open_rows:
                self._path.unlink(missing_ok=True)
            os.close(self._fd)

    def _write(self, line: bytes) -> None:
        written = os.write(self._fd, line)
        if written < len(line):  # the disk filled up in the middle of the line
            os.ftruncate(self._fd, self._written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._written += written

    def _start_file(self) -> None:
        self._path = self._folder / f"{uuid.uuid4().hex}.jsonl"
        # Lock it before it gets its name: other processes would adopt an unlocked file.
        unnamed = self._path.with_suffix(".new")
        self._fd = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        unnamed.rename(self._path)
        self._written = self._done = 0

    def _rotate_if_drained(self) -> None:
        with self._lock:
            if self._done != self._written:
                return
            old_path, old_fd = self._path, self._fd
            self._start_file()
            for row in self._open_rows.values():
                self._write(row.to_line())
            old_path.unlink(missing_ok=True)
            os.close(old_fd)


def spool_files(folder: Path) -> list[Path]:
    """The spool files of all processes; anything but a file is ignored."""
    return sorted(path for path in folder.glob("*.jsonl") if path.is_file())


@contextlib.contextmanager
def orphan(path: Path) -> Iterator[SpoolBatch | None]:
    """The rows of a file whose process has died, None while it lives. The file is deleted unless the block raises.

    They are the last state of each request; a request that was in progress then has no outcome.
    """
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None  # another process was faster
        return
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield _last_states(path)
        path.unlink(missing_ok=True)
    finally:
        os.close(fd)


def put_back(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `rows` to an unlocked spool file, as if left by a process that died: a gateway moves them on."""
    unnamed = folder / f"{uuid.uuid4().hex}.new"
    with open(os.open(unnamed, os.O_WRONLY | os.O_CREAT, FILE_MODE), "wb") as file:
        file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    unnamed.rename(unnamed.with_suffix(".jsonl"))


def find_spooled(folder: Path, id: str) -> LedgerRow | None:
    """The last state of one request in any process's file; None where it is in none.

    Reads whole files, which are small: they hold only what the database does not have yet.
    """
    start = orjson.dumps({"id": id}).removesuffix(b"}") + b","
    for path in spool_files(folder):
        with contextlib.suppress(FileNotFoundError, ValueError):  # moved to the database meanwhile; damaged
            states = [line for line in _lines(path, 0) if line.startswith(start)]
            if states:
                return LedgerRow.from_line(states[-1])
    return None


def _last_states(path: Path) -> SpoolBatch:
    rows: dict[str, LedgerRow] = {}
    batch = SpoolBatch(0)
    for line in _lines(path, 0):
        try:
            row = LedgerRow.from_line(line)
        except ValueError as exc:
            batch.damaged.append((line, str(exc)))
            continue
        rows[row.id] = row
    batch.rows = list(rows.values())
    return batch


def _lines(path: Path, position: int) -> Iterator[bytes]:
    """Whole lines from `position` on, without one that is still being written."""
    with path.open("rb") as file:
        file.seek(position)
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line
