"""Every setting, with its unit, default and meaning.

Three layers, the later wins: the defaults here, a TOML file, the environment (``SLIMGATE_…``, ``__`` between levels, so
``[local] n_ctx`` is ``SLIMGATE_LOCAL__N_CTX``). A key that means nothing is an error in both. Secrets come from the
environment alone.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as PydanticSettingsError

from gateway.names import to_threshold
from models.engine.options import MAX_SEQUENCES, FlashAttention, KvCacheType, check_cache
from router.decision import Feature
from router.sensitive import Sensitive

ENV_PREFIX = "SLIMGATE_"
NESTING = "__"
CONFIG_VARIABLE = "SLIMGATE_CONFIG"
OPENAI_BASE_URL = "https://api.openai.com/v1"

Source = PydanticBaseSettingsSource


class SettingsError(Exception):
    """The configuration cannot be used; the message names each key at fault and what it should be."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LocalSettings(_Section):
    """The small model on this machine, or on a server of yours."""

    enabled: bool = Field(True, description="Whether there is a local tier at all.")
    model_path: Path | None = Field(
        None, description="GGUF file for the built-in engine. Default: the bundled SmolLM2-135M-Instruct."
    )
    base_url: str | None = Field(
        None,
        description="An OpenAI-compatible server (vLLM, Ollama, llama-server) to use instead of the built-in engine, "
        "such as http://127.0.0.1:11434/v1; unix:/path/to.sock for `slimgate engine --uds`.",
    )
    model: str | None = Field(None, description="The model's name at `base_url`. Default: the first that it lists.")
    api_key: SecretStr | None = Field(None, description="Bearer token for `base_url`. Environment only.")
    features: list[Feature] | None = Field(
        None,
        description="What the model at `base_url` can do beyond text, such as images. Default: what the server lists, "
        "else tools and JSON.",
    )
    n_ctx: int | None = Field(
        None, ge=128, description="Context window in tokens. Default: what the model was trained for, at most 8192."
    )
    n_threads: int | None = Field(None, ge=1, le=512, description="CPU threads. Default: the machine's cores.")
    n_gpu_layers: int | None = Field(
        None, ge=-1, description="Layers on the GPU; -1 is all. Default: all where llama.cpp was built with a GPU."
    )
    reencode: bool = Field(
        True,
        description="Keep the weights of a small model, where llama.cpp computes their encoding slowly (Q4_1, Q5_1), "
        "as Q8_0 in state_dir/weights: more tokens a second for half as much memory again.",
    )
    flash_attention: FlashAttention = Field(
        FlashAttention.AUTO, description="Attention in one pass: auto uses it wherever model and device can, on, off."
    )
    kv_cache_type: KvCacheType = Field(
        KvCacheType.F16,
        description="How the context is kept: f16, bf16, f32, q8_0 (half of f16's memory), q4_0 (a third, and worse "
        "answers). The last two need flash attention.",
    )
    max_sequences: int = Field(
        8, ge=1, le=MAX_SEQUENCES, description="Answers generated at the same time, in one batch."
    )
    max_concurrent: int = Field(256, ge=1, description="Requests to `base_url` at the same time.")
    max_queue: int = Field(256, ge=0, description="Requests that may wait for a place at `base_url`.")
    ready_timeout_s: float = Field(
        60.0, gt=0, description="How long a request waits for a starting engine when nobody else can answer."
    )
    first_byte_timeout_s: float = Field(120.0, gt=0, description="Longest wait for a stream's first event, in seconds.")
    chunk_timeout_s: float = Field(60.0, gt=0, description="Longest silence within a stream, in seconds.")
    total_timeout_s: float = Field(600.0, gt=0, description="Longest wait for an unstreamed answer, in seconds.")

    @model_validator(mode="after")
    def _cache_can_be_read(self) -> Self:
        check_cache(self.flash_attention, self.kv_cache_type)
        return self


