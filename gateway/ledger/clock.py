"""The time by which processes on several machines agree that something has expired: the database's own."""

from sqlalchemy import Connection, text

_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")


def shared_now_ms(connection: Connection, own_ms: int) -> int:
    """The time of a PostgreSQL server, in milliseconds since 1970; `own_ms` for SQLite, which is on this machine.

    The clocks of machines differ, and may jump: a process with a wrong one would take what others hold for expired.
    """
    if connection.dialect.name != "postgresql":
        return own_ms
    return int(connection.execute(_NOW).scalar_one())
