"""`[cloud]` and `[[cloud.fallbacks]]`: the providers."""

import re
from typing import Literal

from pydantic import Field, field_validator

from gateway.config.sections.section import ApiKey, Section
from models.wire.backend import MAX_ANSWER_BYTES
from router.decision import Feature

OPENAI_BASE_URL = "https://api.openai.com/v1"

_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, 5.6.2


class ProviderSettings(Section):
    """A large model, and the connection to its provider."""

    base_url: str = Field(description="The provider's base URL, up to and including /v1.")
    model: str = Field(description="The provider's name of the model.")
    api_key_header: str = Field(
        "authorization",
        pattern=f"^{_HEADER_NAME}$",
        description='The header that carries the key: "api-key" for Azure. Lower case.',
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Additional headers to send. No secrets.")
    query: dict[str, str] = Field(
        default_factory=dict,
        description='Query parameters to send: {"api-version": "2024-10-21"} for Azure.',
    )
    features: list[Feature] | None = Field(
        None,
        description="What the model can do beyond text: images, audio, files, tools, forced_tools, "
        "hosted_tools, json_object, json_schema, logprobs, logit_bias, several_choices. A request that needs "
        "more goes to another model. Default: everything.",
    )
    rename_params: dict[str, str] | None = Field(
        None,
        description="Request fields that the model calls by another name: "
        '{"max_tokens": "max_completion_tokens"}. Default: known per provider and model, or learnt.',
    )
    drop_params: list[str] | None = Field(
        None, description="Request fields that the model refuses. Default: known per model, or learnt."
    )
    responses: Literal["native", "translate"] | None = Field(
        None,
        description="native: the model supports /v1/responses. translate: it gets a chat. Default: native at "
        "OpenAI, translate elsewhere.",
    )
    completions: Literal["native", "translate"] = Field(
        "translate",
        description="native: the model supports /v1/completions. translate: it gets a chat.",
    )
    connect_timeout_s: float = Field(5.0, gt=0, description="Longest wait for a connection, in seconds.")
    first_byte_timeout_s: float = Field(60.0, gt=0, description="Longest wait for a stream's first event, in seconds.")
    chunk_timeout_s: float = Field(60.0, gt=0, description="Longest silence within a stream, in seconds.")
    total_timeout_s: float = Field(600.0, gt=0, description="Longest wait for an unstreamed answer, in seconds.")
    max_answer_bytes: int = Field(
        MAX_ANSWER_BYTES,
        ge=1024,
        description="Largest answer accepted, streamed or not, in bytes; a longer one is an error.",
    )
    retries: int = Field(1, ge=0, le=10, description="Retries after a failure that the provider itself reports.")
    max_concurrent: int = Field(256, ge=1, description="Requests to the provider at the same time.")
    max_queue: int = Field(
        256, ge=0, description="Requests that may wait while `max_concurrent` are running; more are refused at once."
    )
    max_wait_s: float = Field(10.0, gt=0, description="Longest wait in that queue, in seconds.")
    breaker_failures: int = Field(
        5, ge=1, description="Failures in a row after which the circuit breaker stops calls to the provider."
    )
    breaker_rest_s: float = Field(
        5.0,
        gt=0,
        description="How long the circuit breaker stops calls the first time, in seconds; doubles with each "
        "failed probe, up to a minute.",
    )

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not re.fullmatch(_HEADER_NAME, name):
                raise ValueError(f"{name!r} is not a header name")
            if not (value.isascii() and value.strip().isprintable()):
                raise ValueError(f"the value of {name} has a line break or another character that no header may have")
        return {name: value.strip() for name, value in headers.items()}


class FallbackSettings(ProviderSettings):
    """A model that is asked when those before it fail."""

    api_key_env: str | None = Field(None, description="The environment variable that holds its API key.")


class CloudSettings(ProviderSettings):
    """The large model: OpenAI, or any provider that speaks its API."""

    base_url: str = Field(OPENAI_BASE_URL, description="The provider's base URL, up to and including /v1.")
    model: str = Field("gpt-4.1", description="The provider's model that hard requests go to.")
    api_key: ApiKey | None = Field(
        None,
        description="The provider's API key. Environment only. OPENAI_API_KEY also works for the default base_url.",
    )
    fallbacks: list[FallbackSettings] = Field(
        default_factory=list,
        description="Models that are used in this order when those before fail. Each has the keys of this "
        "section, and api_key_env: the variable that holds its key.",
    )

    @property
    def configured(self) -> bool:
        """Whether there is a key, or another provider, which may need none."""
        return self.api_key is not None or self.base_url != OPENAI_BASE_URL
