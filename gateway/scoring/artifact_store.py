"""The user's own classifiers in the state directory: one folder a version, and a file that names the one in use.

::

    state_dir/artifacts/9a1cf4799fec/     as `router.artifact` writes it; never changed, never overwritten
    state_dir/artifacts/in-use            the version in use; no file means none of one's own

Where none of one's own is in use, the one that the exam of the model at hand made is; before there is one, the shipped
one, moved by what is known of such models.
"""

import logging
import os
from pathlib import Path
from typing import Any

from gateway.config.settings import Settings
from gateway.scoring.model_at_hand import IN_USE, ModelAtHand, mark_of, model_at_hand
from gateway.shared.files import CLASSIFIER_IN_USE, CLASSIFIERS, SharedFiles
from models.host.private_files import private_folder, tighten, write_atomically
from router.artifact import DEFAULT_ARTIFACT, Artifact, load_artifact, read_card
from router.errors import ArtifactError

logger = logging.getLogger(__name__)

SHIPPED = "shipped"
"""The name of the classifier that came with slimgate."""


class ArtifactStore:
    """The classifiers in `folder`.

    Parameters
    ----------
    configured : Path, optional
        The setting router.artifact; it overrides the version in use here.
    threshold_for : str, optional
        The only version for which the configured threshold is valid.
    model : ModelAtHand, optional
        What is known of the local model. None: the shipped classifier speaks of small models in general.
    """

    def __init__(
        self,
        folder: Path,
        configured: Path | None = None,
        threshold_for: str | None = None,
        model: ModelAtHand | None = None,
    ) -> None:
        self._folder = folder
        self._note = folder / IN_USE
        self.configured = configured
        self._threshold_for = threshold_for
        self._model = model

    @classmethod
    def of(cls, settings: Settings) -> "ArtifactStore":
        """The store of this configuration."""
        return cls(
            settings.state_dir / CLASSIFIERS,
            settings.router.artifact,
            settings.router.threshold_for,
            model_at_hand(settings),
        )

    @property
    def in_use(self) -> Path:
        """Folder of the classifier in use."""
        if self.configured is not None:
            return self.configured
        version = self.version_in_use
        return self._examined or DEFAULT_ARTIFACT if version == SHIPPED else self.path(version)

    @property
    def _examined(self) -> Path | None:
        """Folder of the classifier that the exam of the model at hand made; None where there is none of use."""
        if self._model is None:
            return None
        folder = self._model.classifier
        if folder is None or self._threshold_for not in (None, folder.name):
            return None
        return folder

    @property
    def examined_version(self) -> str | None:
        """The version that the exam of the model at hand made, where it is in use."""
        folder = self._examined
        is_used = folder is not None and self.configured is None and self.version_in_use == SHIPPED
        return folder.name if folder is not None and is_used else None

    @property
    def version_in_use(self) -> str:
        """The version in use here, whatever is configured."""
        try:
            return self._note.read_text("utf-8").strip() or SHIPPED
        except FileNotFoundError:
            return SHIPPED
        except (OSError, UnicodeDecodeError) as exc:
            raise ArtifactError(f"{self._note} cannot be read: {exc}") from exc

    @property
    def mark(self) -> object:
        """A value that differs each time that a version was put in use here."""
        if self.configured is not None:
            return self.configured
        return mark_of(self._note), None if self._model is None else mark_of(self._model.note)

    def load_in_use(self) -> Artifact:
        """Load the classifier in use.

        One that the exam made and that cannot be used, by a newer version of slimgate say, is passed over: the exam
        makes another one of the same answers.

        Raises
        ------
        ArtifactError
            If it cannot be used, or not with the configured threshold.
        """
        folder = self.in_use
        if self._model is None or folder not in (DEFAULT_ARTIFACT, self._examined):
            return self._load(folder)
        try:
            if folder != DEFAULT_ARTIFACT:
                return self._load(folder)
        except ArtifactError as exc:
            logger.warning(
                "what the exam of %s taught cannot be used, until it is fitted anew: %s", self._model.name, exc
            )
        return self._load(DEFAULT_ARTIFACT).for_level(self._model.level)

    def _load(self, folder: Path) -> Artifact:
        artifact = load_artifact(folder)
        if self._threshold_for not in (None, artifact.version):
            raise ArtifactError(
                f"router.threshold is for the classifier {self._threshold_for} (router.threshold_for), but {folder} is "
                f"{artifact.version}: set both anew (`slimgate calibrate`), or remove both settings"
            )
        return artifact

    def path(self, version: str) -> Path:
        """Folder of `version`, whether it exists or not."""
        return DEFAULT_ARTIFACT if version == SHIPPED else self._folder / version

    def versions(self) -> list[str]:
        """Every version here, oldest first, after the shipped one."""
        cards = sorted(self._folder.glob("*/card.json"), key=lambda card: card.stat().st_mtime)
        return [SHIPPED, *(card.parent.name for card in cards)]

    def card(self, version: str) -> dict[str, Any]:
        """The card of `version`."""
        return read_card(self.path(version))

    def use(self, version: str, shared: SharedFiles | None = None) -> None:
        """Put `version` in use, here and for all with whom it is `shared`; running gateways load it within a second.

        Raises
        ------
        ArtifactError
            If it is missing or cannot be used; then the old one stays.
        LedgerUnavailable
            If the database does not answer that gateways share; then the old one stays.
        """
        if version not in self.versions():
            raise ArtifactError(f"there is no artifact {version!r}; there are: {', '.join(self.versions())}")
        self._load(self.path(version))
        note = f"{version}\n".encode()
        try:
            if shared is None:
                write_atomically(self._note, note)
            else:
                if version != SHIPPED:
                    shared.publish(f"{CLASSIFIERS}/{version}")
                shared.replace(CLASSIFIER_IN_USE, lambda _old: note)
        except OSError as exc:
            raise ArtifactError(
                f"{self._note} cannot be written: {exc.strerror or exc}; SLIMGATE_STATE_DIR names another state folder"
            ) from exc

    def adopt(self, folder: Path) -> str:
        """Move a finished artifact into the store and return its version. An existing version is kept."""
        version = str(read_card(folder)["version"])
        if not self.path(version).exists():
            private_folder(self._folder)
            folder.rename(self.path(version))
            tighten(self.path(version))
        return version

    def workplace(self) -> Path:
        """A temporary folder name for a new artifact, on the store's file system."""
        return private_folder(self._folder) / f".new-{os.getpid()}"
