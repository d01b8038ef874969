"""What is wrong with a backend, and since when: what only the operator can mend is told to the operator."""

import logging
import time
from dataclasses import dataclass, replace
from http import HTTPStatus

from models.wire.errors import BackendError, BackendMisconfigured, RateLimited

logger = logging.getLogger(__name__)

KEY_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class Trouble:
    """A backend that fails.

    Attributes
    ----------
    words : str
        The latest failure, in our own words.
    since_s : float
        When the first of these failures was, in seconds since 1970; there was no success since.
    key_refused : bool
        Whether the latest one is that it refuses the gateway's key.
    """

    words: str
    since_s: float
    key_refused: bool


class TroubleWatch:
    """Keeps what is wrong with the backend called `name`.

    The log tells once that the gateway's set-up is refused, and once that this has ended.

    Attributes
    ----------
    latest : Trouble or None
        None while it answers, and before it was asked.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_told = False
        self.latest: Trouble | None = None

    def failed(self, exc: BackendError) -> None:
        """It did not answer as it should. One that asks for a pause is well."""
        if isinstance(exc, RateLimited):
            return
        key_refused = isinstance(exc, BackendMisconfigured) and exc.status in KEY_REFUSED
        now = Trouble(exc.message, time.time(), key_refused)
        self.latest = now if self.latest is None else replace(now, since_s=self.latest.since_s)
        if isinstance(exc, BackendMisconfigured) and not self._is_told:
            self._is_told = True
            logger.error("%s: %s; nobody but the operator can mend that", self._name, exc.message)

    def succeeded(self) -> None:
        """It answered."""
        if self._is_told:
            logger.info("%s answers again", self._name)
        self.latest, self._is_told = None, False