class ProviderSettings(_Section):
    """A large model, and how its provider is reached."""

    base_url: str = Field(description="The provider's base URL, up to and including /v1.")
    model: str = Field(description="The provider's name of the model.")
    api_key_header: str = Field(
        "authorization", description='The header that carries the key: "api-key" for Azure. Lower case.'
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Further headers to send. No secrets.")
    query: dict[str, str] = Field(
        default_factory=dict,
        description='Query parameters to send: {"api-version": "2024-10-21"} for Azure.',
    )
    features: list[Feature] | None = Field(
        None,
        description="What the model can do beyond text: images, audio, files, tools, hosted_tools, json_object, "
        "json_schema, logprobs, logit_bias, several_choices. A request that needs more goes to a model that has it. "
        "Default: taken to do everything.",
    )
    rename_params: dict[str, str] | None = Field(
        None,
        description='Request fields that the model knows by another name: {"max_tokens": "max_completion_tokens"}. '
        "Default: as known of the model.",
    )
    drop_params: list[str] | None = Field(
        None, description="Request fields that the model refuses. Default: as known of the model."
    )
    responses: Literal["native", "translate"] | None = Field(
        None,
        description="Whether the model takes /v1/responses itself, or is to be asked in a chat. Default: native at "
        "OpenAI, translate elsewhere.",
    )
    completions: Literal["native", "translate"] = Field(
        "translate",
        description="Whether the model takes /v1/completions itself, or is to be asked in a chat.",
    )
    connect_timeout_s: float = Field(5.0, gt=0, description="Longest wait for a connection, in seconds.")
    first_byte_timeout_s: float = Field(60.0, gt=0, description="Longest wait for a stream's first event, in seconds.")
    chunk_timeout_s: float = Field(60.0, gt=0, description="Longest silence within a stream, in seconds.")
    total_timeout_s: float = Field(600.0, gt=0, description="Longest wait for an unstreamed answer, in seconds.")
    retries: int = Field(1, ge=0, le=10, description="Further tries after a failure that the provider itself reports.")
    max_concurrent: int = Field(256, ge=1, description="Requests to the provider at the same time.")
    max_queue: int = Field(256, ge=0, description="Requests that may wait for a place; more are turned away at once.")
    max_wait_s: float = Field(10.0, gt=0, description="Longest wait for a place, in seconds.")
    breaker_failures: int = Field(
        5, ge=1, description="Failures in a row after which the provider is left alone for a while."
    )
    breaker_rest_s: float = Field(
        5.0, gt=0, description="How long the first time, in seconds; doubles with each failed probe, up to a minute."
    )


class FallbackSettings(ProviderSettings):
    """A model that stands in when those before it fail."""

    api_key_env: str | None = Field(None, description="The environment variable that holds its API key.")


class CloudSettings(ProviderSettings):
    """The large model: OpenAI, or any provider that speaks its API."""

    base_url: str = Field(OPENAI_BASE_URL, description="The provider's base URL, up to and including /v1.")
    model: str = Field("gpt-4.1", description="The provider's model that hard requests go to.")
    api_key: SecretStr | None = Field(
        None, description="The provider's API key. Environment only; OPENAI_API_KEY serves for the default base_url."
    )
    fallbacks: list[FallbackSettings] = Field(
        default_factory=list,
        description="Models that stand in, in order, each with the keys of this section, and with api_key_env: the "
        "variable that holds its key.",
    )

    @property
    def configured(self) -> bool:
        """A key, or a provider of one's own that may need none."""
        return self.api_key is not None or self.base_url != OPENAI_BASE_URL


class SecondLookSettings(_Section):
    """Whether the local model may begin an answer before it is decided who gives it."""

    band: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How far below the threshold scores get a second look; 0 is none: the score decides alone.",
    )
    n_tokens: int = Field(
        8, ge=1, le=256, description="Tokens of the local answer that are held back for it; each delays the first byte."
    )
    least_confidence: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="The cloud answers where those tokens' confidence is less. 0 only measures: "
        "`slimgate second-look` then says what a value would do.",
    )


