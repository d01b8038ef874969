"""The GGUF models known by name: their URL, the memory they need and what they are good at."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from models.wire.errors import ModelError

WORKING_BYTES = 600_000_000
"""Memory for context and computation, about, in addition to the weights."""


class CatalogueError(ModelError):
    """There is no model of that name in the catalogue."""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One row of ``catalogue.toml``.

    Attributes
    ----------
    size_bytes : int
        Size of the file, about.
    sha256 : str, optional
        Published checksum.
    n_ctx : int
        Tokens of context that the model was trained for.
    served : str, optional
        For a model without a GGUF file: how to use it otherwise.
    bundled : bool
        Whether it comes in a package and needs no download.
    """

    name: str
    title: str
    size_bytes: int
    licence: str
    n_ctx: int
    parameters: str
    good_at: str
    url: str | None = None
    sha256: str | None = None
    served: str | None = None
    bundled: bool = False

    @property
    def memory_bytes(self) -> int:
        """Memory that running it takes, about."""
        return self.size_bytes + WORKING_BYTES

    @property
    def file_name(self) -> str | None:
        """The name of its file on this machine."""
        return file_name(self.url) if self.url else None


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, CatalogueModel]:
    """Every model by its name; dots in names may be written as underscores too."""
    rows = tomllib.loads(files("models.catalogue").joinpath("catalogue.toml").read_text("utf-8"))
    models = (CatalogueModel(name=key.replace("_", "."), **row) for key, row in rows.items())
    return {model.name: model for model in models}


def find_model(name: str) -> CatalogueModel:
    """The model of that name.

    Raises
    ------
    CatalogueError
        If there is none; the message has the most similar name.
    """
    model = catalogue().get(name) or catalogue().get(name.replace("_", "."))
    if model is not None:
        return model
    near = difflib.get_close_matches(name, catalogue(), n=1)
    hint = f"did you mean '{near[0]}'?" if near else "`slimgate models list` shows the names"
    raise CatalogueError(f"there is no model '{name}' in the catalogue; {hint}")


def file_name(url: str) -> str:
    """The file name in a URL.

    >>> file_name("https://example.org/a/b.gguf?download=true")
    'b.gguf'
    """
    return PurePosixPath(urlsplit(url).path).name
