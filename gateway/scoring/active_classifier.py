"""The classifier that decides: one artifact at a time, exchanged while requests are in hand.

Whoever scores, explains or tunes holds this one object, so that all of them change over with the same assignment.
"""

import asyncio
import logging

from gateway.config.sections import RouterSettings
from gateway.config.settings import Settings
from gateway.scoring.artifact_store import ArtifactStore
from router.artifact import Artifact
from router.compiled import Explanation
from router.decision import Prompt
from router.errors import ArtifactError

logger = logging.getLogger(__name__)


class ActiveClassifier:
    """Scores with the artifact of now.

    Attributes
    ----------
    artifact : Artifact
        Always whole and checked. Who needs several things of it takes it once.
    trouble : str or None
        Why the artifact that is wanted is not this one.

    Raises
    ------
    ArtifactError
        If there is none to begin with.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.state_dir / "artifacts"  # another one only after a restart, as all in state_dir
        self._store = self._store_of(settings.router)
        self._mark = self._store.mark  # before loading: what comes in between is seen as new
        self.artifact = self._store.load_in_use()
        self.trouble: str | None = None
        logger.info("the classifier %s decides", self.version)

    @property
    def version(self) -> str:
        """Names exactly these weights."""
        return self.artifact.version

    @property
    def is_superseded(self) -> bool:
        """Whether somebody has put another one in use since the last `find`. Costs one look at a file's times."""
        return self._store.mark != self._mark

    def score(self, prompt: Prompt) -> float:
        """The calibrated probability that the local model's answer would not do."""
        return self.artifact.scorer.score(prompt)

    def explain(self, prompt: Prompt) -> Explanation:
        """The score, and what each trait of the prompt did to it."""
        return self.artifact.scorer.explain(prompt)

    async def find(self, settings: Settings) -> Artifact | None:
        """The artifact wanted now, loaded beside the event loop; None, with `trouble` said, if it cannot be used."""
        store = self._store_of(settings.router)
        mark = store.mark
        try:
            artifact = await asyncio.to_thread(store.load_in_use)
        except ArtifactError as exc:
            # The store stays: after a configuration that was refused, the next look finds what the old one wants.
            self._mark, self.trouble = mark, str(exc)
            logger.error("the classifier stays %s, another one cannot be used: %s", self.version, exc)
            return None
        self._store, self._mark, self.trouble = store, mark, None
        return artifact

    def _store_of(self, settings: RouterSettings) -> ArtifactStore:
        return ArtifactStore(self._folder, settings.artifact, settings.threshold_for)
