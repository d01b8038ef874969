"""The tables of logins. `gateway.ledger.schema` creates them, with all others of the ledger's database."""

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

METADATA = MetaData()

SESSIONS = Table(
    "login_sessions",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)
"""One row a session: `hash` is made of its cookie, `key_id` says whose it is, and `identity` is empty for a key."""

USED_STATES = Table(
    "login_states",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
)
"""States of single sign-ons that have led to a session: none does so twice."""
