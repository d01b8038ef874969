"""SLIMGATE_API_KEY: the one key of a small set-up, which may do everything."""

import hashlib
import secrets
from typing import Self

from gateway.config.settings import Settings
from gateway.keys.caller import Caller
from gateway.keys.terms import Role, Sees

ID_CHARS = 16
NAME = "SLIMGATE_API_KEY"


class AdminKey:
    """The key, compared in constant time."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        id = hashlib.sha256(self._secret).hexdigest()[:ID_CHARS]
        self.caller = Caller(id, NAME, Role.ADMIN, Sees.ALL)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The one that is configured, if any is."""
        return None if settings.api_key is None else cls(settings.api_key.get_secret_value())

    def matches(self, secret: bytes) -> bool:
        """Whether `secret` is this key."""
        return secrets.compare_digest(secret, self._secret)
