"""Embeddings by the same model: its output vectors, pooled as its file declares, normalised to length one."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from models.engine.errors import GenerationFailed
from models.engine.native.llama import Context, DecodeStatus, Model, StepBatch
from models.engine.request.prompts import Prompt, read_prompts
from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader

MAX_INPUTS = 2048
"""OpenAI's."""

N_CTX = 2048
CHUNK_TOKENS = 48
"""Tokens computed at a time; running answers get a step between two chunks."""

Vector = npt.NDArray[np.float32]


class Pooling(IntEnum):
    """How the vectors of all tokens become one, with llama.cpp's numbers."""

    MEAN = 1
    FIRST = 2
    LAST = 3

    @classmethod
    def declared_by(cls, model: Model) -> "Pooling":
        """That of the model's file; the mean where it declares none, as files of chat models do.

        Raises
        ------
        RequestError
            If it declares one that makes no embeddings: that of a model that ranks documents.
        """
        number = model.number("pooling_type") or cls.MEAN
        if number not in {pooling.value for pooling in cls}:
            raise RequestError("This model ranks documents and makes no embeddings.", code="unsupported_value")
        return cls(number)

    def add(self, pooled: Vector, vectors: Vector, position: int) -> Vector:
        """`pooled`, and the `vectors` of the next tokens, the first of them at `position`."""
        if self is Pooling.MEAN:
            return np.asarray(pooled + np.sum(vectors, axis=0), np.float32)
        if self is Pooling.LAST:
            return np.asarray(vectors[-1])
        return np.asarray(vectors[0]) if position == 0 else pooled


@dataclass(frozen=True, slots=True)
class EmbeddingJob:
    """A validated embeddings request."""

    inputs: Sequence[Prompt]
    as_base64: bool


def parse_embedding(body: Any) -> EmbeddingJob:
    """Check a decoded JSON body.

    Raises
    ------
    RequestError
        Naming the first field at fault, and the fix.
    """
    reader = JsonReader(body)
    if reader["dimensions"].given:
        raise reader["dimensions"].refused("this model's embeddings have one size")
    form = reader["encoding_format"]
    if (form.value or "float") not in ("float", "base64"):
        raise form.unknown(("float", "base64"))
    return EmbeddingJob(read_prompts(reader["input"], MAX_INPUTS), form.value == "base64")


def to_wire(vector: Vector, *, as_base64: bool) -> Any:
    """The vector as the API carries it: a list of numbers, or Base64 of little-endian float32."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii") if as_base64 else vector.tolist()


class EmbeddingContext:
    """Computes embeddings in chunks, in a small context of its own. It belongs to the scheduler's thread."""

    def __init__(self, model: Model, *, n_threads: int) -> None:
        self.n_ctx = min(N_CTX, model.n_ctx_train)
        self._context = Context(
            model,
            n_ctx=self.n_ctx,
            n_sequences=1,
            n_batch=CHUNK_TOKENS,
            n_ubatch=CHUNK_TOKENS,
            n_threads=n_threads,
            embeddings=True,
        )
        self._batch = StepBatch(CHUNK_TOKENS, 1)

    def embed_chunk(self, tokens: Sequence[int], position: int) -> Vector:
        """The output vectors of one chunk of an input, one a row; its first token is at `position`.

        Raises
        ------
        GenerationFailed
            If the model fails to compute them.
        """
        if position == 0:
            self._context.clear()
        self._batch.clear()
        for offset, token in enumerate(tokens):
            self._batch.add(0, [token], position + offset, wants_output=True)
        if self._context.decode(self._batch) is not DecodeStatus.OK:
            raise GenerationFailed("the model failed to compute an embedding")
        return np.array([self._context.embedding(index) for index in range(len(tokens))], np.float32)

    def close(self) -> None:
        """Free the memory."""
        self._context.close()


def normalise(vector: Vector) -> Vector:
    """Scale `vector` to length one."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length else vector, np.float32)
