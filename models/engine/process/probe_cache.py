"""What earlier starts taught about a model on this machine, kept on disk between starts."""

import json
import logging
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models.engine.native.machine import processor_name
from models.engine.options import EngineOptions
from models.host.private_files import write_atomically

logger = logging.getLogger(__name__)

FILE_NAME = "engine.json"
_CRASHING, _FEATURES = "crashing_with_extra_bufts", "features"


class Remembered:
    """Which builds of llama.cpp crash on this processor when they repack weights, and what each model was seen to do.

    The key is the model, the build and the processor: a new build gets a new chance.

    Parameters
    ----------
    state_dir : Path
        Where the file lies; made when first needed.
    options : EngineOptions
        What runs.
    """

    def __init__(self, state_dir: Path, options: EngineOptions) -> None:
        self._path = state_dir / FILE_NAME
        self._key = f"{_setup(options)} {_build()} {processor_name()}"

    @property
    def use_extra_bufts(self) -> bool:
        """Whether weights may be repacked."""
        return self._key not in self._crashing()

    @property
    def features(self) -> frozenset[str] | None:
        """What the model was seen to do; None where nobody has looked yet."""
        seen = self._features().get(self._key)
        return None if seen is None else frozenset(seen)

    def crashes_with_extra_bufts(self) -> None:
        """Never repack with this model, build and processor again."""
        self._write({_CRASHING: sorted({*self._crashing(), self._key})})

    def has_features(self, features: frozenset[str]) -> None:
        """Need not look again."""
        self._write({_FEATURES: {**self._features(), self._key: sorted(features)}})

    def _crashing(self) -> list[str]:
        known = self._read().get(_CRASHING)
        return known if isinstance(known, list) else []

    def _features(self) -> dict[str, list[str]]:
        known = self._read().get(_FEATURES)
        return known if isinstance(known, dict) else {}

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, news: dict[str, Any]) -> None:
        try:
            write_atomically(self._path, json.dumps({**self._read(), **news}, indent=1).encode())
        except OSError as exc:
            logger.warning("%s cannot be written, so the next start has to find out again: %s", self._path, exc)


def _setup(options: EngineOptions) -> str:
    """What decides how the model behaves; what is as usual is left out."""
    model, template = options.model_path, options.chat_template
    parts = [f"{model.name}:{_size(model)}"]
    if template is not None:
        parts.append(f"{template}:{_size(template)}")
    if options.kv_cache_type.quantised:
        parts.append(options.kv_cache_type)
    return " ".join(parts)


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
