"""What a key may do: the terms that it was made with."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.wire.errors import RequestError
from router.threshold import HIGHEST_THRESHOLD

Usd = Annotated[Decimal, Field(ge=0, le=1_000_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class KeyForbids(RequestError):
    """The caller's key may not do what the request asks for; another key may.

    Parameters
    ----------
    what : str
        What it may not do, as in "use the cloud", and what the caller can do instead.
    """

    def __init__(self, what: str, param: str | None = None) -> None:
        super().__init__(f"This key may not {what}, or ask whoever manages the keys.", param=param, code="key_forbids")


class Role(StrEnum):
    """What a key is for."""

    CALLER = "caller"  # asks models
    VIEWER = "viewer"  # looks at the page and at reports
    ADMIN = "admin"  # everything: keys, threshold, classifier, exports, and asks models


class Sees(StrEnum):
    """Whose requests a key may look at."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


class KeyTerms(BaseModel):
    """Every limit is None where there is none. Money is in US dollars."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    routes: tuple[Literal["local", "cloud"], ...] | None = Field(
        None, description="Sides that may answer. Default: both."
    )
    models: tuple[Name, ...] | None = Field(
        None,
        description="Model names that its requests may hold, as they are sent, before aliases; a * stands for any "
        "characters. Default: all.",
    )
    threshold: float | None = Field(
        None, ge=0, le=HIGHEST_THRESHOLD, description="The key's own threshold. Default: the gateway's."
    )
    may_override: bool = Field(
        True,
        description="Whether its requests may set another threshold, or another limit on the time to the first token, "
        "by header or model name.",
    )
    local_only: bool = Field(False, description="Whether none of its requests may leave this machine.")
    aliases: dict[Name, Name] = Field(
        default_factory=dict, description="Its own model names, before those of router.aliases."
    )
    baseline_model: Name | None = Field(
        None, description="The model that its savings are measured against. Default: the gateway's."
    )
    requests_per_minute: int | None = Field(None, ge=1, description="Requests a minute.")
    tokens_per_minute: int | None = Field(None, ge=1, description="Tokens of prompts and answers a minute.")
    max_concurrent: int | None = Field(None, ge=1, description="Requests in progress at the same time.")
    max_n: int | None = Field(None, ge=1, description="Largest `n`, and prompts in one request.")
    max_tokens: int | None = Field(None, ge=1, description="Most tokens of one answer.")
    max_body_bytes: int | None = Field(None, ge=1, description="Largest request, in bytes.")
    usd_per_day: Usd | None = Field(None, description="What it may spend on the cloud in a day.")
    usd_per_week: Usd | None = Field(None, description="What it may spend on the cloud in a week.")
    usd_per_month: Usd | None = Field(None, description="What it may spend on the cloud in a month.")

    def allows(self, route: str) -> bool:
        """Whether that side may answer."""
        return self.routes is None or route in self.routes


NO_TERMS = KeyTerms()