class RouterSettings(_Section):
    """Where the line between local and cloud runs."""

    threshold: float | None = Field(
        None,
        ge=0,
        le=1.0001,
        description="Requests scoring at or above go to the cloud: 0 sends all of them there, more than 1 none. "
        "Default: the artifact's own.",
    )
    artifact: Path | None = Field(None, description="Folder made by `slimgate train`. Default: the shipped one.")
    threshold_for: str | None = Field(
        None,
        description="The version of the classifier that `threshold` was chosen for, as `slimgate calibrate` says it; "
        "any other is refused. Default: `threshold` goes with all.",
    )
    labels: Path | None = Field(
        None,
        description="Your own labels, as `slimgate train --labels` takes them: the tuner measures failures on them.",
    )
    answer_reserve_tokens: int = Field(
        256, ge=1, description="Room in the local context kept for an answer when the request sets no max_tokens."
    )
    max_local_wait_s: float = Field(
        10.0, ge=0, description="Longest expected wait in the local queue, in seconds; beyond it the cloud answers."
    )
    second_look: SecondLookSettings = SecondLookSettings()
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description="Model names that old clients send, and what they mean here: auto, auto with a threshold of its "
        'own, local, or cloud. {"gpt-4o": "auto", "gpt-4o-mini": "auto:0.8", "claude-*": "auto"}.',
    )

    @field_validator("aliases")
    @classmethod
    def _mean_something(cls, aliases: dict[str, str]) -> dict[str, str]:
        for meant in aliases.values():
            if meant not in ("auto", "local", "cloud"):
                kind, _, threshold = meant.partition(":")
                if kind != "auto" or to_threshold(threshold) is None:
                    raise ValueError(f"{meant!r} should be auto, auto:THRESHOLD such as auto:0.4, local, or cloud")
        return aliases

    @model_validator(mode="after")
    def _what_is_for_it(self) -> Self:
        if self.threshold_for is not None and self.threshold is None:
            raise ValueError("threshold_for names a classifier, and there is no threshold that it could be for")
        return self


class EmbeddingsSettings(_Section):
    """Who turns texts into vectors. There is no routing: vectors of two models cannot be mixed."""

    backend: Literal["local", "cloud"] | None = Field(
        None, description="The side that answers /v1/embeddings. Default: nobody."
    )
    model: str | None = Field(
        None, description="That side's model for embeddings. Default, for local: the local model itself."
    )


class PrivacySettings(_Section):
    """What may not leave this machine. It is answered here or refused, and never goes to the cloud."""

    local_only: bool = Field(False, description="Whether nothing at all may leave.")
    detect: list[Sensitive] = Field(
        default_factory=list,
        description="What is looked for in every text that would leave, and keeps a request here where it is found: "
        + ", ".join(Sensitive)
        + ". Default: nothing. A net, not a wall: names and stories pass through it.",
    )
    media_may_leave: bool = Field(
        False,
        description="Whether images, audio, files and token numbers, which the detector cannot read, may leave all the "
        "same. Default: with a detector, they keep a request here.",
    )


class BudgetSettings(_Section):
    """What may be spent on the cloud, in US dollars, as the ledger prices it; days and months are UTC's."""

    usd_per_day: Decimal | None = Field(
        None, ge=0, description="When it is spent, the local model answers until midnight UTC. Default: no limit."
    )
    usd_per_month: Decimal | None = Field(
        None, ge=0, description="When it is spent, the local model answers until the month ends. Default: no limit."
    )


class LedgerSettings(_Section):
    """Where the record of every request is kept."""

    url: str | None = Field(
        None, description="SQLAlchemy URL of the database. Default: an SQLite file, ledger.db, in state_dir."
    )
    keep_days: float | None = Field(
        None, gt=0, description="Rows older than this many days are deleted; their sums stay. Default: kept for ever."
    )


class TelemetrySettings(_Section):
    """Traces and metrics for OpenTelemetry; needs the extra ``otel``."""

    otlp_endpoint: str | None = Field(
        None,
        pattern="^https?://",
        description="Base URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318. Default: what "
        "OpenTelemetry's own OTEL_EXPORTER_OTLP_ENDPOINT names, else nothing is sent.",
    )


