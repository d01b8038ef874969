"""The GGUF models known by name: their URL, the memory they need, what they are good at, and published results."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from models.catalogue.level import Published, Size, size_in_words
from models.wire.errors import ModelError

TOLD = "told"
"""The `tools` of a model to which the engine explains how to call them."""

_ABOUT = 1_000_000
"""A size that ends in so many zeros is approximate."""


class CatalogueError(ModelError):
    """There is no model of that name in the catalogue."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the memory of a model depends on, beside the size of its file.

    Attributes
    ----------
    kv : tuple of (int, int, int)
        Layers that keep cells, in groups of the same kind: how many, KV heads of each, size of a head.
    heads, width, feed_forward, vocabulary : int
        Attention heads, width, width of the feed-forward part, tokens known.
    tables : int
        1 where embeddings and output have one table, 2 where each has its own; more if layers have embeddings too.
    state_bytes : int
        What an answer holds whatever its length; 0 but for hybrid models.
    n_ctx_short : int, optional
        If its context was extended later: the one before that.
    """

    kv: tuple[tuple[int, int, int], ...]
    heads: int
    width: int
    feed_forward: int
    vocabulary: int
    tables: int = 1
    state_bytes: int = 0
    n_ctx_short: int | None = None


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One row of ``catalogue.toml``.

    Attributes
    ----------
    size_bytes : int
        Size of the file; approximate where it ends in six zeros.
    sha256 : str, optional
        Published checksum.
    n_ctx : int
        Tokens of context that the model was trained for.
    served : str, optional
        For a model without a GGUF file: how to use it otherwise.
    bundled : bool
        Whether it comes in a package and needs no download.
    tools : str
        The format of tool calls that it was trained for, by the engine's name of it, or `TOLD`.
    encoding : str
        The encoding of its weights.
    shape : Shape, optional
        None for a model without a GGUF file.
    published : Published
        Totals of benchmarks that its makers or others published.
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
    tools: str = TOLD
    encoding: str = ""
    shape: Shape | None = None
    published: Published = field(default_factory=Published)

    @property
    def size(self) -> Size:
        """How many parameters it has."""
        return size_in_words(self.parameters)

    @property
    def exact_bytes(self) -> int | None:
        """The size of its file; None if only the approximate size is known."""
        return self.size_bytes if self.size_bytes % _ABOUT else None

    @property
    def file_name(self) -> str | None:
        """The name of its file on this machine."""
        return file_name(self.url) if self.url else None


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, CatalogueModel]:
    """Every model by its name; dots in names may be written as underscores too."""
    rows = tomllib.loads(files("models.catalogue").joinpath("catalogue.toml").read_text("utf-8"))
    models = (_model(key.replace("_", "."), row) for key, row in rows.items())
    return {model.name: model for model in models}


def _model(name: str, row: dict[str, Any]) -> CatalogueModel:
    shape = row.pop("shape", None)
    if shape is not None:
        shape = Shape(**{**shape, "kv": tuple(tuple(group) for group in shape["kv"])})
    published = Published(**row.pop("published", {}))
    return CatalogueModel(name=name, shape=shape, published=published, **row)


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
