"""`[ledger]`, `[audit]`, `[responses]`, `[log]` and `[telemetry]`: what is written down of requests, and where."""

from typing import Literal

from pydantic import Field, field_validator

from gateway.config.sections.section import EncryptionKey, Section


class LedgerSettings(Section):
    """The ledger: the record of every request."""

    url: str | None = Field(
        None, description="SQLAlchemy URL of the database. Default: an SQLite file, ledger.db, in state_dir."
    )
    keep_days: float | None = Field(
        None,
        gt=0,
        description="Rows older than this many days are deleted; their sums stay. Default: rows are kept for ever.",
    )

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, url: str | None) -> str | None:
        from sqlalchemy import make_url  # slow to import, and seldom needed
        from sqlalchemy.exc import ArgumentError

        if url is not None:
            try:
                make_url(url)
            except (ArgumentError, ValueError):  # their messages may hold a part of the password
                raise ValueError(
                    "is not a database URL, such as postgresql://USER:PASSWORD@HOST:5432/NAME; characters such as "
                    "@ : / in a password are written %40 %3A %2F"
                ) from None
        return url


class AuditSettings(Section):
    """The audit chain: what left this machine, what stayed, and what administrators did."""

    keep_days: float | None = Field(
        None,
        gt=0,
        le=36_500,
        description="Entries older than this many days are removed; a sealed entry says so. Default: they are kept for "
        "ever.",
    )


class ResponsesSettings(Section):
    """What is kept of answers of /v1/responses, so that callers can refer to them by their ids."""

    keep_days: float = Field(
        30.0,
        ge=0,
        le=36_500,
        description="Days after its last use after which a response is deleted; 0 keeps none. A request with "
        "`store: false` is never kept.",
    )
    keep_mb: float = Field(
        1000.0,
        gt=0,
        le=1e9,
        description="The most megabytes that all of them may hold; the longest unused are deleted first.",
    )
    encryption_key: EncryptionKey | None = Field(
        None,
        description="Encrypts them, at least 32 characters. Environment only. Default: a random key in "
        "responses.key in state_dir; gateways that share a PostgreSQL ledger need one key.",
    )


class LogSettings(Section):
    """The form of the log, and whether it may show messages that are not slimgate's own."""

    format: Literal["auto", "text", "json"] = Field(
        "auto",
        description="The form of the log's lines: `json`, `text`, or `auto`: text at a terminal, else JSON.",
    )
    provider_messages: bool = Field(
        False,
        description="Whether the log shows a provider's message about a failure, on one line and without "
        "keys. It may quote the request.",
    )
    exception_messages: bool = Field(
        False,
        description="Whether the log shows the messages of unexpected exceptions, in addition to their type "
        "and place. They may quote the request.",
    )


class TelemetrySettings(Section):
    """Traces and metrics for OpenTelemetry; needs the extra ``otel``."""

    otlp_endpoint: str | None = Field(
        None,
        pattern="^https?://",
        description="Base URL of a collector that accepts OTLP over HTTP, such as http://127.0.0.1:4318. "
        "Default: OpenTelemetry's own OTEL_EXPORTER_OTLP_ENDPOINT; without either, nothing is "
        "sent.",
    )
