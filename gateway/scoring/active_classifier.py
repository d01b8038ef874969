"""The active classifier: one artifact at a time, replaced while requests are in progress.

All code that scores, explains or tunes shares this object, so one assignment changes the classifier for all of it.
"""

import asyncio
import logging

from gateway.config.settings import Settings
from gateway.scoring.artifact_store import ArtifactStore
from router.artifact import Artifact
from router.compiled import Explanation
from router.decision import Prompt
from router.errors import ArtifactError

logger = logging.getLogger(__name__)


class ActiveClassifier:
    """Scores with the active artifact.

    Attributes
    ----------
    artifact : Artifact
        Always complete and checked. It may be replaced at any time: read it once where several parts must match.
    trouble : str or None
        Why the configured artifact could not be loaded; None where it is the active one.

    Raises
    ------
    ArtifactError
        If the first artifact cannot be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self._at_start = settings
        self._store = self._store_of(settings)
        self._mark = self._store.mark  # read before loading, so that a change meanwhile is noticed
        self.artifact = self._store.load_in_use()
        self.trouble: str | None = None
        logger.info("the classifier %s decides", self.version)

    @property
    def version(self) -> str:
        """Identifies exactly these weights."""
        return self.artifact.version

    @property
    def is_superseded(self) -> bool:
        """Whether another artifact was put in use since the last `load_wanted`. Costs one `stat` of a file."""
        return self._store.mark != self._mark

    def score(self, prompt: Prompt) -> float:
        """The calibrated probability that the local model's answer is inadequate."""
        return self.artifact.scorer.score(prompt)

    def explain(self, prompt: Prompt) -> Explanation:
        """The score, and what each feature of the prompt contributed to it."""
        return self.artifact.scorer.explain(prompt)

    async def load_wanted(self, settings: Settings) -> Artifact | None:
        """Load the artifact in use, in a thread; None, with the reason in `trouble`, if it cannot be used."""
        store = self._store_of(settings)
        mark = store.mark
        try:
            artifact = await asyncio.to_thread(store.load_in_use)
        except ArtifactError as exc:
            # Keep the store: the configuration with the bad artifact was refused, so the old one still counts.
            self._mark, self.trouble = mark, str(exc)
            logger.error("the classifier stays %s, the other one cannot be used: %s", self.version, exc)
            return None
        self._store, self._mark, self.trouble = store, mark, None
        return artifact

    def _store_of(self, settings: Settings) -> ArtifactStore:
        """By `settings`, except for what needs a restart: the state folder and the local model."""
        started = {name: getattr(self._at_start, name) for name in ("state_dir", "local")}
        return ArtifactStore.of(settings.model_copy(update=started))
