"""The gateway's own secret, from which the keys of its parts are made: whoever has the database alone forges nothing.

It is `secret` in the environment, or random bytes in ``secret.key`` in the state directory, made at the first start.
Further lines hold older secrets, which are still understood.
"""

import contextlib
import hashlib
import os
from pathlib import Path

from sqlalchemy import make_url

from gateway.config.sections.section import split_secrets
from gateway.config.settings import Settings, SettingsError
from models.host.private_files import write_atomically
from models.redaction.secrets import keep_secret

SECRET_FILE = "secret.key"
SECRET_BYTES = 32


def derived_keys(settings: Settings, purpose: str) -> tuple[bytes, ...]:
    """Keys of 32 bytes for one purpose (at most 16 bytes of ASCII), the one in use first.

    Raises
    ------
    SettingsError
        If the secret's file cannot be used.
    """
    person = purpose.encode("ascii")
    return tuple(hashlib.blake2b(secret, digest_size=32, person=person).digest() for secret in _secrets(settings))


def _secrets(settings: Settings) -> list[bytes]:
    if settings.secret is None:
        return [_in_file(settings.state_dir / SECRET_FILE)]
    return [hashlib.sha256(part.encode()).digest() for part in split_secrets(settings.secret)]


def _in_file(path: Path) -> bytes:
    try:
        secret = key_file(path, SECRET_BYTES)
    except OSError as exc:
        raise SettingsError(f"state_dir {path.parent} cannot be used: {exc.strerror or exc} ({path.name})") from exc
    if len(secret) != SECRET_BYTES:
        raise SettingsError(f"{path} does not hold {SECRET_BYTES} bytes; restore it, or remove it and make new keys")
    return secret


def hide_secrets(settings: Settings) -> None:
    """Mask in every log the secrets that no connection to a model carries, as well as those that one does."""
    given = (settings.api_key, settings.secret, settings.responses.encryption_key, settings.oidc.client_secret)
    keep_secret(part for secret in given if secret is not None for part in split_secrets(secret))
    keep_secret([make_url(settings.ledger_url).password])


def key_file(path: Path, n_bytes: int) -> bytes:
    """What the file at `path` holds; where there is none, random bytes that it holds from now on.

    Raises
    ------
    OSError
        If it can neither be read nor made.
    """
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    write_atomically(draft, os.urandom(n_bytes))
    try:
        with contextlib.suppress(FileExistsError):  # another worker was first
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_bytes()
