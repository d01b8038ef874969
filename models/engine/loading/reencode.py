"""A small model's weights in an encoding that llama.cpp computes faster than the file's own.

For some encodings llama.cpp has no kernel that multiplies by several tokens at once, so that neither a prompt nor a
batch of answers is cheaper than its tokens one by one. For Q8_0 it has one. A small model is therefore re-encoded once,
and the result is kept in the state directory. SmolLM2-135M in Q4_1, on two cores with AVX-512: 1.6 times the tokens a
second in prefill, 1.4 times in decode with 32 answers, the same with one.

Re-encoding changes a weight by at most 1/254 of its block's largest weight. A large model is not re-encoded: with one
caller, decode speed depends on the size of the weights, and Q8_0 is larger.
"""

import ctypes
import glob
import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

from models.engine.native.llama import Model, library, system_info
from models.host.private_files import private_folder

logger = logging.getLogger(__name__)

LARGEST_BYTES = 512 * 1024 * 1024
"""Largest file to read or write."""

SPARE_BYTES = 256 * 1024 * 1024
"""Disk space to leave free."""

_SLOW_FILE_TYPES = frozenset({"3", "9"})  # llama.cpp's numbers for Q4_1 and Q5_1
_HAS_Q8_0_KERNEL = "LLAMAFILE = 1"
_BYTES_PER_WEIGHT = 34 / 32


def faster_weights(path: Path, folder: Path, *, n_threads: int) -> Path:
    """The file to load in place of `path`: a re-encoded one in `folder`, made if needed, or `path` itself."""
    target = _target(path, folder)
    if target is None or target.is_file():
        return target or path
    too_large = path.stat().st_size > LARGEST_BYTES
    if _HAS_Q8_0_KERNEL not in system_info() or too_large or not _is_worthwhile(path, folder):
        return path
    return target if _reencode(path, target, n_threads) else path


def weights_at_hand(path: Path, folder: Path) -> Path:
    """The file that `faster_weights` would name if it made none: the re-encoded one, if an earlier start made it."""
    target = _target(path, folder)
    return target if target is not None and target.is_file() else path


def _target(path: Path, folder: Path) -> Path | None:
    """The name of the re-encoded file; None if there is no file at `path`."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return folder / f"{path.stem}.{stat.st_size}-{stat.st_mtime_ns}.Q8_0.gguf"


def _is_worthwhile(path: Path, folder: Path) -> bool:
    """Whether the file's encoding is a slow one, and there is room for a faster copy."""
    model = Model(path)
    try:
        n_bytes = int(model.n_params * _BYTES_PER_WEIGHT)
        is_slow = model.metadata("general.file_type") in _SLOW_FILE_TYPES
    finally:
        model.close()
    return is_slow and n_bytes <= LARGEST_BYTES and _has_room(folder, n_bytes)


def _has_room(folder: Path, n_bytes: int) -> bool:
    try:
        private_folder(folder)
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        logger.warning("%s cannot be used, so the model's weights are not re-encoded: %s", folder, exc)
        return False
    if n_bytes + SPARE_BYTES > free:
        logger.warning("%s has no room for faster weights (%.0f MB)", folder, n_bytes / 1e6)
    return n_bytes + SPARE_BYTES <= free


def _reencode(path: Path, target: Path, n_threads: int) -> bool:
    """Write `target` atomically and delete copies of earlier versions of `path`; false if that failed."""
    draft = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        if not _quantize(path, draft, n_threads):
            logger.warning("the weights of %s could not be re-encoded and are used as they are", path.name)
            return False
        for old in target.parent.glob(f"{glob.escape(path.stem)}.*.Q8_0.gguf"):
            old.unlink()
        draft.replace(target)
    except OSError as exc:
        logger.warning("%s cannot be written, so the model's weights are not re-encoded: %s", target, exc)
        return False
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    logger.info("the weights of %s are kept as Q8_0 in %s, which computes faster", path.name, target.parent)
    return True


def _quantize(path: Path, target: Path, n_threads: int) -> bool:
    lib = library()
    params = lib.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize, params.nthread = lib.LLAMA_FTYPE_MOSTLY_Q8_0, True, n_threads
    return bool(lib.llama_model_quantize(str(path).encode(), str(target).encode(), ctypes.byref(params)) == 0)
