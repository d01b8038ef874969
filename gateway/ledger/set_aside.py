"""Rows that the database does not take, set aside in a file of their own so that they do not block the others."""

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
"""The most kept of a line that is not a row."""

WHY_CHARS = 300


class SetAside:
    """A file of JSON objects, one a line: ``at``, ``why``, and the ``row``, or the ``line`` that was not a row.

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
            **_row_or_line(line),
        }
        self._append(entry)
        self.added += 1

    @property
    def rows(self) -> int:
        """Number of rows in the file, those of other processes included."""
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
        """Move every row back to the spool, from which a gateway takes it; lines that are not rows stay.

        Returns the number of rows and of other lines.
        """
        if not self._path.is_file():
            return 0, 0
        taken = self._path.with_suffix(f".{uuid.uuid4().hex}")
        self._path.rename(taken)
        entries = [orjson.loads(line) for line in taken.read_bytes().splitlines()]
        rows = [entry["row"] for entry in entries if "row" in entry]
        put_back(self._path.parent, rows)
        if others := [entry for entry in entries if "row" not in entry]:
            self._append(*others)
        taken.unlink()
        return len(rows), len(others)

    def _append(self, *entries: dict[str, Any]) -> None:
        lines = b"".join(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE) for entry in entries)
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        try:
            os.write(fd, lines)
        finally:
            os.close(fd)


def _row_or_line(line: bytes) -> dict[str, Any]:
    """The line as a row if it is one, else the beginning of its text."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = None
    if isinstance(row, dict) and len(line) <= LINE_BYTES:
        return {"row": row}
    return {"line": line[:LINE_BYTES].decode("utf-8", "replace")}
