"""Taking over a new configuration while serving: what can change does, what cannot is named, nothing is half done."""

import logging

from gateway.cloud import CloudSide, make_cloud
from gateway.dispatch import Dispatcher
from gateway.pricing import Pricer
from gateway.privacy import PrivacyLane
from gateway.settings import Settings
from gateway.threshold import ThresholdInForce, threshold_default
from router.artifact import Artifact

logger = logging.getLogger(__name__)

_NEED_RESTART = ("host", "port", "workers", "api_key", "state_dir", "max_body_bytes", "local", "ledger", "embeddings")


class Reloader:
    """Puts a new `Settings` into force: the cloud and its fallbacks, router settings, aliases, privacy, prices.

    Requests in hand finish with what they began with; so the connections of a cloud side that was replaced are kept
    until `aclose`.
    """

    def __init__(
        self,
        settings: Settings,
        dispatcher: Dispatcher,
        threshold: ThresholdInForce,
        pricer: Pricer,
        artifact: Artifact,
    ) -> None:
        self._settings = settings
        self._dispatcher = dispatcher
        self._threshold = threshold
        self._pricer = pricer
        self._artifact = artifact
        self._retired: list[CloudSide] = []

    def apply(self, new: Settings) -> None:
        """Serve by `new` from here on."""
        privacy = PrivacyLane(new.privacy)  # may raise, so before anything has changed
        old, self._settings = self._settings, new
        self._dispatcher.privacy = privacy
        if new.cloud != old.cloud:
            if self._dispatcher.cloud is not None:
                self._retired.append(self._dispatcher.cloud)
            self._dispatcher.cloud = make_cloud(new.cloud)
        self._dispatcher.configure(new.router)
        self._threshold.rebase(*threshold_default(new.router.threshold, self._artifact))
        self._pricer.configure(new)
        logger.info("configuration reloaded")
        waiting = [name for name in _NEED_RESTART if getattr(new, name) != getattr(old, name)]
        if new.router.artifact != old.router.artifact:
            waiting.append("router.artifact")
        if waiting:
            logger.warning("these settings changed too, and need a restart: %s", ", ".join(waiting))

    async def aclose(self) -> None:
        """Let go of connections that were kept."""
        for cloud in self._retired:
            await cloud.aclose()
