"""The active threshold: set while the gateway runs, the same in every worker of every gateway, with its history.

One small file in the state directory holds the changes; the last one counts. Workers check the file's times several
times a second, so a new threshold is in force everywhere within a second, and still is after a restart. Where gateways
share a database, the file is a copy of what is in there. A change belongs to the classifier and the configured
threshold that it was made for: while either is another one, it does not count.
"""

import fcntl
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import orjson

from gateway.config.settings import Settings
from gateway.ledger.units import now_ms
from gateway.shared.files import THRESHOLD, Change, SharedFiles
from models.host.private_files import private_file, private_folder, write_atomically
from router.artifact import Artifact

logger = logging.getLogger(__name__)

POLL_S = 0.25
KEPT_CHANGES = 200


class ThresholdChanged(Exception):
    """The threshold is not the one that the caller expected: somebody else has changed it."""


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """One change of the threshold.

    Parameters
    ----------
    at_ms : int
        When, in milliseconds since 1970, UTC.
    threshold : float or None
        The new threshold; None for the default.
    before : float
        The threshold in force until then.
    basis : str
        The classifier and the configured threshold at that time.
    by, note : str
        Who made the change, as far as known, and their reason, if given.
    """

    at_ms: int
    threshold: float | None
    before: float
    basis: str
    by: str
    note: str = ""

    @classmethod
    def parse(cls, value: dict[str, Any]) -> Self:
        """Read what `asdict` wrote; what a newer version says beside it is ignored.

        Raises
        ------
        ValueError, TypeError
            If it is something else.
        """
        change = cls(**{each.name: value[each.name] for each in fields(cls) if each.name in value})
        numbers = (change.at_ms, change.before, 0 if change.threshold is None else change.threshold)
        texts = (change.basis, change.by, change.note)
        if not all(type(number) in (int, float) for number in numbers) or not all(type(text) is str for text in texts):
            raise ValueError(f"this is no change of a threshold: {value}")
        return change


def threshold_default(configured: float | None, artifact: Artifact) -> tuple[float, str]:
    """The default threshold, and the basis that changes made now belong to."""
    default = artifact.threshold if configured is None else configured
    return default, f"{artifact.version} {'' if configured is None else configured}".strip()


class ActiveThreshold:
    """The threshold that requests are compared with now.

    Parameters
    ----------
    path : Path
        The file, shared by all workers; created by the first change.
    default : float
        In force while no change counts.
    basis : str
        The classifier and the configured threshold. A change made on another basis does not count.
    shared : SharedFiles, optional
        Whoever else has the file.
    """

    @classmethod
    def of(cls, settings: Settings, artifact: Artifact, shared: SharedFiles | None = None) -> Self:
        """The active threshold of a gateway with these settings and that classifier."""
        default = threshold_default(settings.router.threshold, artifact)
        return cls(settings.state_dir / THRESHOLD, *default, shared)

    def __init__(self, path: Path, default: float, basis: str, shared: SharedFiles | None = None) -> None:
        self.default = default
        self._path = path
        self._shared = shared
        self._basis = basis
        self._changes: list[ThresholdChange] = []
        self._applied: ThresholdChange | None = None
        self._loaded: tuple[int, int, int] | None = None
        self._reload_at = 0.0
        self._reload()

    @property
    def value(self) -> float:
        """The threshold now; cheap to read, and at most `POLL_S` old."""
        if time.monotonic() >= self._reload_at:
            self._reload()
        return self._last_value()

    @property
    def applied(self) -> ThresholdChange | None:
        """The last change that was made for the current classifier and configuration."""
        return self._applied

    def rebase(self, default: float, basis: str, *, is_configured: bool = False) -> None:
        """After a change of classifier or configuration: from now on only changes made for `basis` count.

        `is_configured` says where the default comes from, for the log.
        """
        if basis == self._basis:
            return
        before = self._last_value()
        self.default, self._basis = default, basis
        self._applied = self._applied_of(self._changes)
        default_words = "as configured" if is_configured else "the default"
        why = default_words if self.applied is None else f"as applied by {self.applied.by}"
        logger.warning("the threshold is %g now, %s; before the change it was %g", self._last_value(), why, before)

    def history(self) -> list[ThresholdChange]:
        """Every change in the file, newest first."""
        self._reload()
        return self._changes[::-1]

    def apply(self, threshold: float | None, by: str, note: str = "", expected: float | None = None) -> ThresholdChange:
        """Set the threshold; None sets the default.

        Parameters
        ----------
        expected : float, optional
            The threshold that the caller believes to be in force.

        Raises
        ------
        ThresholdChanged
            If the threshold in force is not `expected`.
        LedgerUnavailable
            If the database does not answer that gateways share; then the threshold does not change.
        OSError
            If the file cannot be written; then the threshold does not change here.
        """
        made: list[ThresholdChange] = []

        def add(content: bytes) -> bytes:
            changes = self._changes_in(content)
            before = self._value_by(self._applied_of(changes))
            if expected is not None and abs(before - expected) > 1e-9:
                raise ThresholdChanged(f"the threshold is {before:g} now, not {expected:g}")
            made.append(ThresholdChange(now_ms(), threshold, before, self._basis, by, note))
            return _as_bytes([*changes, *made][-KEPT_CHANGES:])

        with self._locked():
            self._replace(add)
            self._reload()
        (change,) = made
        logger.info("threshold moved from %g to %g by %s", change.before, self.value, by)
        return change

    def _changes_in(self, content: bytes) -> list[ThresholdChange]:
        """Those in the file; what is known here if it is damaged."""
        try:
            return _parsed(content) if content else []
        except (ValueError, KeyError, TypeError):
            return self._changes

    def _replace(self, change: Change) -> None:
        if self._shared is not None:
            self._shared.replace(THRESHOLD, change)
            return
        self._reload()  # a damaged file: what it held before counts
        write_atomically(self._path, change(_as_bytes(self._changes)))

    def _reload(self) -> None:
        """Read the file if it has changed. A damaged file changes nothing."""
        self._reload_at = time.monotonic() + POLL_S
        try:
            status = self._path.stat()
            current = (status.st_mtime_ns, status.st_ino, status.st_size)
            if current == self._loaded:
                return
            self._loaded = current
            self._changes = _parsed(self._path.read_bytes())
            self._applied = self._applied_of(self._changes)
        except FileNotFoundError:
            self._changes, self._applied, self._loaded = [], None, None
        except (OSError, ValueError, KeyError, TypeError) as exc:
            logger.error("%s cannot be used, the threshold stays %g: %s", self._path, self._last_value(), exc)

    def _last_value(self) -> float:
        return self._value_by(self.applied)

    def _value_by(self, applied: ThresholdChange | None) -> float:
        return self.default if applied is None or applied.threshold is None else applied.threshold

    def _applied_of(self, changes: Sequence[ThresholdChange]) -> ThresholdChange | None:
        return next((change for change in reversed(changes) if change.basis == self._basis), None)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Allow one writer at a time among all workers."""
        private_folder(self._path.parent)
        with private_file(self._path.with_suffix(".lock")).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _parsed(content: bytes) -> list[ThresholdChange]:
    """What `_as_bytes` made; raises ValueError, KeyError or TypeError if it is something else."""
    return [ThresholdChange.parse(value) for value in orjson.loads(content)["changes"]]


def _as_bytes(changes: Sequence[ThresholdChange]) -> bytes:
    return orjson.dumps({"changes": [asdict(change) for change in changes]}, option=orjson.OPT_INDENT_2)
