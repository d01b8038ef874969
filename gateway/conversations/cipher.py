"""Encrypts what is kept of conversations: whoever gets hold of the database or of a backup reads no text."""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.config.secret import key_file
from gateway.config.settings import SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "responses.key"


class UnreadableError(Exception):
    """It was encrypted with another key, or was changed since."""


class Cipher:
    """AES-256-GCM with one key.

    Parameters
    ----------
    key : bytes
        `KEY_BYTES` random bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, content: bytes, place: str) -> bytes:
        """`content` encrypted; it can be opened only with the same `place`, so that rows cannot be exchanged."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed.

        Raises
        ------
        UnreadableError
        """
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise UnreadableError("it was encrypted with another key") from None


def load_cipher(state_dir: Path, secret: str | None) -> Cipher:
    """The cipher with the key made of `secret`, or with the one in `state_dir`, which is made at the first start.

    Raises
    ------
    SettingsError
        If the key's file cannot be used.
    """
    if secret is not None:
        return Cipher(hashlib.sha256(secret.encode()).digest())
    path = state_dir / KEY_FILE
    try:
        key = key_file(path, KEY_BYTES)
    except OSError as exc:
        raise SettingsError(
            f"state_dir {state_dir} cannot be used: {exc.strerror or exc} ({path.name}); SLIMGATE_STATE_DIR names "
            "another"
        ) from exc
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} is no key of {KEY_BYTES} bytes; remove it, and what it encrypted is lost")
    return Cipher(key)
