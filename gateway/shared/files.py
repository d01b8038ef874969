"""Files of the state directory that all gateways over one database have in common.

The database has the truth. The state directory has the copy that this machine knew last: with it a gateway starts, and
goes on, while the database is away. Each worker asks for version numbers several times a second, and reads only what
was changed. PostgreSQL's LISTEN would be faster, but takes a connection a worker, gets lost in poolers of connections,
and says nothing of what happened while it was not connected; asking needs none of that.

With SQLite there is one machine only: its state directory has the truth, and this is not used.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Self

import orjson
from sqlalchemy import Connection, insert, make_url, select, update
from sqlalchemy.exc import IntegrityError

from gateway.config.settings import Settings
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.units import now_ms
from gateway.shared.packing import PackingError, pack, unpack
from gateway.shared.schema import SHARED_FILES
from models.host.private_files import write_atomically

logger = logging.getLogger(__name__)

THRESHOLD = "threshold.json"
CLASSIFIERS = "artifacts"
CLASSIFIER_IN_USE = f"{CLASSIFIERS}/in-use"
EXAM = "exam"

POINTERS = (THRESHOLD, CLASSIFIER_IN_USE)
"""There from the first gateway on, if only as empty ones: a gateway that comes later has no say in them."""

NOTE = "shared.json"
"""In the state directory: which state of each file is here. A copy that is here is not read again at each start."""

POLL_S = 0.3

_FOLDERS = re.compile(rf"(?:{CLASSIFIERS}|{EXAM})/[0-9A-Za-z][0-9A-Za-z_-]{{0,99}}")

Change = Callable[[bytes], bytes]

Mark = tuple[int, int]
"""A file's version, and when it was made in milliseconds since 1970: another database may have the same version."""


class SharedFiles:
    """The shared files, here and in the database.

    Parameters
    ----------
    ledger : Ledger
        Its database has them.
    folder : Path
        The state directory.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger = ledger
        self._folder = folder
        self._note = folder / NOTE
        self._known = self._read_note()
        self._is_away = False

    @classmethod
    def of(cls, settings: Settings, ledger: Ledger) -> Self | None:
        """Those of this configuration; None where the state directory is shared with nobody."""
        is_alone = make_url(settings.ledger_url).get_backend_name() == "sqlite"
        return None if is_alone else cls(ledger, settings.state_dir)

    def replace(self, name: str, change: Change) -> None:
        """Put `change(content)` in the place of a file's content, here and for all; one change goes after the other.

        Parameters
        ----------
        change : callable
            Gets the content of now; empty if there is no such file. What it raises leaves everything as it is.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer: then nothing is changed, here neither.
        OSError
            If the copy here cannot be written; the change is in force elsewhere, and here after the next start.
        """
        with self._ledger.write() as connection:
            version, content = _lock(connection, name)
            new, mark = change(content), (version, now_ms())
            values = {"content": new, "changed_ms": mark[1]}
            connection.execute(update(SHARED_FILES).where(SHARED_FILES.c.name == name).values(values))
        self._write(name, new)
        self._remember({name: mark})

    def publish(self, name: str) -> None:
        """Give all others a folder as it is here.

        Raises
        ------
        LedgerUnavailable, PackingError, OSError
        """
        packed = pack(self._folder / name)
        self.replace(name, lambda _old: packed)

    def pull(self) -> list[str]:
        """Take over what others have changed; returns the names. While the database is away, what was known counts."""
        try:
            with self._ledger.access() as connection:
                marks = _marks(connection)
                changed = _contents(connection, [name for name, mark in marks.items() if mark != self._known.get(name)])
        except LedgerUnavailable as exc:
            if not self._is_away:
                logger.warning("shared files: changes are not seen, what was known until now still counts: %s", exc)
            self._is_away = True
            return []
        self._is_away = False
        taken = [name for name, content in changed.items() if self._take(name, content)]
        if changed:
            self._remember(marks)
        return taken

    def first_pull(self) -> list[str]:
        """`pull` at the start; before it, folders that nobody else has are brought in, and by the first one all."""
        self._ledger.flush()  # which makes the tables
        try:
            with self._ledger.write() as connection:
                self._bring_in(connection, set(connection.execute(select(SHARED_FILES.c.name)).scalars()))
        except IntegrityError:
            logger.debug("shared files: another gateway was first")
        except LedgerUnavailable:
            return []  # what is here counts; `pull` says so
        return self.pull()

    async def keep_fresh(self) -> None:
        """See what other gateways change, until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(self.pull)

    def _bring_in(self, connection: Connection, there: Set[str]) -> None:
        """Insert what is here and not `there`. Pointers go first: their keys let one gateway be the first only."""
        if not there:
            for name in POINTERS:
                _insert(connection, name, self._read(name))
        for path in sorted((*self._folder.glob(f"{CLASSIFIERS}/*"), *self._folder.glob(f"{EXAM}/*"))):
            name = path.relative_to(self._folder).as_posix()
            if path.is_dir() and name not in there and _FOLDERS.fullmatch(name):
                try:
                    _insert(connection, name, pack(path))
                except (PackingError, OSError) as exc:
                    logger.warning("shared files: %s stays on this machine: %s", path, exc)

    def _take(self, name: str, content: bytes) -> bool:
        try:
            self._write(name, content)
        except (PackingError, OSError) as exc:  # it is not read again and again
            logger.error("shared files: %s of the database cannot be taken over: %s", name, exc)
            return False
        return True

    def _remember(self, marks: Mapping[str, Mark]) -> None:
        self._known = {**self._known, **marks}
        try:
            write_atomically(self._note, orjson.dumps(self._known, option=orjson.OPT_INDENT_2))
        except OSError as exc:  # a full disk: all is read once more at the next start
            logger.warning("shared files: %s cannot be written: %s", self._note, exc)

    def _read_note(self) -> dict[str, Mark]:
        try:
            return {
                str(name): (int(mark[0]), int(mark[1])) for name, mark in orjson.loads(self._note.read_bytes()).items()
            }
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return {}

    def _read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return b""

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        if name not in POINTERS:
            unpack(content, path)
        elif not content:
            path.unlink(missing_ok=True)
        elif content != self._read(name):
            write_atomically(path, content)


