"""Reads what stands before the weights in a GGUF file: its facts, and what tensors it has. No weight is read.

Of the vocabulary and other long lists only the length is told: they are stepped over. Facts stand behind them too:
llama.cpp's quantiser moves the ones that it changes to the end.
"""

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

MAX_TEXT_BYTES = 16 * 1024 * 1024
"""A longer text than any chat template."""

MAX_ARRAY = 4096
"""Longer arrays are lists of tokens; of those only the length is of interest."""

MAX_COUNT = 10_000_000
"""More facts, tensors or tokens than any model has: the file is no GGUF file."""

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_UNUSABLE = "not a usable GGUF file"

_F32, _F16 = (1, 4), (1, 2)
_BLOCKS = {
    **{0: _F32, 1: _F16, 30: _F16},
    **{2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 20: (32, 18), 39: (32, 17), 40: (64, 36)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 16: (256, 66), 17: (256, 74)},
    **{18: (256, 98), 19: (256, 50), 21: (256, 110), 22: (256, 82), 23: (256, 136), 29: (256, 56)},
    **{34: (256, 54), 35: (256, 66)},
}
"""By ggml's number of an encoding: weights in a block, and bytes that a block takes."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """The name of a tensor, ggml's number of its encoding, its bytes (0 for an unknown encoding) and its weights."""

    name: str
    encoding: int
    n_bytes: int
    n_weights: int


@dataclass(frozen=True, slots=True)
class GgufFile:
    """The facts by their keys, and the tensors of this file; those of a split model's other files are not here.

    An array that is longer than `MAX_ARRAY`, or one of texts, is only its length. `n_header_bytes` is what stands
    before the weights.
    """

    facts: dict[str, Any]
    tensors: tuple[Tensor, ...]
    n_header_bytes: int


def read_gguf(path: Path) -> GgufFile:
    """Read the beginning of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no GGUF file.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError(_UNUSABLE)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Reader(data).read()
            except struct.error as exc:
                raise ValueError("the file ends within its header") from exc


class _Reader:
    """A position in the file's bytes, from which values are read one after the other."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = len(_MAGIC)

    def read(self) -> GgufFile:
        version = self._number("I")
        n_tensors, n_facts = self._count(), self._count()
        if version not in _VERSIONS:
            raise ValueError(f"GGUF version {version} is unknown")
        facts = {self._text(): self._value(self._number("I")) for _ in range(n_facts)}
        tensors = tuple(self._tensor() for _ in range(n_tensors))
        return GgufFile(facts, tensors, self._at)

    def _tensor(self) -> Tensor:
        name, n_dimensions = self._text(), self._number("I")
        if n_dimensions > 4:
            raise ValueError(_UNUSABLE)
        n_weights = prod(self._number("Q") for _ in range(n_dimensions))
        encoding, _offset = self._number("I"), self._number("Q")
        in_block, block_bytes = _BLOCKS.get(encoding, (1, 0))
        return Tensor(name, encoding, n_weights // in_block * block_bytes, n_weights)

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        return self._array() if kind == _ARRAY else self._number(_SCALARS.get(kind, ""))

    def _array(self) -> Any:
        kind, length = self._number("I"), self._count()
        form = _SCALARS.get(kind)
        if kind == _STRING:
            self._skip_texts(length)
        elif form is None:
            raise ValueError(_UNUSABLE)
        elif length <= MAX_ARRAY:
            return [self._number(form) for _ in range(length)]
        else:
            self._at += length * struct.calcsize(f"<{form}")
        return length

    def _text(self) -> str:
        start = self._at + 8
        self._skip_texts(1)
        if self._at - start > MAX_TEXT_BYTES:
            raise ValueError(_UNUSABLE)
        return self._data[start : self._at].decode("utf-8", "replace")

    def _skip_texts(self, count: int) -> None:
        data, at, size = self._data, self._at, len(self._data)
        for _ in range(count):  # a vocabulary has hundreds of thousands
            at += 8 + int.from_bytes(data[at : at + 8], "little")
            if at > size:
                raise ValueError(_UNUSABLE)
        self._at = at

    def _count(self) -> int:
        count: int = self._number("Q")
        if count > MAX_COUNT:
            raise ValueError(_UNUSABLE)
        return count

    def _number(self, form: str) -> Any:
        if not form:
            raise ValueError(_UNUSABLE)
        (value,) = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(f"<{form}")
        return value
