"""What earlier starts taught about a model on this machine, kept on disk between starts."""

import json
import logging
import os
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from models.engine.machine import processor_name

logger = logging.getLogger(__name__)

FILE_NAME = "engine.json"


class Remembered:
    """Which builds of llama.cpp crash on this processor when they repack weights.

    The key is the model, the build and the processor: a new build gets a new chance.

    Parameters
    ----------
    state_dir : Path
        Where the file lies; made when first needed.
    """

    def __init__(self, state_dir: Path, model_path: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._key = f"{model_path.name}:{_size(model_path)} {_build()} {processor_name()}"

    @property
    def use_extra_bufts(self) -> bool:
        """Whether weights may be repacked."""
        return self._key not in self._crashing()

    def crashes_with_extra_bufts(self) -> None:
        """Never repack with this model, build and processor again."""
        known = sorted({*self._crashing(), self._key})
        draft = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"crashing_with_extra_bufts": known}, indent=1), "utf-8")
            draft.replace(self._path)
        except OSError as exc:
            logger.warning("%s cannot be written, so the next start will crash once more: %s", self._path, exc)

    def _crashing(self) -> list[str]:
        try:
            return list(json.loads(self._path.read_text("utf-8"))["crashing_with_extra_bufts"])
        except (OSError, ValueError, KeyError, TypeError):
            return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _build() -> str:
    """The installed llama-cpp-python and its compiled library; found, not loaded."""
    try:
        name = version("llama_cpp_python")
    except PackageNotFoundError:
        return "none"
    spec = find_spec("llama_cpp")
    folder = Path(spec.origin).parent / "lib" if spec and spec.origin else Path()
    libraries = sorted(folder.glob("*ggml-cpu*")) if folder.is_dir() else []
    return f"{name}:{':'.join(str(_size(library)) for library in libraries)}"
