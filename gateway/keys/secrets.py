"""Secrets of keys: how they are made, and the keyed hashes that are all that the database holds of them."""

import re
import secrets
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

MARK = "sg-"
RANDOM_BYTES = 32
PREFIX_CHARS = 11
"""The beginning of a secret that is kept and shown, so that people tell their keys apart: 48 random bits of it."""

DIGEST_BYTES = 32

HASHING = "api keys"
"""What the keys for it are derived for, by `gateway.config.secret`."""

Found = TypeVar("Found")

_FORM = re.compile(rb"sg-[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """A secret of 256 random bits: `MARK` and 43 characters that need no quoting anywhere."""
    return MARK + secrets.token_urlsafe(RANDOM_BYTES)


def is_secret(value: bytes) -> bool:
    """Whether `value` has the form of a secret of ours."""
    return _FORM.fullmatch(value) is not None


class SecretHasher:
    """Hashes secrets with BLAKE2b under keys that are not in the database: who has the database alone guesses none.

    Parameters
    ----------
    keys : sequence of bytes
        At most 64 bytes each. New secrets are hashed with the first, those of before are found with any.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.take(keys)

    def take(self, keys: Sequence[bytes]) -> None:
        """Hash with other keys from now on."""
        # Copies of a prepared state take half the time of new ones.
        self._states = tuple(blake2b(digest_size=DIGEST_BYTES, key=key) for key in keys)

    def hash(self, secret: bytes) -> str:
        """The hash that a new secret is kept as."""
        return _hash(self._states[0], secret)

    def find(self, secret: bytes, table: Mapping[str, Found]) -> Found | None:
        """What `table` has under one of the hashes that `secret` may be kept as."""
        for state in self._states:
            if (found := table.get(_hash(state, secret))) is not None:
                return found
        return None


def _hash(state: blake2b, secret: bytes) -> str:
    state = state.copy()
    state.update(secret)
    return state.hexdigest()
