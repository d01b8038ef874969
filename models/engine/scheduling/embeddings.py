"""Embeddings by the same model: the mean of what it makes of each token, of length one."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.engine.errors import GenerationFailed
from models.engine.native.llama import Batch, Context, Decoded, Model
from models.engine.request.prompts import Prompt, read_prompts
from models.wire.json_reader import JsonReader

N_CTX = 2048
CHUNK = 48
"""Tokens between which running answers get their turn."""

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbeddingJob:
    """An embeddings request, checked."""

    inputs: Sequence[Prompt]
    as_base64: bool


def parse_embedding(body: Any) -> EmbeddingJob:
    """Check a decoded JSON body.

    Raises
    ------
    RequestError
        Naming the first field at fault, and the cure.
    """
    reader = JsonReader(body)
    if reader["dimensions"].given:
        raise reader["dimensions"].refused("this model's embeddings have one size")
    form = reader["encoding_format"]
    if (form.value or "float") not in ("float", "base64"):
        raise form.unknown(("float", "base64"))
    return EmbeddingJob(read_prompts(reader["input"]), form.value == "base64")


def encoded(vector: Vector, as_base64: bool) -> Any:
    """As the API carries it."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii") if as_base64 else vector.tolist()


class Embedder:
    """Computes embeddings piece by piece, in a small context of its own. Belongs to the scheduler's thread."""

    def __init__(self, model: Model, *, n_threads: int) -> None:
        self.n_ctx = min(N_CTX, model.n_ctx_train)
        self._context = Context(
            model, n_ctx=self.n_ctx, n_sequences=1, n_batch=CHUNK, n_ubatch=CHUNK, n_threads=n_threads, embeddings=True
        )
        self._batch = Batch(CHUNK, 1)

    def add(self, tokens: Sequence[int], position: int) -> Vector:
        """The sum over the next few tokens of one input, the first of them at `position`.

        Raises
        ------
        GenerationFailed
            If the model does not compute them.
        """
        if position == 0:
            self._context.clear()
        self._batch.clear()
        for offset, token in enumerate(tokens):
            self._batch.add(0, [token], position + offset, wanted=True)
        if self._context.decode(self._batch) is not Decoded.OK:
            raise GenerationFailed("the model failed to compute an embedding")
        each = [self._context.embedding(index) for index in range(len(tokens))]
        return np.asarray(np.sum(each, axis=0), np.float32)

    def close(self) -> None:
        """Give the memory back."""
        self._context.close()


def normalised(vector: Vector) -> Vector:
    """The same direction, length one."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length else vector, np.float32)
