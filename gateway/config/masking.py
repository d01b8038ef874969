"""Masks secrets in text that is shown: passwords in URLs, credentials in headers and query parameters."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from models.redaction.secrets import MASK, is_secret_name

SENT = ("headers", "query")
"""Settings whose values are sent to a server."""

_VALUES = re.compile(r"(?:bearer|basic|token)\s|(?=\S*[0-9])(?=\S*[A-Za-z])[\w+/.=~-]{20,}\Z", re.IGNORECASE)
"""Values that are masked under any name: those of an Authorization header, and those that look random."""

_URL = re.compile(r"[A-Za-z][\w+.-]*://[^\s'\"<>]+")
_PARAMETER = re.compile(r"([?&;])([^=&;#]*)=([^&;#]*)")
_WITHOUT_USER = re.compile(r"[^@:]*(\[[^]]*\])?(:\d*)?")


def mask_url(url: str) -> str:
    """`url` without its password, and without secrets among its parameters.

    >>> mask_url("postgresql://me:se/cret@db/ledger?sslmode=require&sslpassword=x")
    'postgresql://me:***@db/ledger?sslmode=require&sslpassword=***'
    >>> mask_url("https://token@models.example/v1")
    'https://***@models.example/v1'
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    return f"{scheme}://{_PARAMETER.sub(_masked_parameter, _masked_user(rest, is_http=scheme.lower()[:4] == 'http'))}"


def _masked_user(rest: str, *, is_http: bool) -> str:
    """Mask the user's part. A database's password may hold any character; in an HTTP URL it ends before the path."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if is_http and _WITHOUT_USER.fullmatch(authority):
        return rest
    user, has_user, host = rest.rpartition("@")
    name, has_password, _ = user.partition(":")
    if not has_user or not (has_password or is_http):
        return rest
    return f"{name}:{MASK}@{host}" if has_password else f"{MASK}@{host}"


def _masked_parameter(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}={MASK if is_secret_name(match[2]) else match[3]}"


def mask_text(text: str) -> str:
    """`text` with every URL in it masked."""
    return _URL.sub(lambda match: mask_url(match[0]), text) if "://" in text else text


def masked(value: Any, name: str = "") -> Any:
    """A setting's value for showing, nested values included; `name` is the setting's own, without its section."""
    if isinstance(value, BaseModel):
        return {field: masked(getattr(value, field), field) for field in sorted(value.model_fields_set)}
    if isinstance(value, Mapping):
        return {key: _masked_sent(key, inner) if name in SENT else masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    return mask_text(value) if isinstance(value, str) else value


def _masked_sent(name: str, value: str) -> str:
    return MASK if is_secret_name(name) or _VALUES.match(value) else mask_text(value)
