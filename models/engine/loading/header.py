"""What a GGUF file says of its model at its beginning, read without llama.cpp and without the weights."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

from models.engine.errors import ModelLoadError
from models.engine.native.llama import bytes_of_number
from models.engine.options import KvCacheType

MAX_STRING_BYTES = 16 * 1024 * 1024
MAX_ARRAY = 100_000
"""Longer arrays are the vocabulary's; of those only the length is of interest."""

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_TOKENS = "tokenizer.ggml.tokens"
_PART = re.compile(r"(.*)-00001-of-(\d{5})\.gguf")
_REPACKED_FILE_TYPES = frozenset({2, 10, 14, 15, 21, 25, 38})
"""llama.cpp's numbers of the encodings that it can repack for the processor: Q4_0, Q2_K, Q4_K, IQ4_NL, MXFP4."""


@dataclass(frozen=True, slots=True)
class Header:
    """The facts on which a model's memory depends.

    Attributes
    ----------
    weights_bytes : int
        The size of the file, of all its parts.
    n_ctx_train : int
        The longest context that the model was trained for.
    n_ctx_short : int or None
        If its context was extended later: the one before that.
    cell_numbers : int
        Numbers that one token of context holds.
    n_heads, n_embd, n_ff, n_vocab : int
        Attention heads, width, width of the feed-forward part, tokens known.
    repackable : bool
        Whether llama.cpp can repack most of the weights for the processor, which keeps a second copy of them.
    """

    weights_bytes: int
    n_ctx_train: int
    n_ctx_short: int | None
    cell_numbers: int
    n_heads: int
    n_embd: int
    n_ff: int
    n_vocab: int
    repackable: bool

    def cell_bytes(self, kind: KvCacheType) -> int:
        """Memory of one token of context, at most."""
        return ceil(self.cell_numbers * bytes_of_number(kind))


def read_header(path: Path) -> Header:
    """Read the beginning of a GGUF file.

    Raises
    ------
    ModelLoadError
        If there is no such file, or it is no GGUF file.
    """
    if not path.is_file():
        raise ModelLoadError(f"there is no model file at {path}")
    try:
        with path.open("rb") as file:
            facts = dict(_facts(file))
        size = sum(part.stat().st_size for part in parts(path))
    except (OSError, ValueError, struct.error, MemoryError) as exc:
        raise ModelLoadError(f"{path.name} cannot be loaded: {exc or 'not a usable GGUF file'}") from exc
    return _header(facts, size)


def parts(path: Path) -> list[Path]:
    """The files of a model: of a split one all, of another the one.

    >>> [part.name for part in parts(Path("phi-4-00001-of-00002.gguf"))]
    ['phi-4-00001-of-00002.gguf', 'phi-4-00002-of-00002.gguf']
    """
    split = _PART.fullmatch(path.name)
    if split is None:
        return [path]
    name, count = split[1], split[2]
    return [path.with_name(f"{name}-{number:05}-of-{count}.gguf") for number in range(1, int(count) + 1)]


def _header(facts: dict[str, Any], size: int) -> Header:
    architecture = str(facts.get("general.architecture", ""))

    def get(key: str) -> Any:
        return facts.get(f"{architecture}.{key}")

    n_layers, heads = _largest(get("block_count"), 1), get("attention.head_count")
    n_heads, n_embd = _largest(heads, 1), _largest(get("embedding_length"), 0)
    kv_heads = get("attention.head_count_kv") or heads or 1
    n_kv_heads = sum(kv_heads) if isinstance(kv_heads, list) else kv_heads * n_layers
    key, value = (_largest(get(f"attention.{name}_length"), n_embd // n_heads) for name in ("key", "value"))
    return Header(
        weights_bytes=size,
        n_ctx_train=_largest(get("context_length"), 2048),
        n_ctx_short=get("rope.scaling.original_context_length"),
        cell_numbers=n_kv_heads * (key + value),
        n_heads=n_heads,
        n_embd=n_embd,
        n_ff=_largest(get("feed_forward_length"), 4 * n_embd),
        n_vocab=_largest(facts.get(_TOKENS), 32_000),
        repackable=facts.get("general.file_type") in _REPACKED_FILE_TYPES,
    )


def _largest(value: Any, default: int) -> int:
    """The number, the largest of several, or `default` where the header has none."""
    found = max(value, default=0) if isinstance(value, list) else value
    return found if isinstance(found, int) and found > 0 else default


def _facts(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Keys and values up to the vocabulary, of which only the length is told; it stands last in practice."""
    if file.read(4) != _MAGIC:
        raise ValueError("not a usable GGUF file")
    version, _n_tensors, n_facts = struct.unpack("<IQQ", _read(file, 20))
    if version not in _VERSIONS:
        raise ValueError(f"GGUF version {version} is unknown")
    for _ in range(n_facts):
        key, kind = _string(file), _number(file, "I")
        if key == _TOKENS:
            yield key, _array_head(file)[1]
            return
        yield key, _value(file, kind)


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        return _number(file, _SCALARS.get(kind, ""))
    kind, length = _array_head(file)
    if length > MAX_ARRAY or kind == _ARRAY:
        raise ValueError(f"an array of {length} values where a header has none")
    return [_value(file, kind) for _ in range(length)]


def _array_head(file: BinaryIO) -> tuple[int, int]:
    kind, length = struct.unpack("<IQ", _read(file, 12))
    return kind, length


def _string(file: BinaryIO) -> str:
    length = _number(file, "Q")
    if length > MAX_STRING_BYTES:
        raise ValueError("not a usable GGUF file")
    return _read(file, length).decode("utf-8", "replace")


def _number(file: BinaryIO, form: str) -> Any:
    if not form:
        raise ValueError("not a usable GGUF file")
    (value,) = struct.unpack(f"<{form}", _read(file, struct.calcsize(f"<{form}")))
    return value


def _read(file: BinaryIO, n_bytes: int) -> bytes:
    data = file.read(n_bytes)
    if len(data) < n_bytes:
        raise ValueError("the file ends within its header")
    return data
