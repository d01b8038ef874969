"""To whom a key may go when nobody but a found `slimgate.toml` says so.

A file in the working directory may have come with somebody's repository. It may choose models and thresholds; it may
not send what lies in the environment to a server of its own choice. So a key goes to a host that its variable belongs
to, to one that the environment names as well, or wherever a file says that was itself named, by `--config` or
SLIMGATE_CONFIG.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.config.masking import mask_url
from gateway.config.sections import OPENAI_BASE_URL

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
"""Providers' own variables, and the hosts that they are for. None of these names can be had by somebody else, as a
subdomain of a cloud for all (Azure) could."""

# Nothing that two parsers might read in two ways: no user, no other port, no escapes.
_PLAIN = re.compile(r"https://([a-z0-9.-]+)(?::443)?(?:/[\w./-]*)?")

_OTLP_HEADERS = (
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
)


def stray_keys(settings: "Settings", environment: Mapping[str, Any]) -> Iterator[str]:
    """What a found file would send where it does not belong: a sentence for each key, with the cure.

    Parameters
    ----------
    settings : Settings
        All layers joined.
    environment : mapping
        What the environment alone says, nested as the settings are.
    """
    local, cloud = settings.local, settings.cloud
    if local.api_key is not None and local.base_url is not None and not _says(environment, "local", "base_url"):
        yield _stray("SLIMGATE_LOCAL__API_KEY", local.base_url, "SLIMGATE_LOCAL__BASE_URL")
    if cloud.api_key is not None and cloud.base_url != OPENAI_BASE_URL and not _says(environment, "cloud", "base_url"):
        yield _stray("SLIMGATE_CLOUD__API_KEY", cloud.base_url, "SLIMGATE_CLOUD__BASE_URL")
    if not _says(environment, "cloud", "fallbacks"):
        for fallback in cloud.fallbacks:
            variable = fallback.api_key_env
            if variable is not None and not belongs(variable, fallback.base_url):
                yield _stray(variable, fallback.base_url, "SLIMGATE_CLOUD__FALLBACKS")
    yield from _of_libraries(settings, environment)


def _of_libraries(settings: "Settings", environment: Mapping[str, Any]) -> Iterator[str]:
    """What libraries take from the environment by themselves, for whatever server they are told."""
    endpoint, url = settings.telemetry.otlp_endpoint, settings.ledger.url
    if endpoint is not None and not _says(environment, "telemetry", "otlp_endpoint"):
        for variable in filter(os.environ.get, _OTLP_HEADERS):
            yield _stray(variable, endpoint, "SLIMGATE_TELEMETRY__OTLP_ENDPOINT")
    takes_password = url is not None and url.startswith("postgres") and urlsplit(url).password is None
    if url is not None and takes_password and os.environ.get("PGPASSWORD") and not _says(environment, "ledger", "url"):
        yield _stray("PGPASSWORD", url, "SLIMGATE_LEDGER__URL")


def belongs(variable: str, base_url: str) -> bool:
    """Whether the key in `variable` is for the host of `base_url`, and cannot be read on the way.

    >>> belongs("MISTRAL_API_KEY", "https://api.mistral.ai/v1"), belongs("MISTRAL_API_KEY", "https://evil.example/v1")
    (True, False)
    """
    found = _PLAIN.fullmatch(base_url)
    return found is not None and found[1] in HOSTS.get(variable, ())


def _says(environment: Mapping[str, Any], section: str, name: str) -> bool:
    told = environment.get(section)
    return isinstance(told, Mapping) and told.get(name) is not None


def _stray(variable: str, url: str, url_variable: str) -> str:
    return (
        f"the key in {variable} would go to {mask_url(url)}, and only a slimgate.toml that was found in this folder "
        f"says so: if you trust it, name it (--config slimgate.toml, or SLIMGATE_CONFIG), or set {url_variable} in the "
        "environment as well"
    )
