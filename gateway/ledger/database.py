"""Connections to the ledger's database, in pools: who may call, writers and the budget never wait for readers."""

import contextlib
from pathlib import Path
from typing import Any, TypeGuard

from sqlalchemy import URL, Engine, create_engine, event, make_url

from models.host.private_files import private_file
from models.wire.errors import ExtraMissingError

WRITERS = 4
"""Connections for the thread that moves rows, for feedback, and for the budget."""

READERS = 8
"""Connections for reports, pages and exports, each held for one query or one page."""

DOORKEEPERS = 2
"""Connections for finding out who calls and what may leave, which may wait for nobody else."""

WAIT_S = 5.0
"""Longest wait for a connection of a pool, and for a server to take a new one."""

BUSY_MS = 5_000
"""Longest wait for another process that writes to the same SQLite file."""

DEAF_MS = 30_000
"""A connection on which the server acknowledges nothing for so long is closed (libpq's ``tcp_user_timeout``)."""


class DatabaseReplaced(Exception):
    """The open file is no longer the one at its path: rows written to it would be lost."""


class DatabasePassword:
    """The database's password of now: new connections use it, those that are open stay.

    Parameters
    ----------
    url : str
        The database's URL, with the password.
    """

    def __init__(self, url: str) -> None:
        self.take(url)

    def take(self, url: str) -> None:
        """Use the password in `url` from now on."""
        self.value = make_url(url).password


def connect(url: str, connections: int, password: DatabasePassword | None = None) -> Engine:
    """A pool of at most `connections` connections, opened as needed; with the `password` of the moment, if given.

    Raises
    ------
    ExtraMissingError
        If the driver is not installed.
    """
    parsed = _with_driver(make_url(url))
    try:
        engine = create_engine(
            parsed,
            pool_pre_ping=True,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=WAIT_S,
            connect_args=_limits(parsed),
        )
    except ModuleNotFoundError as exc:
        raise ExtraMissingError("a PostgreSQL ledger", "postgres") from exc
    if password is not None and parsed.password is not None:
        _keep_password_new(engine, password)
    if engine.dialect.name == "sqlite":
        if _is_path(parsed.database):
            with contextlib.suppress(OSError):  # SQLite's own error says more; its other files get this one's mode
                private_file(Path(parsed.database))
            _keep_to_one_file(engine, Path(parsed.database))
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def connect_to_read(url: str, connections: int) -> Engine:
    """As `connect`, to a database that is there already; whatever would change it is refused.

    Raises
    ------
    ExtraMissingError
        If the driver is not installed.
    FileNotFoundError
        If SQLite's file is not there.
    """
    parsed = make_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    if is_sqlite and _is_path(parsed.database) and not Path(parsed.database).is_file():  # it would be made
        raise FileNotFoundError(f"There is no ledger at {parsed.database}: no gateway has run with these settings.")
    engine = connect(url, connections)
    event.listen(engine, "connect", _refuse_changes_to_sqlite if is_sqlite else _refuse_changes)
    return engine


def _is_path(database: str | None) -> TypeGuard[str]:
    return bool(database) and not str(database).startswith((":", "file:"))


def _refuse_changes_to_sqlite(connection: Any, _record: Any) -> None:
    # Not SQLite's mode=ro: with a write-ahead log it leaves files behind.
    connection.execute("PRAGMA query_only=ON")


def _refuse_changes(connection: Any, _record: Any) -> None:
    connection.read_only = True


def _keep_password_new(engine: Engine, password: DatabasePassword) -> None:
    def use(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["password"] = password.value

    event.listen(engine, "do_connect", use)


def _keep_to_one_file(engine: Engine, path: Path) -> None:
    """Refuse every connection once the file was removed or replaced: SQLite would go on writing to the old file."""
    first: list[tuple[int, int]] = []

    def identity() -> tuple[int, int] | None:
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def check(*_of_the_event: Any) -> None:
        if first and identity() != first[0]:
            raise DatabaseReplaced(f"{path} was removed or replaced while it was in use; restart the gateway")

    def remember(*_of_the_event: Any) -> None:
        if not first and (opened := identity()) is not None:
            first.append(opened)

    event.listen(engine, "do_connect", check)  # SQLite would make a new file
    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", check)


def _with_driver(url: URL) -> URL:
    """Name the driver of the extra 'postgres'; SQLAlchemy 2.0's default is another one."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _limits(url: URL) -> dict[str, Any]:
    if url.drivername != "postgresql+psycopg":
        return {}
    limits = {"connect_timeout": int(WAIT_S), "tcp_user_timeout": DEAF_MS}
    # A pooler between, PgBouncer say, may give each transaction another server, which does not know what was prepared.
    prepares_nothing = {"prepare_threshold": None}
    return prepares_nothing | {name: value for name, value in limits.items() if name not in url.query}


def _tune_sqlite(connection: Any, _record: Any) -> None:
    # WAL: readers (dashboard, report) and the writer do not wait for each other.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
