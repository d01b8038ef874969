"""Models of the catalogue by the names that servers, files and repositories give them."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from models.catalogue.bundled import FILE_NAME
from models.catalogue.catalogue import CatalogueModel, catalogue

_QUANTISATION = re.compile(
    r"[-._:](?:(?:ud|i1)[-._])?(?:i?q\d\w*|tq\d\w*|b?f(?:16|32)|fp(?:8|16)|mxfp4|int[48]|[48]bit|awq|gptq)(?=[-._:]|$)"
)
_PART = re.compile(r"-\d{5}-of-\d{5}$")
_BETWEEN = re.compile(r"[-_:\s]+|(?<=[a-z]{2})(?=\d)")
_ZERO = re.compile(r"(\d+)\.0")
_CONTEXT = re.compile(r"\d+k")
_SAYS_NOTHING = {"instruct", "it", "chat", "gguf", "hf", "latest", "qat", "text"} | {"microsoft", "google", "meta"}
"""Words that tell no models of the catalogue apart, makers among them."""


def named_alike(name: str) -> tuple[CatalogueModel, ...]:
    """The models whose name this is, whatever their quantisation; several where they differ only in their context.

    >>> [model.name for model in named_alike("qwen3:4b")]
    ['qwen3-4b']
    >>> [model.name for model in named_alike("microsoft/Phi-3-mini-4k-instruct")]
    ['phi-3-mini-4k', 'phi-3-mini-128k']
    >>> named_alike("qwen3-4b-of-my-own")
    ()
    """
    words = _words(name)
    return tuple(model for model, known in _known_names() if words in known)


@lru_cache(maxsize=1)
def _known_names() -> tuple[tuple[CatalogueModel, frozenset[frozenset[str]]], ...]:
    return tuple((model, frozenset(map(_words, _names_of(model)))) for model in catalogue().values())


def _names_of(model: CatalogueModel) -> Iterator[str]:
    yield model.name
    if model.bundled:
        yield FILE_NAME
    if model.url:
        path = PurePosixPath(urlsplit(model.url).path)
        yield path.name
        yield path.parts[2]  # after the root and the owner: the repository


def _words(name: str) -> frozenset[str]:
    """What a name consists of, without what tells no models apart.

    >>> sorted(_words("bartowski/Qwen_Qwen3-4B-Instruct-2507-Q4_K_M.gguf"))
    ['2507', '3', '4b', 'qwen']
    """
    last = name.lower().rsplit("/", 1)[-1].removesuffix(".gguf")
    plain = _QUANTISATION.sub("", _PART.sub("", last))
    words = (_ZERO.sub(r"\1", word) if _ZERO.fullmatch(word) else word for word in _BETWEEN.split(plain))
    return frozenset(word for word in words if word and word not in _SAYS_NOTHING and not _CONTEXT.fullmatch(word))
