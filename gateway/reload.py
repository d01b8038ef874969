"""Taking over a new configuration or classifier while serving: what can change does, what cannot is named, nothing is
half done."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.config.settings import Settings
from gateway.dispatch.cloud import CloudSide, make_cloud
from gateway.dispatch.dispatcher import Dispatcher
from gateway.dispatch.privacy import PrivacyLane
from gateway.reports.failure_rates import FailureRates
from gateway.scoring.active_classifier import ActiveClassifier
from gateway.scoring.active_threshold import POLL_S, ActiveThreshold, threshold_default
from models.wire.errors import ExtraMissingError
from router.artifact import Artifact

logger = logging.getLogger(__name__)

_NEED_RESTART = (
    "host", "port", "workers", "api_key", "allow_anonymous", "allowed_hosts", "state_dir", "max_body_bytes", "local",
    "ledger", "embeddings", "telemetry",
)  # fmt: skip

_NOT_RELOADED = "the configuration is not reloaded, the last good one keeps serving"


class Reloader:
    """Puts a new `Settings` or another classifier into force.

    Of the settings the cloud and its fallbacks, router settings, aliases, privacy, budget, labels, prices, and what the
    log says. Requests in hand finish with what they began with; so the connections of a cloud side that was replaced
    are kept until `aclose`.
    """

    def __init__(
        self,
        settings: Settings,
        dispatcher: Dispatcher,
        classifier: ActiveClassifier,
        threshold: ActiveThreshold,
        labels: FailureRates,
        told: Sequence[Callable[[Settings], None]],
    ) -> None:
        self._settings = settings
        self._dispatcher = dispatcher
        self._classifier = classifier
        self._threshold = threshold
        self._labels = labels
        self._told = told
        self._retired: list[CloudSide] = []
        self._turn = asyncio.Lock()

    async def apply(self, new: Settings) -> None:
        """Serve by `new` from here on, all of it or nothing."""
        async with self._turn:
            try:
                privacy = PrivacyLane(new.privacy)
            except ExtraMissingError as exc:
                logger.error("%s: %s", _NOT_RELOADED, exc)
                return
            artifact = await self._classifier.load_wanted(new)
            if artifact is None:
                logger.error(_NOT_RELOADED)
                return
            old, self._settings = self._settings, new
            self._dispatcher.privacy = privacy
            if new.cloud != old.cloud:
                if self._dispatcher.cloud is not None:
                    self._retired.append(self._dispatcher.cloud)
                self._dispatcher.cloud = make_cloud(new.cloud)
            self._dispatcher.configure(new.router)
            self._decide_with(artifact)
            self._labels.configure(new.router.labels)
            for tell in self._told:
                tell(new)
            self._dispatcher.budget.configure(new.budget)
            logger.info("configuration reloaded")
            waiting = [name for name in _NEED_RESTART if getattr(new, name) != getattr(old, name)]
            if waiting:
                logger.warning("these settings changed too, and need a restart: %s", ", ".join(waiting))

    async def follow(self) -> None:
        """Take over each classifier that `slimgate artifacts use` or `train` puts in use, while the gateway serves."""
        while True:
            await asyncio.sleep(POLL_S)
            if self._classifier.is_superseded:
                async with self._turn:
                    if artifact := await self._classifier.load_wanted(self._settings):
                        self._decide_with(artifact)

    def _decide_with(self, artifact: Artifact) -> None:
        """Between two requests: classifier and threshold change together."""
        before, configured = self._classifier.version, self._settings.router.threshold
        self._classifier.artifact = artifact
        self._threshold.rebase(*threshold_default(configured, artifact))
        if artifact.version == before:
            return
        logger.info("the classifier %s decides from here on, and %s no longer", artifact.version, before)
        if configured is not None and self._settings.router.threshold_for is None:
            logger.warning("router.threshold %g was kept; was it chosen for this classifier? calibrate", configured)

    async def aclose(self) -> None:
        """Let go of connections that were kept."""
        for cloud in self._retired:
            await cloud.aclose()


@dataclass(slots=True)
class Lifecycle:
    """Joins the server process with the application; `draining` makes readiness say no."""

    reloader: Reloader
    draining: bool = False
