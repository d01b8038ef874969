"""What is known of the local model: the classifier that its exam made, and before that what such models can do."""

import logging
from dataclasses import dataclass
from pathlib import Path

from gateway.config.settings import Settings
from gateway.marks.record import ExamFolder
from gateway.scoring.prior_level import prior_level
from models.wire.errors import ExtraMissingError, ModelError

logger = logging.getLogger(__name__)

IN_USE = "in-use"
"""In an exam's folder of classifiers, the file that names the one in use."""


@dataclass(frozen=True, slots=True)
class ModelAtHand:
    """The local model, as far as the classifier depends on it.

    Attributes
    ----------
    name : str
        For people.
    level : float
        How much more it fails than the models that the shipped classifier was fitted to, in log-odds, as far as that is
        known without its exam.
    classifiers : Path
        Folder of the classifiers that its exam made.
    """

    name: str
    level: float
    classifiers: Path

    @property
    def note(self) -> Path:
        """The file that names the classifier in use."""
        return self.classifiers / IN_USE

    @property
    def classifier(self) -> Path | None:
        """Folder of the classifier that its exam made last; None before there is one."""
        try:
            version = self.note.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        folder = self.classifiers / version
        return folder if version and folder.is_dir() else None


def model_at_hand(settings: Settings) -> ModelAtHand | None:
    """The local model that `settings` name; None where nothing is known of it, or marks shall not count."""
    if not settings.exam.enabled:
        return None
    folder = ExamFolder(settings.state_dir)
    try:
        examinee = folder.examinee(settings.local)
    except (ModelError, ExtraMissingError) as exc:
        logger.debug("the local model is not known: %s", exc)  # whoever loads it says so
        return None
    if examinee is None:
        return None
    return ModelAtHand(examinee.name, prior_level(examinee), folder.record(examinee.key).classifiers)


def mark_of(path: Path) -> object:
    """A value that differs each time that the file was written anew."""
    try:
        status = path.stat()
    except OSError as exc:
        return type(exc)
    return status.st_mtime_ns, status.st_ino, status.st_size
