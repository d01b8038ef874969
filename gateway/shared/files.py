"""Files of the state directory that all gateways over one database have in common.

The database has the truth. The state directory has the copy that this machine knew last: with it a gateway starts, and
goes on, while the database is away. Each worker asks for version numbers several times a second, and reads only what
was changed. PostgreSQL's LISTEN would be faster, but takes a connection a worker, gets lost in poolers of connections,
and says nothing of what happened while it was not connected; asking needs none of that.

With SQLite there is one machine only: its state directory has the truth, and this is not used.
"""

import asyncio
import fcntl
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import orjson
from sqlalchemy import Connection, make_url, select, update
from sqlalchemy.dialects.postgresql import insert

from gateway.config.settings import Settings
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.units import now_ms
from gateway.marks.record import ExamFolder, ExamState
from gateway.shared.packing import PackingError, pack, unpack
from gateway.shared.schema import SHARED_FILES
from models.host.private_files import private_file, private_folder, write_atomically

logger = logging.getLogger(__name__)

THRESHOLD = "threshold.json"
CLASSIFIERS = "artifacts"
CLASSIFIER_IN_USE = f"{CLASSIFIERS}/in-use"
EXAM = "exam"

POINTERS = (THRESHOLD, CLASSIFIER_IN_USE)
"""There from the first gateway on, if only as empty ones: a gateway that comes later has no say in them."""

NOTE = "shared.json"
"""In the state directory: which state of each file is here. A copy that is here is not read again at each start."""

LOCK = "shared.lock"

