"""The hosts that a key may be sent to when only a found `slimgate.toml` names them.

A file in the working directory may come from somebody else's repository. It may choose models and thresholds, but it
must not send keys from the environment to a server of its choice. So a key is sent only to a host that its variable
belongs to, to a host that the environment names too, or to any host if the file was named by `--config` or
SLIMGATE_CONFIG.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.config.masking import mask_url
from gateway.config.sections.cloud import OPENAI_BASE_URL

if TYPE_CHECKING:
    from gateway.config.settings import Settings

HOSTS: Mapping[str, frozenset[str]] = {
    variable: frozenset(hosts.split())
    for variable, hosts in {
        "OPENAI_API_KEY": "api.openai.com eu.api.openai.com us.api.openai.com",
        "ANTHROPIC_API_KEY": "api.anthropic.com",
        "CEREBRAS_API_KEY": "api.cerebras.ai",
        "CODESTRAL_API_KEY": "codestral.mistral.ai",
        "COHERE_API_KEY": "api.cohere.ai api.cohere.com",
        "CO_API_KEY": "api.cohere.ai api.cohere.com",
        "DASHSCOPE_API_KEY": "dashscope.aliyuncs.com dashscope-intl.aliyuncs.com",
        "DEEPINFRA_API_KEY": "api.deepinfra.com",
        "DEEPINFRA_TOKEN": "api.deepinfra.com",
        "DEEPSEEK_API_KEY": "api.deepseek.com",
        "FIREWORKS_API_KEY": "api.fireworks.ai",
        "GEMINI_API_KEY": "generativelanguage.googleapis.com",
        "GOOGLE_API_KEY": "generativelanguage.googleapis.com",
        "GROQ_API_KEY": "api.groq.com",
        "HF_TOKEN": "router.huggingface.co",
        "MISTRAL_API_KEY": "api.mistral.ai",
        "MOONSHOT_API_KEY": "api.moonshot.ai api.moonshot.cn",
        "NVIDIA_API_KEY": "integrate.api.nvidia.com",
        "OPENROUTER_API_KEY": "openrouter.ai",
        "PERPLEXITY_API_KEY": "api.perplexity.ai",
        "SAMBANOVA_API_KEY": "api.sambanova.ai",
        "TOGETHER_API_KEY": "api.together.ai api.together.xyz",
        "XAI_API_KEY": "api.x.ai",
        "ZAI_API_KEY": "api.z.ai",
    }.items()
}
"""Providers' own variables, and the hosts that they are for. Nobody else can get one of these names, as anybody could
get a subdomain of a public cloud (Azure)."""

# Only URLs that every parser reads alike: no user, no other port, no escapes.
_PLAIN = re.compile(r"https://([a-z0-9.-]+)(?::443)?(?:/[\w./-]*)?")

_OTLP_HEADERS = (
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
)


def stray_keys(settings: "Settings", environment: Mapping[str, Any]) -> Iterator[str]:
    """A message for each key that a found file would send to a foreign host, with how to fix it.

    Parameters
    ----------
    settings : Settings
        The settings from all sources.
    environment : mapping
        The settings from the environment alone, nested like `settings`.
    """
    local, cloud = settings.local, settings.cloud
    named_here = _has(environment, "local", "base_url") or _has(environment, "local", "base_urls")
    if local.api_key is not None and local.base_url is not None and not named_here:
        yield _stray("SLIMGATE_LOCAL__API_KEY", local.base_url, "SLIMGATE_LOCAL__BASE_URL")
    if cloud.api_key is not None and cloud.base_url != OPENAI_BASE_URL and not _has(environment, "cloud", "base_url"):
        yield _stray("SLIMGATE_CLOUD__API_KEY", cloud.base_url, "SLIMGATE_CLOUD__BASE_URL")
    if not _has(environment, "cloud", "fallbacks"):
        for fallback in cloud.fallbacks:
            variable = fallback.api_key_env
            if variable is not None and not belongs(variable, fallback.base_url):
                yield _stray(variable, fallback.base_url, "SLIMGATE_CLOUD__FALLBACKS")
    yield from _of_libraries(settings, environment)


def _of_libraries(settings: "Settings", environment: Mapping[str, Any]) -> Iterator[str]:
    """The same for keys that libraries take from the environment by themselves."""
    endpoint, url = settings.telemetry.otlp_endpoint, settings.ledger.url
    if endpoint is not None and not _has(environment, "telemetry", "otlp_endpoint"):
        for variable in filter(os.environ.get, _OTLP_HEADERS):
            yield _stray(variable, endpoint, "SLIMGATE_TELEMETRY__OTLP_ENDPOINT")
    takes_password = url is not None and url.startswith("postgres") and urlsplit(url).password is None
    if url is not None and takes_password and os.environ.get("PGPASSWORD") and not _has(environment, "ledger", "url"):
        yield _stray("PGPASSWORD", url, "SLIMGATE_LEDGER__URL")


def belongs(variable: str, base_url: str) -> bool:
    """Whether the key in `variable` is for the host of `base_url`, and is sent encrypted.

    >>> belongs("MISTRAL_API_KEY", "https://api.mistral.ai/v1"), belongs("MISTRAL_API_KEY", "https://evil.example/v1")
    (True, False)
    """
    match = _PLAIN.fullmatch(base_url)
    return match is not None and match[1] in HOSTS.get(variable, ())


def _has(environment: Mapping[str, Any], section: str, name: str) -> bool:
    values = environment.get(section)
    return isinstance(values, Mapping) and values.get(name) is not None


def _stray(variable: str, url: str, url_variable: str) -> str:
    return (
        f"the key in {variable} would be sent to {mask_url(url)}, which only the slimgate.toml in this folder names: "
        f"if you trust that file, name it (--config slimgate.toml, or SLIMGATE_CONFIG), or set {url_variable} in the "
        "environment as well"
    )
