"""The sections of the configuration, `[local]`, `[cloud]`, `[router]` and so on: each setting with its meaning.

`gateway.config.settings` reads and joins them.
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from models.engine.options import (
    DEFAULT_MAX_GAP_S,
    MAX_SEQUENCES,
    FlashAttention,
    KvCacheType,
    PromptLookup,
    check_cache,
    check_deterministic,
)
from models.host.api_keys import clean_key
from models.wire.backend import MAX_ANSWER_BYTES
from router.decision import Feature
from router.sensitive import Sensitive
from router.threshold import HIGHEST_THRESHOLD, to_threshold

OPENAI_BASE_URL = "https://api.openai.com/v1"

MIN_KEY_CHARS = 32

PINS = ("auto", "local", "cloud")
"""Model names whose meaning is fixed."""

_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, 5.6.2


def _clean(key: SecretStr) -> SecretStr:
    return SecretStr(clean_key(key.get_secret_value()))


ApiKey = Annotated[SecretStr, AfterValidator(_clean)]
"""A key, stripped of whitespace; refused if it cannot be sent in a header."""


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < MIN_KEY_CHARS:
        raise ValueError(f"must have at least {MIN_KEY_CHARS} characters")
    return key


EncryptionKey = Annotated[SecretStr, AfterValidator(_long_enough)]
"""A secret that texts are encrypted with."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LocalSettings(_Section):
    """The small model, on this machine or on a server of yours."""

    enabled: bool = Field(True, description="Whether there is a local model.")
    model_path: Path | None = Field(
        None, description="GGUF file for the built-in engine. Default: the bundled SmolLM2-135M-Instruct."
    )
    base_url: str | None = Field(
        None,
        description="An OpenAI-compatible server (vLLM, Ollama, llama-server) to use instead of the built-in engine, "
        "such as http://127.0.0.1:11434/v1; unix:/path/to.sock for `slimgate engine --uds`.",
    )
    model: str | None = Field(
        None, description="The model's name at `base_url`. Default: the first that the server lists."
    )
    use_proxy: bool = Field(
        False,
        description="Whether requests to `base_url` may use the proxies in HTTP_PROXY and HTTPS_PROXY. A "
        "proxy sees all texts, also private ones.",
    )
    api_key: ApiKey | None = Field(
        None,
        description="Bearer token for `base_url`; also the key that `slimgate engine` requires on a port. "
        "Environment only.",
    )
    features: list[Feature] | None = Field(
        None,
        description="What the model at `base_url` can do beyond text, such as images. Default: what the "
        "server lists, or else tools and JSON.",
    )
    rename_params: dict[str, str] | None = Field(
        None,
        description="Request fields that the server at `base_url` calls by another name. Default: "
        '{"max_completion_tokens": "max_tokens"}, which all such servers know.',
    )
    drop_params: list[str] | None = Field(
        None, description="Request fields that the server at `base_url` refuses. Default: learnt from its refusals."
    )
    n_ctx: int | None = Field(
        None, ge=128, description="Context window in tokens. Default: what the model was trained for, at most 8192."
    )
    n_threads: int | None = Field(
        None, ge=1, le=512, description="CPU threads. Default: what tuning finds best, else the machine's cores."
    )
    n_ubatch: int | None = Field(
        None, ge=16, le=512, description="Tokens that llama.cpp computes at once. Default: what tuning finds best."
    )
    repack: bool | None = Field(
        None,
        description="Whether weights are repacked for the processor, in a second copy. Default: what tuning finds "
        "best, else yes, unless that crashes or memory is short.",
    )
    tune: bool = Field(
        True,
        description="Whether the engine tries settings that are left open with a model of more than 512 MiB at its "
        "first start on a machine (up to two minutes), and keeps the best.",
    )
    max_gap_s: float = Field(
        DEFAULT_MAX_GAP_S,
        ge=0.05,
        le=10,
        description="Longest pause between two tokens of an answer while the engine reads other prompts, in seconds. "
        "A shorter one makes reading slower.",
    )
    prompt_lookup: PromptLookup = Field(
        PromptLookup.AUTO,
        description="Whether tokens that an answer may copy from its prompt are computed ahead: auto (where that is "
        "faster, by measurement) or off. It changes no answer beyond rounding.",
    )
    n_gpu_layers: int | None = Field(
        None, ge=-1, description="Layers on the GPU; -1 is all. Default: all if llama.cpp was built for a GPU."
    )
    reencode: bool = Field(
        True,
        description="Whether to convert the weights of a small model to Q8_0 (in state_dir/weights) if "
        "llama.cpp computes their encoding slowly (Q4_1, Q5_1): more tokens a second for half as "
        "much memory again.",
    )
    flash_attention: FlashAttention = Field(
        FlashAttention.AUTO,
        description="Attention in one pass: on, off, or auto (what tuning finds best, else used if model and device "
        "support it).",
    )
    kv_cache_type: KvCacheType = Field(
        KvCacheType.F16,
        description="Number type of the KV cache: f16, bf16, f32, q8_0 (half of f16's memory), q4_0 (a third, "
        "and worse answers). The last two need flash attention.",
    )
    deterministic: bool = Field(
        False,
        description="Whether equal requests to the built-in engine get equal answers whatever ran before or beside "
        "them (temperature 0, or a seed). No prompt's beginning is reused, so conversations are computed anew each "
        "turn; fewer answers run at a time; the processor computes.",
    )
    max_sequences: int = Field(
        8, ge=1, le=MAX_SEQUENCES, description="Answers generated at the same time, in one batch."
    )
    max_concurrent: int = Field(256, ge=1, description="Requests to `base_url` at the same time.")
    max_queue: int = Field(256, ge=0, description="Requests that may wait while `max_concurrent` are running.")
    ready_timeout_s: float = Field(
        60.0,
        gt=0,
        description="How long a request waits for a starting engine if no other side can answer, in seconds.",
    )
    first_byte_timeout_s: float = Field(120.0, gt=0, description="Longest wait for a stream's first event, in seconds.")
    chunk_timeout_s: float = Field(60.0, gt=0, description="Longest silence within a stream, in seconds.")
    total_timeout_s: float = Field(600.0, gt=0, description="Longest wait for an unstreamed answer, in seconds.")
    max_answer_bytes: int = Field(
        MAX_ANSWER_BYTES,
        ge=1024,
        description="Largest answer accepted, streamed or not, in bytes; a longer one is an error.",
    )

    @model_validator(mode="after")
    def _cache_can_be_read(self) -> Self:
        check_cache(self.flash_attention, self.kv_cache_type)
        if self.deterministic:
            check_deterministic(self.flash_attention, self.n_gpu_layers)
        return self