class PriceSettings(_Section):
    """Your own price of a model, in US dollars for a million tokens."""

    input_usd_per_mtok: Decimal = Field(ge=0, description="Prompt tokens.")
    output_usd_per_mtok: Decimal = Field(ge=0, description="Answer tokens.")
    cached_input_usd_per_mtok: Decimal | None = Field(
        None, ge=0, description="Prompt tokens the provider had cached. Default: like other prompt tokens."
    )


class SavingsSettings(_Section):
    """What savings are measured against."""

    baseline_model: str | None = Field(
        None, description="The model every request would have gone to without slimgate. Default: the cloud model."
    )


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=NESTING, env_ignore_empty=True, extra="forbid", frozen=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on. 0.0.0.0 opens the gateway to the network.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    api_key: SecretStr | None = Field(
        None, description="When set, every call must carry it as a bearer token. Environment only."
    )
    workers: int = Field(
        1, ge=1, le=64, description="Gateway processes behind the port. They share one engine and one ledger."
    )
    drain_s: float = Field(
        0.0,
        ge=0,
        description="When told to stop: how long requests are still taken while not ready, in seconds.",
    )
    grace_s: int = Field(30, ge=0, description="When told to stop: how long running answers may take, in seconds.")
    state_dir: Path = Field(
        default_factory=lambda: default_state_dir(), description="Where the ledger and what was learnt are kept."
    )
    max_body_bytes: int = Field(32 * 1024 * 1024, ge=1024, description="Largest request accepted, in bytes.")
    local: LocalSettings = LocalSettings()
    cloud: CloudSettings = CloudSettings()
    router: RouterSettings = RouterSettings()
    privacy: PrivacySettings = PrivacySettings()
    budget: BudgetSettings = BudgetSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    ledger: LedgerSettings = LedgerSettings()
    savings: SavingsSettings = SavingsSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    prices: dict[str, PriceSettings] = Field(
        default_factory=dict, description="Prices by the model name that the provider uses, before the public tables."
    )

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # called by keyword only
        cls, settings_cls: type[BaseSettings], init_settings: Source, env_settings: Source, **_others: Source
    ) -> tuple[Source, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _use_openai_key(cls, values: dict[str, Any]) -> dict[str, Any]:
        """OPENAI_API_KEY serves for OpenAI itself; it is never sent to another provider's address."""
        cloud, key = values.get("cloud", {}), os.environ.get("OPENAI_API_KEY")
        if key and isinstance(cloud, dict) and not cloud.get("api_key") and not cloud.get("base_url"):
            return {**values, "cloud": {**cloud, "api_key": key}}
        return values

    @field_validator("state_dir")
    @classmethod
    def _expand(cls, path: Path) -> Path:
        return path.expanduser()

    @model_validator(mode="after")
    def _someone_must_answer(self) -> Self:
        if not self.local.enabled and not self.cloud.configured:
            raise ValueError(
                "local.enabled is false and no cloud is configured, so nobody could answer: "
                "set OPENAI_API_KEY or SLIMGATE_CLOUD__BASE_URL, or enable the local tier"
            )
        return self

    @model_validator(mode="after")
    def _private_needs_local(self) -> Self:
        if self.privacy.local_only and not self.local.enabled:
            raise ValueError("privacy.local_only is set and local.enabled is false, so nobody could answer")
        return self

    @model_validator(mode="after")
    def _embeddings_need_somebody(self) -> Self:
        backend, model = self.embeddings.backend, self.embeddings.model
        if backend == "local" and not self.local.enabled:
            raise ValueError("embeddings.backend is 'local', and local.enabled is false")
        if backend == "cloud" and model is None:
            raise ValueError("embeddings.backend is 'cloud', and embeddings.model does not say which model there")
        if backend == "cloud" and not self.cloud.configured:
            raise ValueError("embeddings.backend is 'cloud', and no cloud is configured")
        if backend == "local" and self.local.base_url is None and model is not None:
            raise ValueError(
                f"embeddings.model is {model!r}, and the built-in engine has one model: leave it out, or set "
                "local.base_url to a server that has more"
            )
        return self

    @property
    def baseline_model(self) -> str:
        return self.savings.baseline_model or self.cloud.model

    @property
    def ledger_url(self) -> str:
        return self.ledger.url or f"sqlite:///{self.state_dir / 'ledger.db'}"


def default_state_dir() -> Path:
    """Where a user's programs keep state, after the XDG base directory specification."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base, "slimgate").expanduser()


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """Join defaults, file and environment.

    Parameters
    ----------
    config : Path, optional
        TOML file. Default: the file that SLIMGATE_CONFIG names, else ``slimgate.toml`` here, if there is one.
    **overrides
        Top-level settings from the command line, stronger than the rest; None values are ignored.

    Raises
    ------
    SettingsError
        Naming every key at fault, where it was set, and what was expected.
    """
    path = config or _default_config()
    if path is not None:
        _check_file(path)
    _refuse_unknown_variables()

    class _Configured(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return _Configured(**{name: value for name, value in overrides.items() if value is not None})
    except (ValidationError, PydanticSettingsError) as exc:
        problems = _problems(exc) if isinstance(exc, ValidationError) else [f"{exc}: {exc.__cause__}"]
        raise SettingsError("\n".join(problems)) from None


def setting_fields(
    model: type[BaseModel] = Settings, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """The path and the declaration of every setting, sections opened: ``("local", "n_ctx")``."""
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from setting_fields(annotation, (*path, name))
        else:
            yield (*path, name), field


def setting_keys() -> Iterator[tuple[str, ...]]:
    """The path of every setting."""
    return (key for key, _ in setting_fields())


def variable_name(key: tuple[str, ...]) -> str:
    """The environment variable of a setting.

    >>> variable_name(("local", "n_ctx"))
    'SLIMGATE_LOCAL__N_CTX'
    """
    return ENV_PREFIX + NESTING.join(key).upper()


def _default_config() -> Path | None:
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    return Path("slimgate.toml") if Path("slimgate.toml").is_file() else None


def _check_file(path: Path) -> None:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or exc}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{path} is not valid TOML: {exc}") from exc
    for key in setting_keys():
        if key[-1] == "api_key" and _lookup(values, key) is not None:
            raise SettingsError(
                f"{path}: {'.'.join(key)} is a secret and belongs in the environment, as {variable_name(key)}"
            )


def _refuse_unknown_variables() -> None:
    """Nested variables are checked as the sections they belong to; this finds the rest, which would be ignored."""
    known = [variable_name(key) for key in setting_keys()]
    sections = tuple(f"{ENV_PREFIX}{name.upper()}{NESTING}" for name in Settings.model_fields)
    for variable in os.environ:
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE or variable in known:
            continue
        near = difflib.get_close_matches(variable, known, n=1)
        if near or not variable.startswith(sections):
            hint = f"; did you mean {near[0]}?" if near else "; `slimgate config show` lists the settings"
            raise SettingsError(f"environment variable {variable} is no setting{hint}")


def _lookup(values: Any, key: tuple[str, ...]) -> Any:
    for name in key:
        if not isinstance(values, Mapping):
            return None
        values = values.get(name)
    return values


def _problems(exc: ValidationError) -> Iterator[str]:
    for error in exc.errors(include_url=False):
        key = tuple(str(part) for part in error["loc"])
        if not key:
            yield error["msg"].removeprefix("Value error, ")
        elif error["type"] == "extra_forbidden":
            yield f"{'.'.join(key)} is no setting; `slimgate config show` lists them"
        elif error["type"] == "value_error":
            yield f"{'.'.join(key)}: {error['msg'].removeprefix('Value error, ')}"
        else:
            yield f"{'.'.join(key)} ({variable_name(key)}): {error['msg']}, got {error['input']!r}"
