"""The threshold in force: set while the gateway runs, the same in every worker, with its history.

One small file in the state directory holds every change, the last of which counts. Workers look at the file's times
twice a second, so that a new threshold is in force everywhere within a second, and still is after a restart. It belongs
to the classifier that it was chosen for: while that, or the configured threshold, is another one, it does not count.
"""

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from gateway.config.settings import Settings
from gateway.ledger.units import now_ms
from models.host.private_files import private_file, private_folder, write_atomically
from router.artifact import Artifact

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
KEPT_CHANGES = 200


class ThresholdChanged(Exception):
    """Somebody else has moved the threshold since it was looked at."""


@dataclass(frozen=True, slots=True)
class Change:
    """One time that somebody moved the line.

    Parameters
    ----------
    at_ms : int
        When, in milliseconds since 1970, UTC.
    threshold : float or None
        What it was set to; None takes it back to the default.
    before : float
        What was in force until then.
    basis : str
        The classifier and the configured threshold at the time.
    by, note : str
        Who, as far as it is known, and why, as far as they said.
    """

    at_ms: int
    threshold: float | None
    before: float
    basis: str
    by: str
    note: str = ""

    @classmethod
    def parse(cls, value: dict[str, Any]) -> Self:
        """Read what `asdict` wrote."""
        return cls(**value)


def threshold_default(configured: float | None, artifact: Artifact) -> tuple[float, str]:
    """What is in force while nothing else was applied, and the basis that such changes belong to."""
    default = artifact.threshold if configured is None else configured
    return default, f"{artifact.version} {'' if configured is None else configured}".strip()


class ThresholdInForce:
    """Where the line runs now.

    Parameters
    ----------
    path : Path
        The file, shared by all workers; made by the first change.
    default : float
        In force while nothing else was applied.
    basis : str
        What `default` comes from. A change made on another basis does not count.
    """

    @classmethod
    def of(cls, settings: Settings, artifact: Artifact) -> Self:
        """As the gateway of this configuration has it with that classifier."""
        return cls(settings.state_dir / "threshold.json", *threshold_default(settings.router.threshold, artifact))

    def __init__(self, path: Path, default: float, basis: str) -> None:
        self.default = default
        self._path = path
        self._basis = basis
        self._changes: list[Change] = []
        self._applied: Change | None = None
        self._seen: tuple[int, int, int] | None = None
        self._look_at = 0.0
        self._look()

    @property
    def value(self) -> float:
        """The threshold now; costs nothing worth mentioning, and may be half a second old."""
        if time.monotonic() >= self._look_at:
            self._look()
        return self._last_value()

    @property
    def applied(self) -> Change | None:
        """The last change that was made for the classifier and configuration of now."""
        return self._applied

    def rebase(self, default: float, basis: str) -> None:
        """Classifier or configuration have changed: only what was applied for `basis` counts from here on."""
        if basis == self._basis:
            return
        before = self._last_value()
        self.default, self._basis = default, basis
        self._applied = self._find_applied()
        why = "the default" if self.applied is None else f"as applied by {self.applied.by}"
        logger.warning("the threshold is %g now, %s; before the change it was %g", self._last_value(), why, before)

    def history(self) -> list[Change]:
        """Every change that is remembered, newest first."""
        self._look()
        return self._changes[::-1]

    def apply(self, threshold: float | None, by: str, note: str = "", expected: float | None = None) -> Change:
        """Set the threshold; None takes it back to the default.

        Parameters
        ----------
        expected : float, optional
            What the caller believes to be in force.

        Raises
        ------
        ThresholdChanged
            If something else is in force than `expected`.
        OSError
            If it cannot be written down; then it is not in force either.
        """
        with self._locked():
            self._look()
            before = self.value
            if expected is not None and abs(before - expected) > 1e-9:
                raise ThresholdChanged(f"the threshold is {before:g} by now, not {expected:g}")
            change = Change(now_ms(), threshold, before, self._basis, by, note)
            self._write([*self._changes, change][-KEPT_CHANGES:])
            self._look()
        logger.info("threshold moved from %g to %g by %s", before, self.value, by)
        return change

    def _look(self) -> None:
        """Read the file if it is another one than last time. A damaged file changes nothing."""
        self._look_at = time.monotonic() + LOOK_EVERY_S
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
            if seen == self._seen:
                return
            self._seen = seen
            self._changes = [Change.parse(value) for value in orjson.loads(self._path.read_bytes())["changes"]]
            self._applied = self._find_applied()
        except FileNotFoundError:
            self._changes, self._applied, self._seen = [], None, None
        except (OSError, ValueError, KeyError, TypeError) as exc:
            logger.error("%s cannot be used, the threshold stays %g: %s", self._path, self._last_value(), exc)

    def _last_value(self) -> float:
        applied = self.applied
        return self.default if applied is None or applied.threshold is None else applied.threshold

    def _find_applied(self) -> Change | None:
        return next((change for change in reversed(self._changes) if change.basis == self._basis), None)

    def _write(self, changes: list[Change]) -> None:
        content = orjson.dumps({"changes": [asdict(change) for change in changes]}, option=orjson.OPT_INDENT_2)
        write_atomically(self._path, content)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, of all workers."""
        private_folder(self._path.parent)
        with private_file(self._path.with_suffix(".lock")).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