class ProviderSettings(_Section):
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


class SecondLookSettings(_Section):
    """The second look (a cascade): the local model begins, and its confidence decides which side answers."""

    band: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How far below the threshold a score gets a second look; 0 turns it off.",
    )
    n_tokens: int = Field(
        8, ge=1, le=256, description="Tokens of the local answer that are held back; each delays the first byte."
    )
    least_confidence: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="The cloud answers if the confidence of those tokens is lower. 0 only measures: "
        "`slimgate second-look` then shows the effect of a value.",
    )


class RouterSettings(_Section):
    """How requests are divided between local and cloud."""

    threshold: float | None = Field(
        None,
        ge=0,
        le=HIGHEST_THRESHOLD,
        description="Requests with a score at or above it go to the cloud: 0 sends all of them there, "
        "1.0001 none. Default: the artifact's own.",
    )
    artifact: Path | None = Field(None, description="Folder made by `slimgate train`. Default: the shipped one.")
    threshold_for: str | None = Field(
        None,
        description="The version of the classifier for which `threshold` was chosen (`slimgate calibrate` "
        "prints it); any other is refused. Default: `threshold` applies to every classifier.",
    )
    labels: Path | None = Field(
        None,
        description="File with your own labels, as for `slimgate train --labels`. The tuner measures the "
        "failure rate on them.",
    )
    answer_reserve_tokens: int = Field(
        256, ge=1, description="Tokens of the local context reserved for the answer if the request sets no max_tokens."
    )
    max_local_wait_s: float = Field(
        10.0,
        ge=0,
        description="Longest expected wait in the local queue, in seconds; if it would be longer, the cloud answers.",
    )
    hosted_tools: Literal["drop", "refuse"] = Field(
        "drop",
        description="What happens to tools that a provider runs (web_search) if /v1/responses is answered by a "
        "model that has none: drop leaves them out and says so in x-slimgate-warning, refuse is a 400.",
    )
    second_look: SecondLookSettings = SecondLookSettings()
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description="Model names that clients send, and their meaning: auto, auto with its own threshold, "
        'local, or cloud. {"gpt-4o": "auto", "gpt-4o-mini": "auto:0.8", "claude-*": "auto"}.',
    )

    @field_validator("aliases")
    @classmethod
    def _mean_something(cls, aliases: dict[str, str]) -> dict[str, str]:
        for alias, meaning in aliases.items():
            if alias in PINS or alias.startswith("auto:"):
                raise ValueError(f"{alias!r} has a meaning of its own, so it cannot be an alias")
            if meaning not in PINS:
                kind, _, threshold = meaning.partition(":")
                if kind != "auto" or to_threshold(threshold) is None:
                    raise ValueError(f"{meaning!r} must be auto, auto:THRESHOLD such as auto:0.4, local, or cloud")
        return aliases

    @model_validator(mode="after")
    def _what_is_for_it(self) -> Self:
        if self.threshold_for is not None and self.threshold is None:
            raise ValueError("threshold_for is set, but threshold is not")
        return self


