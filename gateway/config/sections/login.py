"""`[login]` and `[oidc]`: who may look at the page in a browser, and for how long."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.sections.section import Section
from models.host.host_check import is_reachable_from_outside

LONGEST_SESSION_HOURS = 24 * 30


class LoginSettings(Section):
    """Sessions of the page."""

    session_hours: float = Field(
        12.0, gt=0, le=LONGEST_SESSION_HOURS, description="Hours after which a login of the page ends in any case."
    )
    idle_minutes: float = Field(
        120.0,
        ge=5,
        le=60 * LONGEST_SESSION_HOURS,
        description="Minutes without a request after which a login of the page ends.",
    )


class OidcSettings(Section):
    """Single sign-on at the page with OpenID Connect; needs the extra ``oidc``."""

    issuer: str | None = Field(
        None,
        description="URL of the OpenID Connect provider, as its own configuration names it. Default: none, and the "
        "page takes keys only.",
    )
    client_id: str | None = Field(None, description="The id under which the provider knows this gateway.")
    client_secret: SecretStr | None = Field(
        None, description="The secret for it. Environment only. Default: none, for a public client."
    )
    base_url: str | None = Field(
        None,
        description="URL at which browsers reach this gateway. The provider must be told "
        "BASE_URL/login/oidc/callback as the redirect URI.",
    )
    name: str = Field("single sign-on", min_length=1, max_length=60, description="What the button calls the provider.")
    scopes: tuple[str, ...] = Field(
        ("openid", "email", "profile"), description="Scopes that are asked for; openid must be among them."
    )
    groups_claim: str = Field(
        "groups", min_length=1, max_length=200, description="The claim of the ID token that lists a person's groups."
    )
    admins: tuple[str, ...] = Field(
        (), description="Who logs in as an admin: verified email addresses, and names of groups."
    )
    viewers: tuple[str, ...] = Field((), description="Who logs in as a viewer of all requests, written likewise.")

    @field_validator("issuer", "base_url")
    @classmethod
    def _safe_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            host = None
        if not host or parts.query or parts.fragment or parts.username is not None:
            raise ValueError("should be a URL such as https://id.example.org: no user, no query")
        is_here = parts.scheme == "http" and not is_reachable_from_outside(host)
        if parts.scheme != "https" and not is_here:
            raise ValueError("should begin with https://; http:// is for this machine only")
        return url

    @field_validator("scopes")
    @classmethod
    def _asks_who(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("openid must be among them, or no ID token comes")
        return scopes

    @model_validator(mode="after")
    def _whole_or_nothing(self) -> Self:
        if self.issuer is None:
            return self
        for name in ("client_id", "base_url"):
            if getattr(self, name) is None:
                raise ValueError(f"issuer is set, so {name} must be set too")
        if not self.admins and not self.viewers:
            raise ValueError("issuer is set, but admins and viewers are empty, so nobody could log in")
        return self
