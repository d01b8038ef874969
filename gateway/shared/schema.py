"""Tables of what gateways share; migration 13 makes them."""

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

SHARED_FILES = Table(
    "shared_files",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Files of the state directory by their path in it; a folder is one row, packed. Empty: there is no such file."""

LEASES = Table(
    "leases",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
"""What only one process at a time may do; one that dies holds it until it expires."""

GATEWAYS = Table(
    "gateways",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("secrets", Text, nullable=False),
)
"""Processes that serve now; `secrets` has a mark of each secret that one understands, from which none can be found."""
