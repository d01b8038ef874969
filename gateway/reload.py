"""Taking over a new configuration or classifier while serving.

What can change does, what cannot is named, nothing is half done.
"""

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.config.masking import masked
from gateway.config.settings import Settings, read_at_start, setting_keys
from gateway.dispatch.decider import Decider
from gateway.dispatch.privacy import PrivacyLane
from gateway.scoring.active_classifier import ActiveClassifier
from gateway.scoring.active_threshold import POLL_S, ActiveThreshold, threshold_default
from models.wire.errors import ExtraMissingError
from router.artifact import Artifact

logger = logging.getLogger(__name__)

_NOT_RELOADED = "the configuration is not reloaded, the last good one keeps serving"
UNCHANGED = "nothing has changed"

Taker = Callable[[Settings], None]


class Reloader:
    """Puts a new `Settings` or another classifier into force. Requests in hand finish with what they began with.

    Parameters
    ----------
    takers : mapping
        What takes over each part of the configuration that `Settings` does not mark as read at start. `privacy` has
        none: what may fail of it is made first, so that nothing is half done.
    record : callable
        Keeps the names of the settings that have changed; blocks.
    """

    def __init__(
        self,
        settings: Settings,
        decider: Decider,
        classifier: ActiveClassifier,
        threshold: ActiveThreshold,
        takers: Mapping[str, tuple[Taker, ...]],
        record: Callable[[Sequence[str]], None],
    ) -> None:
        self._settings = settings
        self._decider = decider
        self._classifier = classifier
        self._threshold = threshold
        self._takers = takers
        self._record = record
        self._turn = asyncio.Lock()

    @property
    def reloaded(self) -> set[str]:
        """Names of the settings and sections that are taken over, those of `Lifecycle` included."""
        return {"privacy", "drain_s", "grace_s", *self._takers}

    async def apply(self, new: Settings) -> bool:
        """Serve by `new` from here on, all of it or nothing; returns which of the two."""
        async with self._turn:
            try:
                privacy = PrivacyLane(new.privacy)
            except ExtraMissingError as exc:
                logger.error("%s: %s", _NOT_RELOADED, exc)
                return False
            artifact = await self._classifier.load_wanted(new)
            if artifact is None:
                logger.error(_NOT_RELOADED)
                return False
            old, self._settings = self._settings, new
            self._decider.configure(new.router, privacy)
            self._decide_with(artifact)
            for take in dict.fromkeys(taker for takers in self._takers.values() for taker in takers):
                take(new)
            changed = _changed(old, new)
            logger.info("configuration reloaded; %s", f"changed: {', '.join(changed)}" if changed else UNCHANGED)
            waiting = [name for name in sorted(read_at_start()) if _shown(new, name) != _shown(old, name)]
            if waiting:
                logger.warning("these settings changed too, and need a restart: %s", ", ".join(waiting))
            if changed:
                await asyncio.to_thread(self._record, changed)
            return True

    async def follow(self) -> None:
        """Take over each classifier that `slimgate artifacts use` or `train` puts in use, while the gateway serves."""
        while True:
            await asyncio.sleep(POLL_S)
            await self.take_over_classifier()

    async def take_over_classifier(self) -> None:
        """Decide with the classifier that was put in use meanwhile, if any."""
        if self._classifier.is_superseded:
            async with self._turn:
                if artifact := await self._classifier.load_wanted(self._settings):
                    self._decide_with(artifact)

    def _decide_with(self, artifact: Artifact) -> None:
        """Between two requests: classifier and threshold change together."""
        before, configured = self._classifier.version, self._settings.router.threshold
        self._classifier.artifact = artifact
        self._threshold.rebase(*threshold_default(configured, artifact), is_configured=configured is not None)
        if artifact.version == before:
            return
        logger.info("the classifier %s decides from here on, and %s no longer", artifact.version, before)
        if configured is not None and self._settings.router.threshold_for is None:
            logger.warning("router.threshold %g was kept; was it chosen for this classifier? calibrate", configured)


def _changed(old: Settings, new: Settings) -> list[str]:
    """Which settings have other values now: their names, since a value may be a secret."""
    return [".".join(key) for key in setting_keys() if _value(old, key) != _value(new, key)]


def _shown(settings: Settings, name: str) -> Any:
    """A part's value without its secrets, which are taken over wherever they are."""
    return masked(settings.model_dump(mode="json", include={name}))


def _value(settings: Settings, key: tuple[str, ...]) -> Any:
    return functools.reduce(getattr, key, settings)


class Lifecycle:
    """Joins the server process with the application.

    Attributes
    ----------
    draining : bool
        Set once the process was told to stop; readiness then says no.
    drain_s, grace_s : float, int
        When told to stop: seconds for which requests are still taken, and seconds that running answers may take.
    """

    def __init__(self, settings: Settings, reloader: Reloader) -> None:
        self.reloader = reloader
        self.draining = False
        self._configure(settings)

    async def reload(self, new: Settings) -> None:
        """Serve by `new` from here on, if it can be used."""
        if await self.reloader.apply(new):
            self._configure(new)

    def _configure(self, settings: Settings) -> None:
        self.drain_s, self.grace_s = settings.drain_s, settings.grace_s
