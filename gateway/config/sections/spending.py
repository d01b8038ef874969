"""`[budget]`, `[prices]` and `[savings]`: what requests cost, what they may cost, and what they would have cost."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from gateway.config.sections.section import Section


class BudgetSettings(Section):
    """Limits on the cost of the cloud, in US dollars by the ledger's prices. Days and months are in UTC."""

    usd_per_day: Decimal | None = Field(
        None, ge=0, description="Once it is spent, the local model answers until midnight UTC. Default: no limit."
    )
    usd_per_month: Decimal | None = Field(
        None,
        ge=0,
        description="Once it is spent, the local model answers until the month ends (UTC). Default: no limit.",
    )
    fail_open: bool = Field(
        False,
        description="Whether the cloud may be called although the budget could be exceeded: the ledger does "
        "not know the amount spent, the model has no price, or the request is not priced by the "
        "token (tools that the provider runs, answers in the background). Default: it may not.",
    )


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
