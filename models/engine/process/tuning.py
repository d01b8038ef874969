"""Which settings suit a large model on this machine: what to try next, what was tried, and which is best.

The right choice depends on the processor, the build of llama.cpp and the model's encoding, so it is measured. For a
small model the settings differ by 15 % at most, which is not worth a delay; it is not tuned.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from models.engine.loading.header import Header, parts
from models.engine.loading.memory import has_room_to_repack
from models.engine.native.machine import processor_name, usable_cores
from models.engine.options import EngineOptions, FlashAttention
from models.engine.process.probe_cache import build_name
from models.host.private_files import write_atomically

logger = logging.getLogger(__name__)

FILE_NAME = "tuning.json"
SMALLEST_BYTES = 512 * 1024 * 1024
"""Models whose file is smaller are not tuned."""

READ_TOKENS, WRITTEN_TOKENS = 600, 120
"""The request by which settings are compared: a letter to summarise or to correct. It reads more than it writes."""

MIN_GAIN = 0.03
"""A setting replaces one that was tried before it only if the request takes so much less time: less is noise."""

UBATCHES = (128, 48, 512)
KEPT_MODELS = 20
_HASHED_BYTES = 1024 * 1024
_AXES = ("flash_attention", "n_ubatch", "n_threads")


@dataclass(frozen=True, slots=True)
class Setting:
    """One combination of what can be chosen. Only `repack` needs the model to be loaded again."""

    repack: bool
    flash_attention: FlashAttention
    n_ubatch: int
    n_threads: int

    @classmethod
    def from_json(cls, values: Any) -> "Setting":
        """The setting of which `asdict` was called."""
        return cls(**{**values, "flash_attention": FlashAttention(values["flash_attention"])})


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one setting.

    Attributes
    ----------
    reads, writes : float
        Tokens a second, for one caller: of a prompt, and of an answer that follows it.
    failure : str
        Why there are no figures; empty if there are.
    crashed : bool
        Whether the process died of it.
    disturbed : bool
        Whether other programs needed the cores meanwhile: then it is tried again at the next start.
    """

    setting: Setting
    reads: float = 0.0
    writes: float = 0.0
    failure: str = ""
    crashed: bool = False
    disturbed: bool = False

    @property
    def request_s(self) -> float:
        """How long the request of `READ_TOKENS` and `WRITTEN_TOKENS` takes, in seconds."""
        works = self.reads > 0 and self.writes > 0
        return READ_TOKENS / self.reads + WRITTEN_TOKENS / self.writes if works else float("inf")


@dataclass(frozen=True, slots=True)
class Space:
    """The values to try of each setting; one that the user has set has only that value."""

    repack: tuple[bool, ...]
    flash_attention: tuple[FlashAttention, ...]
    n_ubatch: tuple[int, ...]
    n_threads: tuple[int, ...]

    def holds(self, setting: Setting) -> bool:
        """Whether `setting` may be chosen."""
        return setting.repack in self.repack and all(getattr(setting, axis) in getattr(self, axis) for axis in _AXES)


def search_space(options: EngineOptions, header: Header, *, may_repack: bool) -> Space:
    """What may be tried with `options`; repacking only where it works and does not cost context."""
    repack: tuple[bool, ...] = (False, True)
    if options.repack is not None:
        repack = (options.repack,)
    elif not (may_repack and header.repacked_bytes and has_room_to_repack(options, header)):
        repack = (False,)
    flash: tuple[FlashAttention, ...] = (FlashAttention.OFF, FlashAttention.ON)
    if options.flash_attention is not FlashAttention.AUTO:
        flash = (options.flash_attention,)
    elif options.kv_cache_type.quantised:
        flash = (FlashAttention.ON,)
    ubatch = UBATCHES if options.n_ubatch is None else (options.n_ubatch,)
    return Space(repack, flash, ubatch, (options.n_threads,) if options.n_threads else _thread_counts(usable_cores()))


