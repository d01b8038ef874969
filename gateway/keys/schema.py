"""The tables of keys. `gateway.ledger.schema` creates them, with all others of the ledger's database."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

METADATA = MetaData()

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("sees", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
)
"""One row a key, revoked ones included; `tags` and `terms` are JSON."""

SECRETS = Table(
    "api_key_secrets",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
)
"""One row a secret: a key has one, and for a while a second one after a rotation."""

ACCESS_VERSION = Table(
    "access_version",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""One row: a counter that every change of keys moves, so that gateways need to read only it."""
