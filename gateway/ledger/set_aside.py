"""Rows that no database takes: kept in a file of their own, out of the way of all others."""

import os
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from gateway.ledger.spool import put_back
from models.host.private_files import FILE_MODE, private_folder
from models.redaction.plain_text import plain_text

FILE = "set-aside.ndjson"
LINE_BYTES = 16_384
"""Kept of a line that is no row."""

WHY_CHARS = 300


class SetAside:
    """A file of JSON objects, one a line: ``at``, ``why``, and the ``row``, or the ``line`` where it was none.

    Every process of a gateway appends to the same file.

    Parameters
    ----------
    folder : Path
        The spool's; made when missing.

    Attributes
    ----------
    added : int
        Rows that this process has set aside.
    """

    def __init__(self, folder: Path) -> None:
        self._path = private_folder(folder) / FILE
        self._lock = threading.Lock()
        self._counted = (0, 0)
        self.added = 0

    def keep(self, line: bytes, why: str) -> None:
        """Keep a line of a spool that cannot be stored.

        Raises
        ------
        OSError
            If the disk is full or gone.
        """
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "why": plain_text(why, WHY_CHARS),
            **_told(line),
        }
        self._append(entry)
        self.added += 1

    @property
    def rows(self) -> int:
        """How many rows the file holds, those of other processes included."""
        with self._lock:
            size, rows = self._counted
            now = self._path.stat().st_size if self._path.is_file() else 0
            if now != size:
                rows = sum(1 for _ in self.lines())
                self._counted = now, rows
            return rows

    def lines(self) -> Iterator[bytes]:
        """The file's lines, oldest first."""
        if self._path.is_file():
            with self._path.open("rb") as file:
                yield from file

    def try_again(self) -> tuple[int, int]:
        """Put every row back where the next start of a gateway takes it from; what is no row stays.

        Returns how many lines of either kind there were.
        """
        if not self._path.is_file():
            return 0, 0
        taken = self._path.with_suffix(f".{uuid.uuid4().hex}")
        self._path.rename(taken)
        entries = [orjson.loads(line) for line in taken.read_bytes().splitlines()]
        rows = [entry["row"] for entry in entries if "row" in entry]
        put_back(self._path.parent, rows)
        if no_rows := [entry for entry in entries if "row" not in entry]:
            self._append(*no_rows)
        taken.unlink()
        return len(rows), len(no_rows)

    def _append(self, *entries: dict[str, Any]) -> None:
        lines = b"".join(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE) for entry in entries)
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        try:
            os.write(fd, lines)
        finally:
            os.close(fd)


def _told(line: bytes) -> dict[str, Any]:
    """The line as what it is: a row, or else as much of its text as is worth keeping."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = None
    if isinstance(row, dict) and len(line) <= LINE_BYTES:
        return {"row": row}
    return {"line": line[:LINE_BYTES].decode("utf-8", "replace")}