def _thread_counts(n_cores: int) -> tuple[int, ...]:
    """Writing may be faster with fewer threads, where they wait for memory.

    >>> _thread_counts(2), _thread_counts(8)
    ((2,), (8, 4))
    """
    return (n_cores, n_cores // 2) if n_cores >= 4 else (n_cores,)


def next_setting(space: Space, trials: Sequence[Trial]) -> Setting | None:
    """What to try next: one axis after the other, each with the best of those before; None at the end.

    After a crash nothing more is tried with the same `repack`.
    """
    done = {trial.setting for trial in trials}
    for repack in space.repack:
        tried = [trial for trial in trials if space.holds(trial.setting) and trial.setting.repack is repack]
        if any(trial.crashed for trial in tried):
            continue
        base = Setting(repack, space.flash_attention[0], space.n_ubatch[0], space.n_threads[0])
        for axis in _AXES:
            found = best(tried)
            for value in getattr(space, axis):
                setting = replace(found.setting if found else base, **{axis: value})
                if setting not in done and not (found and _is_too_large(setting, found)):
                    return setting
    return None


def _is_too_large(setting: Setting, found: Trial) -> bool:
    """Whether no step would ever compute so many tokens, since none may take longer than a second."""
    return setting.n_ubatch > max(found.reads, UBATCHES[0])


def best(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the fastest request; None if none has figures."""
    found: Trial | None = None
    for trial in trials:
        if trial.request_s < (float("inf") if found is None else (1 - MIN_GAIN) * found.request_s):
            found = trial
    return found


def with_setting(options: EngineOptions, setting: Setting) -> EngineOptions:
    """`options` with everything that they leave open chosen."""
    return replace(options, **asdict(setting))


def with_trial(options: EngineOptions, trial: Trial) -> EngineOptions:
    """`options` with the setting of `trial`, and the speed that it reached."""
    return replace(with_setting(options, trial.setting), reads_per_s=trial.reads, writes_per_s=trial.writes)


class TuningCache:
    """The trials of earlier starts, kept on disk by model, build of llama.cpp, processor and type of the KV cache.

    Parameters
    ----------
    state_dir : Path
        The folder of the file; made when first needed.
    """

    def __init__(self, state_dir: Path, options: EngineOptions) -> None:
        self._path = state_dir / FILE_NAME
        self._options = options

    def trials(self) -> list[Trial]:
        """What was tried so far; nothing if the file is damaged."""
        try:
            rows = self._read()[self._key()]
            return [Trial(**{**row, "setting": Setting.from_json(row["setting"])}) for row in rows]
        except (LookupError, TypeError, ValueError, OSError):
            return []

    def record(self, trials: Sequence[Trial]) -> None:
        """Keep `trials` in place of earlier ones of this model."""
        try:
            key = self._key()
            others = {name: rows for name, rows in self._read().items() if name != key}
            kept = dict(list(others.items())[1 - KEPT_MODELS :]) | {key: [asdict(trial) for trial in trials]}
            write_atomically(self._path, json.dumps(kept, indent=1).encode())
        except OSError as exc:
            logger.warning("%s cannot be written, so the next start must tune the model again: %s", self._path, exc)

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _key(self) -> str:
        """The file's beginning and size stand for its content: all of it would take seconds to hash."""
        path = self._options.model_path
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_HASHED_BYTES)).hexdigest()[:16]
        machine = f"{processor_name()} {usable_cores()} cores"
        return f"{path.name}:{_size(path)}:{digest} {self._options.kv_cache_type} {build_name()} {machine}"


def is_tuned(options: EngineOptions) -> bool:
    """Whether this model's settings are chosen by trying them."""
    try:
        return options.tune and options.n_gpu_layers in (None, 0) and _size(options.model_path) >= SMALLEST_BYTES
    except OSError:
        return False


def _size(path: Path) -> int:
    return sum(part.stat().st_size for part in parts(path))


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is known of one model: the values that may be chosen, and the trials."""

    space: Space
    trials: Sequence[Trial]

    @property
    def chosen(self) -> Trial | None:
        """The best of what may be chosen; None if nothing was tried undisturbed, or nothing works."""
        return best([trial for trial in self.trials if self.space.holds(trial.setting) and not trial.disturbed])
