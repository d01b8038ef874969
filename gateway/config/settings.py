"""The configuration as a whole, and how it is read.

Three layers, the later wins: the defaults here and in `gateway.config.sections`, a TOML file, the environment
(``SLIMGATE_…``, ``__`` between levels, so ``[local] n_ctx`` is ``SLIMGATE_LOCAL__N_CTX``). An unknown key in either is
an error. Secrets come from the environment only.
"""

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as PydanticSettingsError

from gateway.config.key_hosts import stray_keys
from gateway.config.masking import masked
from gateway.config.secret_files import EnvironmentAndFiles
from gateway.config.sections.cloud import CloudSettings
from gateway.config.sections.exam import ExamSettings
from gateway.config.sections.keys import KeysSettings
from gateway.config.sections.limits import LimitsSettings
from gateway.config.sections.local import EmbeddingsSettings, LocalSettings
from gateway.config.sections.login import LoginSettings, OidcSettings
from gateway.config.sections.records import (
    AuditSettings,
    LedgerSettings,
    LogSettings,
    ResponsesSettings,
    TelemetrySettings,
)
from gateway.config.sections.routing import PrivacySettings, RouterSettings
from gateway.config.sections.section import ApiKey, EncryptionKey
from gateway.config.sections.spending import BudgetSettings, PriceSettings, SavingsSettings
from models.host.api_keys import key_from_environment
from models.host.home import expand_home
from models.host.host_check import ANY_NAME, is_reachable_from_outside, normalise_name, normalise_origin
from models.host.secret_files import SUFFIX

ENV_PREFIX = "SLIMGATE_"
NESTING = "__"
CONFIG_VARIABLE = "SLIMGATE_CONFIG"

SECRETS = ("api_key", "client_secret", "encryption_key", "secret")
"""Names of settings that come from the environment only and are never shown."""

IN_FILES = (*SECRETS, "url", "redis_url", "webhook_url")
"""Names of settings that a file may hold, which ``SLIMGATE_…_FILE`` names."""

RENAMED = {("router", "max_local_wait_s"): ("router", "max_first_token_s")}
"""Settings of earlier versions, and those that took their place. Their values may mean something else."""

SHORTEST_KEEP_ALIVE_S, LONGEST_KEEP_ALIVE_S = 0.1, 3600.0

Source = PydanticBaseSettingsSource


class _AtStart:
    """Marks a setting that is read once, when the gateway starts."""


AT_START = _AtStart()


class SettingsError(Exception):
    """The configuration cannot be used; the message names each wrong setting and what it should be."""


