"""The tables of kept responses, for SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Boolean, Column, Connection, LargeBinary, MetaData, Table, Text, inspect, text
from sqlalchemy.schema import CreateIndex, CreateTable, Index

METADATA = MetaData()

RESPONSES = Table(
    "kept_responses",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Column("previous_id", Text),
    Column("route", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("native", Boolean, nullable=False),
    Column("private", Text),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""One row a response. `owner` is the id of the key that it was asked with, `content` is encrypted."""

ITEMS = Table(
    "kept_items",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("response_id", Text, nullable=False),
)
"""Which response each item belongs to."""

_INDEXES = (
    Index("kept_responses_used", RESPONSES.c.used_ms, RESPONSES.c.size),
    Index("kept_items_of_response", ITEMS.c.response_id),
)

_LOCK = 7_365_712
"""A number for PostgreSQL's advisory lock: two gateways that start together must not both create a table."""


def create_tables(connection: Connection) -> None:
    """Create what is not there yet, inside the caller's transaction.

    If all is there, nothing is locked: PostgreSQL's ``CREATE INDEX IF NOT EXISTS`` locks the table first, and two
    tables in another order than a gateway that deletes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    if METADATA.tables.keys() <= set(inspect(connection).get_table_names()):
        return
    for table in METADATA.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
    for index in _INDEXES:
        connection.execute(CreateIndex(index, if_not_exists=True))