class EmbeddingsSettings(_Section):
    """The model for embeddings. They are not routed: vectors of two models cannot be mixed."""

    backend: Literal["local", "cloud"] | None = Field(
        None,
        description="The side that answers /v1/embeddings. Default: OpenAI, if it is the cloud; else embeddings are "
        "refused.",
    )
    model: str | None = Field(
        None, description="That side's model for embeddings. Default for local: the local model itself."
    )


class PrivacySettings(_Section):
    """Requests that may not leave this machine: the local model answers them, or they are refused."""

    local_only: bool = Field(False, description="Whether no request at all may leave this machine.")
    detect: list[Sensitive] = Field(
        default_factory=list,
        description="Private data that keep a request on this machine if they are found in it: "
        + ", ".join(Sensitive)
        + ". The detector misses names and stories, so it is no guarantee. Default: nothing.",
    )
    media_may_leave: bool = Field(
        False,
        description="Whether images, audio, files and token numbers may leave although the detector cannot "
        "read them. Default: if a detector is configured, they stay.",
    )


class BudgetSettings(_Section):
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


class LedgerSettings(_Section):
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


class ResponsesSettings(_Section):
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


class LogSettings(_Section):
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


class TelemetrySettings(_Section):
    """Traces and metrics for OpenTelemetry; needs the extra ``otel``."""

    otlp_endpoint: str | None = Field(
        None,
        pattern="^https?://",
        description="Base URL of a collector that accepts OTLP over HTTP, such as http://127.0.0.1:4318. "
        "Default: OpenTelemetry's own OTEL_EXPORTER_OTLP_ENDPOINT; without either, nothing is "
        "sent.",
    )


class PriceSettings(_Section):
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


class SavingsSettings(_Section):
    """The model that savings are measured against."""

    baseline_model: str | None = Field(
        None, description="The model that every request would have used without slimgate. Default: the cloud model."
    )
