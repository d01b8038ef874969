"""What a GGUF file says of itself in its header, read without the weights."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from models.engine.errors import ModelLoadError
from models.engine.loading.gguf_file import GgufFile, Tensor, read_gguf
from models.engine.loading.layers import kept_by, largest
from models.engine.native.llama import bytes_of_number, repacked_encodings
from models.engine.options import KvCacheType

_TOKENS = "tokenizer.ggml.tokens"
_EMBEDDING, _OUTPUT = "token_embd.weight", "output.weight"
_PART = re.compile(r"(.*)-00001-of-(\d{5})\.gguf")


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
    repacked_bytes : int
        Of the weights those that llama.cpp can repack for the processor, which keeps a second copy of them.
    state_bytes : int
        What one answer holds, whatever its length; 0 but for recurrent and hybrid models.
    """

    weights_bytes: int
    n_ctx_train: int
    n_ctx_short: int | None
    cell_numbers: int
    n_heads: int
    n_embd: int
    n_ff: int
    n_vocab: int
    repacked_bytes: int = 0
    state_bytes: int = 0

    def cell_bytes(self, kind: KvCacheType) -> int:
        """Memory of one token of context, at most."""
        return ceil(self.cell_numbers * bytes_of_number(kind))


def read_header(path: Path) -> Header:
    """Read the beginning of a GGUF file, of a split one that of all its parts.

    Raises
    ------
    ModelLoadError
        If there is no such file, or it is no GGUF file.
    """
    if not path.is_file():
        raise ModelLoadError(f"there is no model file at {path}")
    try:
        files = [read_gguf(part) for part in parts(path)]
        return _header(files, sum(part.stat().st_size for part in parts(path)))
    except (OSError, ValueError, TypeError, MemoryError) as exc:
        raise ModelLoadError(f"{path.name} cannot be loaded: {exc or 'not a usable GGUF file'}") from exc


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


def _header(files: list[GgufFile], size: int) -> Header:
    facts = files[0].facts
    architecture = str(facts.get("general.architecture", ""))

    def get(key: str) -> object:
        return facts.get(f"{architecture}.{key}")

    n_embd = largest(get("embedding_length"), 0)
    kept = kept_by(architecture, n_embd, get)
    n_ctx_short = get("rope.scaling.original_context_length")
    return Header(
        weights_bytes=size,
        n_ctx_train=largest(get("context_length"), 2048),
        n_ctx_short=n_ctx_short if isinstance(n_ctx_short, int) else None,
        cell_numbers=kept.cell_numbers,
        n_heads=largest(get("attention.head_count"), 1),
        n_embd=n_embd,
        n_ff=largest(get("feed_forward_length"), 4 * n_embd),
        n_vocab=largest(facts.get(_TOKENS), 32_000),
        repacked_bytes=_repacked_bytes([tensor for file in files for tensor in file.tensors]),
        state_bytes=kept.state_bytes,
    )


def _repacked_bytes(tensors: Iterable[Tensor]) -> int:
    """Only what is multiplied by is repacked: of the tables of embeddings the one that also makes the output."""
    tensors, encodings = list(tensors), repacked_encodings()
    has_output = any(tensor.name == _OUTPUT for tensor in tensors)
    return sum(
        tensor.n_bytes
        for tensor in tensors
        if tensor.encoding in encodings
        and (not tensor.name.endswith(_EMBEDDING) or (tensor.name == _EMBEDDING and not has_output))
    )
