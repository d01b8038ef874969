"""The single sign-on as it is configured now, or none."""

import logging
from typing import Protocol

from gateway.config.sections.login import OidcSettings
from gateway.ledger import Ledger
from gateway.login.identity import Identity
from models.wire.errors import ExtraMissingError

logger = logging.getLogger(__name__)


class Flow(Protocol):
    """`gateway.login.single_sign_on.SingleSignOn`, which only those with its extra can import."""

    async def begin(self) -> tuple[str, str]:
        """Where to send a browser, and the state that it keeps."""
        ...

    async def finish(self, code: str, state: str, kept_state: str) -> Identity:
        """Who has come back."""
        ...


class SignOn:
    """Keeps the flow in force.

    Parameters
    ----------
    keys : tuple of bytes
        `gateway.config.secret.derived_keys` for ``sessions``.

    Raises
    ------
    ExtraMissingError
        If it is configured, and the extra is not installed.
    """

    def __init__(self, settings: OidcSettings, ledger: Ledger, keys: tuple[bytes, ...]) -> None:
        self._ledger = ledger
        self._settings = settings
        self._flow = self._make(keys)

    @property
    def flow(self) -> Flow | None:
        """What signs people on; None where it is not configured."""
        return self._flow

    @property
    def settings(self) -> OidcSettings:
        """Those in force."""
        return self._settings

    def configure(self, settings: OidcSettings, keys: tuple[bytes, ...]) -> None:
        """Sign on by other settings from now on. Without the extra that they need, nobody is."""
        self._settings = settings
        try:
            self._flow = self._make(keys)
        except ExtraMissingError as exc:
            self._flow = None
            logger.error("nobody can log in by single sign-on: %s", exc)

    def _make(self, keys: tuple[bytes, ...]) -> Flow | None:
        if self._settings.issuer is None:
            return None
        try:
            from gateway.login.single_sign_on import SingleSignOn
        except ModuleNotFoundError as exc:
            raise ExtraMissingError("oidc.issuer", "oidc") from exc
        return SingleSignOn(self._settings, self._ledger, keys)