POLL_S = 0.3
RETRY_S = 2.0
"""After so long, what could not be written is tried again."""

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
        self._is_brought_in = self._is_away = False
        self._put_off: frozenset[str] = frozenset()
        self._again_at = 0.0

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
            If the copy here cannot be written; the change is in force elsewhere, and here once it can be.
        """
        with self._turn():
            self._bring_in()  # or what is here would never get there
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
            return self._pull()
        except LedgerUnavailable as exc:
            if not self._is_away:
                logger.warning("shared files: changes are not seen, what was known until now still counts: %s", exc)
            self._is_away = True
        except OSError as exc:  # of the lock; what cannot be written is told by name
            if not self._is_away:
                logger.error("shared files: nothing can be taken over into %s: %s", self._folder, exc)
            self._is_away = True
        return []

    def first_pull(self) -> list[str]:
        """`pull` at the start; before it, folders that nobody else has are brought in, and by the first one all."""
        self._ledger.flush()  # which makes the tables
        return self.pull()

    async def keep_fresh(self) -> None:
        """See what other gateways change, until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(self.pull)

    def _pull(self) -> list[str]:
        with self._ledger.access() as connection:
            changed = self._changed(_marks(connection))
        if self._is_brought_in and (not changed or self._is_put_off(changed)):
            self._is_away = False
            return []
        with self._turn():  # and look again: what another process of this machine writes must not be older than this
            self._bring_in()
            with self._ledger.access() as connection:
                marks = _marks(connection)
                contents = _contents(connection, sorted(self._changed(marks)))
            self._is_away = False
            return self._take_all(marks, contents)

    def _changed(self, marks: Mapping[str, Mark]) -> set[str]:
        return {name for name, mark in marks.items() if mark != self._known.get(name)}

    def _is_put_off(self, changed: set[str]) -> bool:
        return changed <= self._put_off and time.monotonic() < self._again_at

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process of this machine at a time: the order of changes here is that of the database."""
        with private_file(private_folder(self._folder) / LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _bring_in(self) -> None:
        """Insert what is here only, once. The pointers of whoever comes first count, with those of nobody else."""
        if self._is_brought_in:
            return
        with self._ledger.write() as connection:
            there = set(connection.execute(select(SHARED_FILES.c.name)).scalars())
            if not there & set(POINTERS):
                for name in POINTERS:
                    _insert(connection, name, self._read(name))
            for name in sorted(self._complete_folders() - there):  # all in one order: nobody waits for each other
                try:
                    _insert(connection, name, pack(self._folder / name))
                except (PackingError, OSError) as exc:
                    logger.warning("shared files: %s stays on this machine: %s", self._folder / name, exc)
        self._is_brought_in = True

    def _complete_folders(self) -> set[str]:
        """Classifiers, and exams that are done: half of one would take the place of somebody else's whole one."""
        paths = (*self._folder.glob(f"{CLASSIFIERS}/*"), *self._folder.glob(f"{EXAM}/*"))
        names = (path.relative_to(self._folder).as_posix() for path in paths if path.is_dir())
        return {name for name in names if _FOLDERS.fullmatch(name) and self._is_complete(name)}

    def _is_complete(self, name: str) -> bool:
        key = _key_of(name)
        return key is None or ExamFolder(self._folder).record(key).progress.state is ExamState.DONE

    def _take_all(self, marks: Mapping[str, Mark], contents: Mapping[str, bytes]) -> list[str]:
        """Take over what can be; what cannot be written now, a full disk say, is tried again."""
        taken, put_off = [], set()
        for name, content in contents.items():
            if name == CLASSIFIER_IN_USE and any(other.startswith(f"{CLASSIFIERS}/") for other in put_off):
                put_off.add(name)  # it may point at what is not here
                continue
            try:
                self._take(name, content)
                taken.append(name)
            except PackingError as exc:  # never: what is here stays
                logger.error("shared files: %s of the database cannot be used: %s", name, exc)
            except OSError as exc:
                put_off.add(name)
                if name not in self._put_off:
                    logger.error("shared files: %s of the database cannot be taken over yet: %s", name, exc)
        self._put_off, self._again_at = frozenset(put_off), time.monotonic() + RETRY_S
        if contents.keys() - put_off:
            self._remember({name: mark for name, mark in marks.items() if name not in put_off})
        return taken

    def _take(self, name: str, content: bytes) -> None:
        """Raises PackingError if `content` is not what it should be, and OSError if it cannot be written now."""
        key = _key_of(name)
        if key is None:
            self._write(name, content)
            return
        lock = ExamFolder(self._folder).lock(key)
        if lock is None:
            raise BlockingIOError("a model is examined on this machine now")
        try:
            self._write(name, content)
        finally:
            os.close(lock)

    def _remember(self, marks: Mapping[str, Mark]) -> None:
        self._known = {**self._known, **marks}
        try:
            write_atomically(self._note, orjson.dumps(self._known, option=orjson.OPT_INDENT_2))
        except OSError as exc:  # a full disk: all is read once more at the next start
            logger.warning("shared files: %s cannot be written: %s", self._note, exc)

    def _read_note(self) -> dict[str, Mark]:
        """The states of folders that are here. Pointers are small, and read at each start, whoever has changed them."""
        try:
            noted = {
                str(name): (int(mark[0]), int(mark[1])) for name, mark in orjson.loads(self._note.read_bytes()).items()
            }
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return {}
        return {
            name: mark for name, mark in noted.items() if _FOLDERS.fullmatch(name) and (self._folder / name).is_dir()
        }

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


def _key_of(name: str) -> str | None:
    """The key of the model whose exam the folder holds; None if it holds something else."""
    return name.removeprefix(f"{EXAM}/") if name.startswith(f"{EXAM}/") else None


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
    """Unless it is there. Whoever inserts it at the same moment in another transaction is waited for."""
    row = {"name": name, "version": 1, "changed_ms": now_ms(), "content": content}
    connection.execute(insert(SHARED_FILES).values(row).on_conflict_do_nothing())


def _lock(connection: Connection, name: str) -> tuple[int, bytes]:
    """The next version and the content of now. Counting the version up locks the row until the transaction ends."""
    row = SHARED_FILES.c.name == name
    counted_up = update(SHARED_FILES).where(row).values(version=SHARED_FILES.c.version + 1)
    if not connection.execute(counted_up).rowcount:
        _insert(connection, name, b"")
        connection.execute(counted_up)
    found = connection.execute(select(SHARED_FILES.c.version, SHARED_FILES.c.content).where(row)).one()
    return found.version, bytes(found.content)
