"""What is examined: a model file by its content, or a server's model by its address and name.

Marks belong to an examinee. Another file, another quantisation, another chat template or another version of the exam
is another examinee; when the first one comes back, so do its marks.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.config.masking import mask_url
from gateway.config.sections.local import LocalSettings
from models.catalogue.bundled import bundled_model_path
from models.engine.errors import ModelLoadError
from models.engine.loading.gguf_file import read_gguf
from models.engine.loading.header import parts
from models.engine.options import EngineOptions
from router.exam.item import EXAM_VERSION

WORKERS_ENGINE = "WORKERS_ENGINE_URL"
"""Variable that tells a worker the URL of the built-in engine, which all workers share. It is no setting."""

SAMPLING = "temperature 0"
"""How items are asked."""

KEY_CHARS = 16

SAMPLES, SAMPLE_BYTES = 64, 64 * 1024
"""Of a file's weights, what is read for its key. A hash of all of 5 GB would take several seconds at every start.

Two files have the same key if they have the same size and header and differ only between the samples: a file in which
single tensors were changed by hand, say. Training and quantising change weights everywhere.
"""

_QUANTISATIONS = {
    **{0: "F32", 1: "F16", 32: "BF16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1"},
    **{10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M"},
    **{18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL"},
    **{26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 36: "TQ1_0", 37: "TQ2_0"},
    **{38: "MXFP4"},
}
"""llama.cpp's names of its file types, by the number in ``general.file_type``."""


@dataclass(frozen=True, slots=True)
class Examinee:
    """A model that can be examined.

    Attributes
    ----------
    key : str
        Identifies it: 16 hexadecimal digits.
    name : str
        The model's name, for people.
    url : str or None
        The server's address without secrets; None for the built-in engine.
    path : str or None
        The model file; None for a server. It is not part of the key: a file may be moved.
    size_bytes : int or None
        The size of the file, of all its parts.
    quantisation : str or None
        Such as ``Q4_K_M``.
    template : str or None
        A digest of the chat template.
    sampling : str
        How its answers are chosen.
    """

    key: str
    name: str
    url: str | None = None
    path: str | None = None
    size_bytes: int | None = None
    quantisation: str | None = None
    template: str | None = None
    sampling: str = SAMPLING

    @property
    def obstacle(self) -> str | None:
        """Why it cannot be examined; None where it can."""
        if self.url is None and self.template is None:
            return f"{self.name} has no chat template in its file, so it cannot answer chat requests"
        return None

    def to_json(self) -> dict[str, Any]:
        """A JSON object for ``model.json``."""
        return asdict(self)


def runs_own_engine(settings: LocalSettings) -> bool:
    """Whether the local model is run by the built-in engine, in this process or in that of all workers."""
    shared = settings.base_url is not None and settings.base_url == os.environ.get(WORKERS_ENGINE)
    return settings.enabled and (settings.base_url is None or shared)


def examinee_of(settings: LocalSettings, served: str | None = None) -> Examinee | None:
    """The model that `settings` name; None if there is none, or a server has not yet said which one it has.

    Parameters
    ----------
    served : str, optional
        The name of the server's model, where `settings` leave it to the server.

    Raises
    ------
    ModelError
        If the model file is missing or cannot be read.
    """
    if not settings.enabled:
        return None
    if runs_own_engine(settings):
        path = settings.model_path or bundled_model_path()
        cache = settings.kv_cache_type if settings.kv_cache_type.quantised else ""
        return _of_file(path, cache)
    assert settings.base_url is not None
    name = settings.model or served
    return None if name is None else _of_server(settings.base_url, name)


def shown_url(base_url: str) -> str:
    """A server's address without secrets, by which it is known."""
    return mask_url(base_url).rstrip("/")


def _of_server(base_url: str, name: str) -> Examinee:
    url = shown_url(base_url)
    return Examinee(_key(url, name), name, url=url)


def _of_file(path: Path, cache: str) -> Examinee:
    try:
        gguf = read_gguf(path)
        size, content = sum(part.stat().st_size for part in parts(path)), _content(path)
    except (OSError, ValueError, MemoryError) as exc:
        raise ModelLoadError(f"{path} cannot be read: {exc}") from exc
    file_type = gguf.facts.get("general.file_type")
    quantisation = None if file_type is None else _QUANTISATIONS.get(file_type, f"type {file_type}")
    template = gguf.facts.get("tokenizer.chat_template")
    digest = None if template is None else hashlib.sha256(str(template).encode()).hexdigest()[:KEY_CHARS]
    return Examinee(
        key=_key(size, content, quantisation, digest, cache),
        name=EngineOptions(path).name,
        path=str(path),
        size_bytes=size,
        quantisation=quantisation,
        template=digest,
    )


def _key(*facts: Any) -> str:
    text = json.dumps([*facts, SAMPLING, EXAM_VERSION])
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_CHARS]


def _content(path: Path) -> str:
    """A digest of each part's header and of samples of its weights."""
    digest = hashlib.sha256()
    for part in parts(path):
        n_header_bytes = read_gguf(part).n_header_bytes
        with part.open("rb") as file:
            digest.update(file.read(n_header_bytes))
            for start in _sample_starts(n_header_bytes, part.stat().st_size):
                file.seek(start)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def _sample_starts(first: int, end: int) -> Iterator[int]:
    """Evenly spaced from `first` on, the last sample ending with the file; the whole file where that is less.

    >>> list(_sample_starts(100, 100 + 3 * SAMPLE_BYTES)) == [100 + n * SAMPLE_BYTES for n in range(3)]
    True
    """
    n_bytes = end - first
    if n_bytes <= SAMPLES * SAMPLE_BYTES:
        yield from range(first, end, SAMPLE_BYTES)
        return
    last = end - SAMPLE_BYTES
    yield from (first + (last - first) * number // (SAMPLES - 1) for number in range(SAMPLES))
