"""Encrypts what is kept of conversations: whoever gets hold of the database or of a backup reads no text."""

import contextlib
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.config.secret import key_file
from gateway.config.sections.section import split_secrets
from gateway.config.settings import Settings, SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "responses.key"


class UnreadableError(Exception):
    """It was encrypted with another key, or was changed since."""


class Cipher:
    """AES-256-GCM: seals with the first of its keys, and opens what any of them has sealed.

    Parameters
    ----------
    keys : bytes
        `KEY_BYTES` random bytes each; at least one.
    """

    def __init__(self, *keys: bytes) -> None:
        self.use(*keys)

    def use(self, *keys: bytes) -> None:
        """Use these keys from now on."""
        self._ciphers = tuple(AESGCM(key) for key in keys)

    def seal(self, content: bytes, place: str) -> bytes:
        """`content` encrypted; it can be opened only with the same `place`, so that rows cannot be exchanged."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed.

        Raises
        ------
        UnreadableError
        """
        for cipher in self._ciphers:
            with contextlib.suppress(InvalidTag, ValueError):
                return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        raise UnreadableError("it was encrypted with another key")


def cipher_keys(settings: Settings) -> list[bytes]:
    """The keys made of `responses.encryption_key`, or the one in `state_dir`, which is made at the first start.

    Raises
    ------
    SettingsError
        If the key's file cannot be used.
    """
    secrets = settings.responses.encryption_key
    if secrets is not None:
        return [hashlib.sha256(secret.encode()).digest() for secret in split_secrets(secrets)]
    path = settings.state_dir / KEY_FILE
    try:
        key = key_file(path, KEY_BYTES)
    except OSError as exc:
        raise SettingsError(
            f"state_dir {path.parent} cannot be used: {exc.strerror or exc} ({path.name}); SLIMGATE_STATE_DIR names "
            "another"
        ) from exc
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} is no key of {KEY_BYTES} bytes; remove it, and what it encrypted is lost")
    return [key]
