"""What people say of a key when they make or change it, checked."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from gateway.keys.terms import NO_TERMS, KeyTerms, Role, Sees

MAX_TAGS = 10
LABEL = r"^[A-Za-z0-9_.-]{1,50}$"
LABEL_WORDS = "1 to 50 letters, digits, _ . or -"


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be printable characters on one line, without blanks around them")
    return text


def _future(moment: datetime | None) -> datetime | None:
    if moment is not None and moment <= datetime.now(UTC):
        raise ValueError("must be in the future; to end a key now, revoke it")
    return moment


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


Printable = Annotated[str, Field(max_length=100), AfterValidator(_printable)]
Named = Annotated[Printable, Field(min_length=1)]
Team = Annotated[str, Field(pattern=rf"^$|{LABEL}")]
Label = Annotated[str, Field(pattern=LABEL)]
Tags = Annotated[tuple[Label, ...], Field(max_length=MAX_TAGS), AfterValidator(_distinct)]
Expiry = Annotated[AwareDatetime | None, AfterValidator(_future)]

_NAME = "What people call it, at most 100 characters; several keys may have the same name."
_OWNER = "Who is responsible for it, at most 100 characters."
_TEAM = f"The team that it belongs to, for reports and budgets: {LABEL_WORDS}; empty for none."
_TAGS = f"Words for reports, at most {MAX_TAGS}, each {LABEL_WORDS}."
_ROLE = "caller asks models, viewer looks at the page and at reports, admin may do everything."
_SEES = "Whose requests it may look at: its own, those of its team, or all. An admin sees all."
_EXPIRES = "When it stops to work, with a time zone, such as 2027-01-31T00:00:00Z; null for never."
_TERMS = "What it may do and spend."


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Named = Field(description=_NAME)
    owner: Printable = Field("", description=_OWNER)
    team: Team = Field("", description=_TEAM)
    tags: Tags = Field((), description=_TAGS)
    role: Role = Field(Role.CALLER, description=_ROLE)
    sees: Sees = Field(Sees.OWN, description=_SEES)
    expires: Expiry = Field(None, description=_EXPIRES)
    terms: KeyTerms = Field(NO_TERMS, description=_TERMS)

    @model_validator(mode="after")
    def _team_to_see(self) -> Self:
        if self.sees is Sees.TEAM and not self.team:
            raise ValueError("sees is team, but team is empty: name the team")
        return self


class KeyChange(BaseModel):
    """A change of a key: what is not given stays as it is. The defaults stand for that, and mean nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_without_defaults)

    name: Named = Field("-", description=_NAME)
    owner: Printable = Field("", description=_OWNER)
    team: Team = Field("", description=_TEAM)
    tags: Tags = Field((), description=_TAGS)
    role: Role = Field(Role.CALLER, description=_ROLE)
    sees: Sees = Field(Sees.OWN, description=_SEES)
    expires: Expiry = Field(None, description=_EXPIRES)
    terms: KeyTerms = Field(
        NO_TERMS, description="What it may do and spend: those given replace theirs, null takes a limit away."
    )


class Rotation(BaseModel):
    """A new secret for a key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grace_s: int = Field(
        24 * 3600,
        ge=0,
        le=90 * 24 * 3600,
        description="How long the old secret still works, in seconds, at most 90 days; 0 stops it at once.",
    )
