"""`[budget]`, `[prices]` and `[savings]`: what requests cost, what they may cost, and what they would have cost."""

from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from gateway.config.sections.section import Section

Usd = Annotated[Decimal, Field(ge=0, le=1_000_000_000)]


class LimitSettings(Section):
    """Limits on the cost of the cloud, in US dollars by the ledger's prices."""

    usd_per_day: Usd | None = Field(
        None, description="The most that may be spent on the cloud in a day. Default: no limit."
    )
    usd_per_week: Usd | None = Field(
        None, description="The most that may be spent on the cloud in a week from Monday on. Default: no limit."
    )
    usd_per_month: Usd | None = Field(
        None, description="The most that may be spent on the cloud in a calendar month. Default: no limit."
    )


class BudgetSettings(LimitSettings):
    """What may be spent in all and by each team, and what happens when it is spent. Keys have limits of their own."""

    time_zone: str = Field(
        "UTC", description="The zone of the midnights at which days, weeks and months begin: Europe/Berlin, say."
    )
    teams: dict[str, LimitSettings] = Field(
        default_factory=dict, description="The same limits for the keys of one team, as [budget.teams.NAME]."
    )
    when_spent: Literal["local", "refuse"] = Field(
        "local",
        description="local: the local model answers what would go to the cloud. refuse: that is refused with a 429 "
        "insufficient_quota.",
    )
    answer_tokens: int = Field(
        16384,
        ge=1,
        description="The longest answer of a cloud, in tokens, for a request that sets no limit itself, where a budget "
        "has to hold.",
    )
    webhook_url: SecretStr | None = Field(
        None, description="Where to POST a warning when 80 % and 100 % of a limit are spent. Default: nowhere."
    )
    fail_open: bool = Field(
        False,
        description="Whether the cloud may be called although the budget could be exceeded: the ledger does "
        "not know the amount spent, the model has no price, or the request is not priced by the "
        "token (tools that the provider runs, answers in the background). Default: it may not.",
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"'{name:.50}' is no time zone; write a name of the IANA list, such as Europe/Berlin"
            ) from None
        return name

    @field_validator("webhook_url")
    @classmethod
    def _http_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return url


class PriceSettings(Section):
    """Your own price for a model, in US dollars per million tokens."""

    input_usd_per_mtok: Decimal = Field(ge=0, description="Prompt tokens.")
    output_usd_per_mtok: Decimal = Field(ge=0, description="Answer tokens.")
    cached_input_usd_per_mtok: Decimal | None = Field(
        None, ge=0, description="Prompt tokens that the provider had cached. Default: like other prompt tokens."
    )
    cache_write_usd_per_mtok: Decimal | None = Field(
        None, ge=0, description="Prompt tokens that the provider wrote to its cache. Default: like other prompt tokens."
    )
    cache_write_1h_usd_per_mtok: Decimal | None = Field(
        None, ge=0, description="Prompt tokens that the provider cached for an hour. Default: like other cache writes."
    )
    input_audio_usd_per_mtok: Decimal | None = Field(
        None, ge=0, description="Prompt tokens that are audio. Default: like other prompt tokens."
    )
    output_audio_usd_per_mtok: Decimal | None = Field(
        None, ge=0, description="Answer tokens that are audio. Default: like other answer tokens."
    )
    output_image_usd_per_mtok: Decimal | None = Field(
        None, ge=0, description="Answer tokens that are images. Default: like other answer tokens."
    )
    service_tiers: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(
        default_factory=dict,
        description='Factor of a service tier on these prices: {"priority": 2, "flex": 0.5}. Default: flex '
        "and batch cost as much as the standard tier, and the price of any other tier is unknown.",
    )


class SavingsSettings(Section):
    """The model that savings are measured against."""

    baseline_model: str | None = Field(
        None, description="The model that every request would have used without slimgate. Default: the cloud model."
    )
