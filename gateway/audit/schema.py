"""The tables of the audit chain. `gateway.ledger.schema` creates them, with all others of the ledger's database."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

METADATA = MetaData()

AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("request_id", Text),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
"""One row an entry: `body` is its canonical JSON, `hash` seals it together with the hash before it."""

HEAD = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
"""One row: the number and hash of the last entry. Whoever appends locks it first."""