class Settings(BaseSettings):
    """The whole configuration. Each part says whether SIGHUP reloads it: `AT_START` marks what is read once."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=NESTING, env_ignore_empty=True, extra="forbid", frozen=True
    )

    host: Annotated[str, AT_START] = Field(
        "127.0.0.1",
        description="Address to listen on. 0.0.0.0 opens the gateway to the network, which needs a key, or "
        "allow_anonymous.",
    )
    port: Annotated[int, AT_START] = Field(8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    api_key: ApiKey | None = Field(
        None,
        description="One key that may do everything, for small set-ups. If it is set, every call must carry it, or "
        "a key of `slimgate keys`. Environment or file only.",
    )
    secret: EncryptionKey | None = Field(
        None,
        description="What hashes keys and seals the audit chain, at least 32 characters; further lines hold older ones "
        "that are still understood. Environment or file only. Default: random, in secret.key in state_dir; gateways "
        "that share a PostgreSQL ledger need one secret.",
    )
    allow_anonymous: Annotated[bool, AT_START] = Field(
        False,
        description="Whether the gateway may listen beyond this machine without a key. Anyone who reaches it "
        "can then spend your money and read the ledger.",
    )
    allowed_hosts: Annotated[list[str], AT_START] = Field(
        default_factory=list,
        description="Host names that clients use for this server, besides localhost and IP addresses; "
        "*.example.org allows all its subdomains, * any name. Other names are refused (403). "
        "Default: any name with a key, only `host` without one.",
    )
    allowed_origins: Annotated[list[str], AT_START] = Field(
        default_factory=list,
        description="Origins of web pages that may call this server from a browser (CORS), such as "
        "https://app.example.org; * for any, which needs a key. Their pages still have to send the key, where there "
        "is one. Default: none.",
    )
    trusted_proxies: Annotated[list[str], AT_START] = Field(
        default_factory=list,
        description="Addresses or networks, such as 10.0.0.0/8, of proxies in front of the gateway. Of their requests "
        "X-Forwarded-For says who calls, and X-Forwarded-Proto whether by https; of others nothing does. Failed "
        "logins are counted by that address.",
    )
    workers: Annotated[int, AT_START] = Field(
        1, ge=1, le=64, description="Gateway processes behind the port. They share one engine and one ledger."
    )
    drain_s: float = Field(
        0.0,
        ge=0,
        description="When stopping: how long the gateway reports not ready but still takes requests, in seconds.",
    )
    grace_s: int = Field(
        30, ge=0, description="When stopping: how long running answers may take to finish, in seconds."
    )
    state_dir: Annotated[Path, AT_START] = Field(
        default_factory=lambda: default_state_dir(),
        description="Folder of the ledger, the threshold, trained classifiers and downloaded models.",
    )
    max_body_bytes: Annotated[int, AT_START] = Field(
        32 * 1024 * 1024, ge=1024, description="Largest request accepted, in bytes."
    )
    keep_alive_s: Annotated[float, AT_START] = Field(
        5.0,
        ge=0,
        le=LONGEST_KEEP_ALIVE_S,
        description="Longest silence in a streamed answer, in seconds. After it the caller gets a comment, or a ping "
        "in Anthropic's format, so that proxies and clients do not give up; 0 for none, otherwise at least 0.1.",
    )
    keys: Annotated[KeysSettings, AT_START] = KeysSettings()
    local: Annotated[LocalSettings, AT_START] = LocalSettings()
    cloud: CloudSettings = CloudSettings()
    router: RouterSettings = RouterSettings()
    exam: ExamSettings = ExamSettings()
    privacy: PrivacySettings = PrivacySettings()
    budget: BudgetSettings = BudgetSettings()
    limits: Annotated[LimitsSettings, AT_START] = LimitsSettings()
    embeddings: Annotated[EmbeddingsSettings, AT_START] = EmbeddingsSettings()
    ledger: Annotated[LedgerSettings, AT_START] = LedgerSettings()
    responses: Annotated[ResponsesSettings, AT_START] = ResponsesSettings()
    audit: AuditSettings = AuditSettings()
    login: LoginSettings = LoginSettings()
    oidc: OidcSettings = OidcSettings()
    savings: SavingsSettings = SavingsSettings()
    log: LogSettings = LogSettings()
    telemetry: Annotated[TelemetrySettings, AT_START] = TelemetrySettings()
    prices: dict[str, PriceSettings] = Field(
        default_factory=dict,
        description="Prices by the provider's model name. They take precedence over the public tables.",
    )

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # called by keyword only
        cls, settings_cls: type[BaseSettings], init_settings: Source, **_others: Source
    ) -> tuple[Source, ...]:
        environment = EnvironmentAndFiles(settings_cls, file_variables())
        return init_settings, environment, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _use_openai_key(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Use OPENAI_API_KEY for OpenAI itself; it is never sent to another provider."""
        cloud = values.get("cloud", {})
        if not isinstance(cloud, dict) or cloud.get("api_key") or cloud.get("base_url"):
            return values
        key = key_from_environment("OPENAI_API_KEY")
        return values if key is None else {**values, "cloud": {**cloud, "api_key": key}}

    @model_validator(mode="before")
    @classmethod
    def _empty_is_no_key(cls, values: Any) -> Any:
        """Refuse an empty variable for a key. Otherwise it would count as unset, and open the gateway to everybody."""
        keys = {variable_name(key) for key in setting_keys() if key[-1] in SECRETS}
        for variable, value in os.environ.items():
            if variable.upper() in keys and not value.strip():
                key_from_environment(variable)
        return values

    @field_validator("keep_alive_s")
    @classmethod
    def _no_flood(cls, seconds: float) -> float:
        if 0 < seconds < SHORTEST_KEEP_ALIVE_S:
            raise ValueError(f"must be 0, for none, or at least {SHORTEST_KEEP_ALIVE_S:g}")
        return seconds

    @field_validator("allowed_hosts")
    @classmethod
    def _bare_names(cls, names: list[str]) -> list[str]:
        return [normalise_name(name) for name in names]

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        return [normalise_origin(origin) for origin in origins]

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: list[str]) -> list[str]:
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError:
                raise ValueError(f"{proxy!r} should be an address or a network, such as 10.0.0.0/8") from None
        return proxies

    @model_validator(mode="after")
    def _any_page_needs_a_key(self) -> Self:
        if ANY_NAME in self.allowed_origins and not self.always_needs_key:
            raise ValueError(
                "allowed_origins is *, and no key is needed, so any page on the web could spend your money: set "
                f"{variable_name(('api_key',))} or keys.required = true, or name the origins"
            )
        return self

    @field_validator("state_dir")
    @classmethod
    def _expand(cls, path: Path) -> Path:
        return expand_home(path)

    @model_validator(mode="after")
    def _someone_must_answer(self) -> Self:
        if not self.local.enabled and not self.cloud.configured:
            raise ValueError(
                "local.enabled is false and no cloud is configured, so no model could answer: "
                "set OPENAI_API_KEY or SLIMGATE_CLOUD__BASE_URL, or enable the local model"
            )
        return self

    @model_validator(mode="after")
    def _private_needs_local(self) -> Self:
        if self.privacy.local_only and not self.local.enabled:
            raise ValueError("privacy.local_only is set and local.enabled is false, so no model could answer")
        return self

    @model_validator(mode="after")
    def _embeddings_need_somebody(self) -> Self:
        backend, model = self.embeddings.backend, self.embeddings.model
        if backend == "local" and not self.local.enabled:
            raise ValueError("embeddings.backend is 'local', but local.enabled is false")
        if backend == "cloud" and model is None:
            raise ValueError("embeddings.backend is 'cloud', but embeddings.model does not name a model")
        if backend == "cloud" and not self.cloud.configured:
            raise ValueError("embeddings.backend is 'cloud', but no cloud is configured")
        if backend == "local" and self.local.base_url is None and model is not None:
            raise ValueError(
                f"embeddings.model is {model!r}, but the built-in engine has one model: leave it out, or set "
                "local.base_url to a server that has more"
            )
        return self

    @property
    def always_needs_key(self) -> bool:
        """Whether every call needs a key, whatever keys there are."""
        return self.api_key is not None or self.keys.required is True or self.oidc.issuer is not None

    @property
    def baseline_model(self) -> str:
        """The model that savings are measured against."""
        return self.savings.baseline_model or self.cloud.model

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger's database."""
        return self.ledger.url or f"sqlite:///{self.state_dir / 'ledger.db'}"