def _is_ours(name: str) -> bool:
    """Whether a file of that name may be written here. A newer version of slimgate may share more."""
    return name in POINTERS or _FOLDERS.fullmatch(name) is not None


def _marks(connection: Connection) -> dict[str, Mark]:
    table = SHARED_FILES.c
    rows = connection.execute(select(table.name, table.version, table.changed_ms))
    return {name: (version, changed_ms) for name, version, changed_ms in rows if _is_ours(name)}


def _contents(connection: Connection, names: Sequence[str]) -> dict[str, bytes]:
    """Folders first: a pointer must not come before that to which it points."""
    if not names:
        return {}
    table = SHARED_FILES.c
    rows = connection.execute(select(table.name, table.content).where(table.name.in_(names)))
    contents = {name: bytes(content) for name, content in rows}
    return {name: contents[name] for name in sorted(contents, key=lambda name: (name in POINTERS, name))}


def _insert(connection: Connection, name: str, content: bytes) -> None:
    row = {"name": name, "version": 1, "changed_ms": now_ms(), "content": content}
    connection.execute(insert(SHARED_FILES), row)


def _lock(connection: Connection, name: str) -> tuple[int, bytes]:
    """The next version and the content of now. Counting the version up locks the row until the transaction ends."""
    row = SHARED_FILES.c.name == name
    counted_up = update(SHARED_FILES).where(row).values(version=SHARED_FILES.c.version + 1)
    if not connection.execute(counted_up).rowcount:
        try:
            with connection.begin_nested():
                _insert(connection, name, b"")
        except IntegrityError:  # somebody else has made it at this moment
            connection.execute(counted_up)
    found = connection.execute(select(SHARED_FILES.c.version, SHARED_FILES.c.content).where(row)).one()
    return found.version, bytes(found.content)
