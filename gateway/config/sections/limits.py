"""`[limits]`: where the limits of keys are counted. The limits themselves belong to each key."""

from pydantic import Field

from gateway.config.sections.section import Section


class LimitsSettings(Section):
    """Where requests, tokens and places are counted."""

    redis_url: str | None = Field(
        None,
        pattern=r"^(redis|rediss|redis\+unix)://",
        description="Redis in which all workers and gateways count together: redis://:PASSWORD@HOST:6379/0, rediss:// "
        "with TLS, or redis+unix:///PATH. Needs slimgate[redis]. Default: each worker counts by itself, and gives out "
        "its even part of each limit, rounded up.",
    )