def read_at_start() -> set[str]:
    """Names of the settings and sections that need a restart; all others are reloaded on SIGHUP."""
    return {name for name, field in Settings.model_fields.items() if AT_START in field.metadata}


def default_state_dir() -> Path:
    """The default state folder, by the XDG base directory specification."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return _expanded_state_dir(Path(base, "slimgate"))


def chosen_state_dir() -> Path:
    """The state folder for commands that read no other setting: the environment's, or the default."""
    named = os.environ.get(variable_name(("state_dir",)))
    return _expanded_state_dir(Path(named)) if named else default_state_dir()


def _expanded_state_dir(path: Path) -> Path:
    try:
        return expand_home(path)
    except ValueError as exc:
        raise SettingsError(f"state_dir: {exc} (SLIMGATE_STATE_DIR)") from None


def load_settings(config: Path | None = None, *, serves: bool = True, **overrides: Any) -> Settings:
    """Join defaults, file and environment.

    Parameters
    ----------
    config : Path, optional
        TOML file. Default: the file that SLIMGATE_CONFIG names, else ``slimgate.toml`` here, if there is one.
    serves : bool
        Whether the settings are for a gateway that serves: then every API key must be set, and the gateway's own if it
        listens beyond this machine. Commands that only read need no keys.
    **overrides
        Top-level settings from the command line, which override all others; None values are ignored.

    Raises
    ------
    SettingsError
        Naming every wrong setting, where it was set, and what was expected.
    """
    named = config or _named_config()
    path = named or _found_config()
    if path is not None:
        _check_file(path)
    _refuse_unknown_variables()

    class _Configured(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        settings = _Configured(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as exc:
        raise SettingsError("\n".join(_problems(exc))) from None
    except PydanticSettingsError as exc:
        raise SettingsError(f"{exc}: {exc.__cause__}") from None
    except ValueError as exc:  # a secret's file
        raise SettingsError(str(exc)) from None
    problems = [] if named or path is None else [*_not_for_a_found_file(settings)]
    if serves:
        problems.extend(_missing_keys(settings))
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _not_for_a_found_file(settings: Settings) -> Iterator[str]:
    """What a file that was not named but found may not decide: where keys are sent, and that anybody may use them."""
    environment = EnvironmentAndFiles(Settings, file_variables())()
    yield from stray_keys(settings, environment)
    opens = not settings.always_needs_key and settings.allow_anonymous and is_reachable_from_outside(settings.host)
    if opens and environment.get("allow_anonymous") is None:
        yield (
            "allow_anonymous is set only by the slimgate.toml in this folder: if you trust that file, name it "
            f"(--config slimgate.toml, or SLIMGATE_CONFIG), or set {variable_name(('allow_anonymous',))} in the "
            "environment"
        )
    if settings.oidc.issuer is not None and environment.get("oidc", {}).get("issuer") is None:
        yield (
            "oidc.issuer, which says who logs in, is set only by the slimgate.toml in this folder: if you trust that "
            "file, name it (--config slimgate.toml, or SLIMGATE_CONFIG), or set "
            f"{variable_name(('oidc', 'issuer'))} in the environment"
        )
    if settings.keys.required is False and environment.get("keys", {}).get("required") is None:
        yield (
            "keys.required is false only by the slimgate.toml in this folder: if you trust that file, name it "
            f"(--config slimgate.toml, or SLIMGATE_CONFIG), or set {variable_name(('keys', 'required'))} in the "
            "environment"
        )
    if settings.allowed_origins and not settings.always_needs_key and environment.get("allowed_origins") is None:
        yield (
            "allowed_origins is set only by the slimgate.toml in this folder, and no key is needed: if you trust that "
            "file, name it (--config slimgate.toml, or SLIMGATE_CONFIG), or set "
            f"{variable_name(('allowed_origins',))} in the environment"
        )


def _missing_keys(settings: Settings) -> Iterator[str]:
    """A message for each missing key, with how to fix it: a gateway must not serve without them."""
    if not (settings.always_needs_key or settings.allow_anonymous) and is_reachable_from_outside(settings.host):
        yield (
            f"host is {settings.host!r}, which other machines can reach, and no key is set: set keys.required = true "
            f"({variable_name(('keys', 'required'))}) and make keys with `slimgate keys create`, set "
            f"{variable_name(('api_key',))}, or allow_anonymous = true ({variable_name(('allow_anonymous',))}) if "
            "anyone who reaches it may use it"
        )
    for number, fallback in enumerate(settings.cloud.fallbacks):
        variable = fallback.api_key_env
        try:
            if variable is not None and key_from_environment(variable) is None:
                raise ValueError(f"the environment variable {variable} is not set")
        except ValueError as exc:
            yield f"cloud.fallbacks.{number}.api_key_env: {exc}; leave api_key_env out if the provider needs no key"


def setting_fields(
    model: type[BaseModel] = Settings, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """The path, such as ``("local", "n_ctx")``, and the declaration of every setting."""
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


def file_variables() -> dict[str, tuple[str, ...]]:
    """The settings that a file may hold, by the variable that would hold the value itself."""
    return {variable_name(key): key for key in setting_keys() if key[-1] in IN_FILES}


def _named_config() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def _found_config() -> Path | None:
    return Path("slimgate.toml") if Path("slimgate.toml").is_file() else None


def _check_file(path: Path) -> None:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or exc}") from exc
    except ValueError as exc:  # not TOML, not UTF-8, or a number of thousands of digits
        raise SettingsError(f"{path} is not valid TOML: {exc}") from exc
    for key in setting_keys():
        if key[-1] in SECRETS and _lookup(values, key) is not None:
            raise SettingsError(
                f"{path}: {'.'.join(key)} is a secret and belongs in the environment, as {variable_name(key)}"
            )


def _refuse_unknown_variables() -> None:
    """Refuse unknown variables that belong to no section: pydantic would ignore them, unlike those of a section."""
    variables = [variable_name(key) for key in setting_keys()]
    variables += [f"{variable}{SUFFIX}" for variable in file_variables()]
    sections = tuple(f"{ENV_PREFIX}{name.upper()}{NESTING}" for name in Settings.model_fields)
    earlier = {variable_name(key): variable_name(new) for key, new in RENAMED.items()}
    for variable in os.environ:
        if variable in earlier:
            raise SettingsError(f"environment variable {variable} is no longer a setting: use {earlier[variable]}")
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE or variable in variables:
            continue
        near = difflib.get_close_matches(variable, variables, n=1)
        if near or not variable.startswith(sections):
            hint = f"; did you mean {near[0]}?" if near else "; `slimgate config show` lists the settings"
            raise SettingsError(f"environment variable {variable} is not a setting{hint}")


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
        elif key in RENAMED:
            yield f"{'.'.join(key)} is no longer a setting: use {'.'.join(RENAMED[key])}"
        elif error["type"] == "extra_forbidden":
            yield f"{'.'.join(key)} is not a setting; `slimgate config show` lists them"
        elif key[-1] in SECRETS:  # never show the key
            yield f"{'.'.join(key)} ({variable_name(key)}) {error['msg'].removeprefix('Value error, ')}"
        elif error["type"] == "value_error":
            yield f"{'.'.join(key)}: {error['msg'].removeprefix('Value error, ')}"
        else:
            yield f"{'.'.join(key)} ({variable_name(key)}): {error['msg']}, got {_shown(error['input'])}"


def _shown(value: Any) -> str:
    """The wrong value; of a whole section, which may hold a key, only its type."""
    return f"a {type(value).__name__}" if isinstance(value, Mapping | list) else repr(masked(value))
