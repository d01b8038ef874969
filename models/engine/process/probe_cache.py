"""What earlier starts found out about a model on this machine, kept on disk."""

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


class ProbeCache:
    """Which builds of llama.cpp crash on this processor when they repack weights, and which features each model has.

    The key is the model, the build and the processor, so that a new build is probed again.

    Parameters
    ----------
    state_dir : Path
        The folder of the file; made when first needed.
    options : EngineOptions
        The model, and how it is run.
    """

    def __init__(self, state_dir: Path, options: EngineOptions) -> None:
        self._path = state_dir / FILE_NAME
        self._key = f"{_setup(options)} {build_name()} {processor_name()}"

    @property
    def use_extra_bufts(self) -> bool:
        """Whether weights may be repacked."""
        return self._key not in self._crashing()

    @property
    def features(self) -> frozenset[str] | None:
        """The features that the probes found; None if they have not run yet."""
        features = self._features().get(self._key)
        return None if features is None else frozenset(features)

    def record_extra_bufts_crash(self) -> None:
        """Do not repack weights with this model, build and processor again."""
        self._write({_CRASHING: sorted({*self._crashing(), self._key})})

    def record_features(self, features: frozenset[str]) -> None:
        """Keep what the probes found, so that they need not run again."""
        self._write({_FEATURES: {**self._features(), self._key: sorted(features)}})

    def _crashing(self) -> list[str]:
        keys = self._read().get(_CRASHING)
        return keys if isinstance(keys, list) else []

    def _features(self) -> dict[str, list[str]]:
        features = self._read().get(_FEATURES)
        return features if isinstance(features, dict) else {}

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, changes: dict[str, Any]) -> None:
        try:
            write_atomically(self._path, json.dumps({**self._read(), **changes}, indent=1).encode())
        except OSError as exc:
            logger.warning("%s cannot be written, so the next start must probe the model again: %s", self._path, exc)


def _setup(options: EngineOptions) -> str:
    """The options on which the model's features depend; defaults are left out."""
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


def build_name() -> str:
    """The installed llguidance, llama-cpp-python and the size of its compiled library, without loading them."""
    try:
        name = f"{version('llama_cpp_python')} {version('llguidance')}"
    except PackageNotFoundError:
        return "none"
    spec = find_spec("llama_cpp")
    folder = Path(spec.origin).parent / "lib" if spec and spec.origin else Path()
    libraries = sorted(folder.glob("*ggml-cpu*")) if folder.is_dir() else []
    return f"{name}:{':'.join(str(_size(library)) for library in libraries)}"
