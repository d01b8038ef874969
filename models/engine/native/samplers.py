"""llama.cpp's samplers, typed: what turns the model's opinion into the next token."""

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.engine.errors import GenerationFailed
from models.engine.native.llama import Context, Model, library

Tokens = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Candidates:
    """Tokens that may come next, in the memory that samplers sort and cut."""

    def __init__(self, tokens: Tokens, scores: Scores) -> None:
        lib = library()
        self._data = np.zeros(len(tokens), _CANDIDATE)
        self._data["id"], self._data["logit"] = tokens, scores
        pointer = ctypes.cast(self._data.ctypes.data, lib.llama_token_data_p)
        self.struct = lib.llama_token_data_array(data=pointer, size=len(tokens), selected=-1, sorted=False)

    @property
    def selected(self) -> int | None:
        """The token that a chain chose; None where none was left to choose from."""
        index = self.struct.selected
        return int(self._data["id"][index]) if 0 <= index < self.struct.size else None

    @property
    def possible(self) -> npt.NDArray[np.bool_]:
        """Which candidates no sampler has ruled out, in the order in which they now lie."""
        return np.asarray(np.isfinite(self._data["logit"][: self.struct.size]))

    @property
    def tokens(self) -> Tokens:
        """In the order in which they now lie."""
        return self._data["id"][: self.struct.size]

    @property
    def scores(self) -> Scores:
        """In the same order."""
        return self._data["logit"][: self.struct.size]


class Sampler:
    """How one sequence chooses its next token: llama.cpp's samplers in a row, with their state."""

    def __init__(self) -> None:
        self._lib = lib = library()
        self.pointer = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())

    def close(self) -> None:
        """Give the memory back."""
        if self.pointer:
            self._lib.llama_sampler_free(self.pointer)
            self.pointer = None

    def __del__(self) -> None:
        self.close()

    def sample(self, context: Context, index: int) -> int:
        """Choose what follows the batch's token at `index`, and remember the choice."""
        return int(self._lib.llama_sampler_sample(self.pointer, context.pointer, index))

    def apply(self, candidates: Candidates) -> None:
        """Let the samplers sort, cut and perhaps select."""
        self._lib.llama_sampler_apply(self.pointer, ctypes.byref(candidates.struct))

    def accept(self, token: int) -> None:
        """Remember a choice."""
        self._lib.llama_sampler_accept(self.pointer, token)

    def add_logit_bias(self, n_vocab: int, bias: Mapping[int, float]) -> None:
        """Add to the score of single tokens."""
        lib = self._lib
        entries = (lib.llama_logit_bias * len(bias))(*(lib.llama_logit_bias(t, b) for t, b in bias.items()))
        self._add(lib.llama_sampler_init_logit_bias(n_vocab, len(bias), entries))

    def add_penalties(self, n_vocab: int, last_n: int, repeat: float, frequency: float, presence: float) -> None:
        """Make the last `last_n` tokens of the answer less likely to come again."""
        self._add(self._lib.llama_sampler_init_penalties(n_vocab, last_n, repeat, frequency, presence))

    def add_greedy(self) -> None:
        """Always take the likeliest token."""
        self._add(self._lib.llama_sampler_init_greedy())

    def add_top_k(self, k: int) -> None:
        """Keep the `k` likeliest tokens."""
        self._add(self._lib.llama_sampler_init_top_k(k))

    def add_top_p(self, p: float) -> None:
        """Keep the likeliest tokens that together have probability `p`."""
        self._add(self._lib.llama_sampler_init_top_p(p, 1))

    def add_min_p(self, p: float) -> None:
        """Keep tokens at least `p` times as likely as the likeliest."""
        self._add(self._lib.llama_sampler_init_min_p(p, 1))

    def add_temperature(self, temperature: float) -> None:
        """Flatten (> 1) or sharpen (< 1) the distribution."""
        self._add(self._lib.llama_sampler_init_temp(temperature))

    def add_draw(self, seed: int) -> None:
        """Draw from what is left."""
        self._add(self._lib.llama_sampler_init_dist(seed))

    def _add(self, sampler: Any) -> None:
        if not sampler:
            raise GenerationFailed("llama.cpp refused a sampler")
        self._lib.llama_sampler_chain_add(self.pointer, sampler)


class Grammar:
    """What may still come, in a text that follows rules.

    Parameters
    ----------
    source : str
        GBNF, starting at ``root``.

    Raises
    ------
    GenerationFailed
        If llama.cpp does not take the rules.
    """

    def __init__(self, model: Model, source: str) -> None:
        self._lib = lib = library()
        self.pointer = lib.llama_sampler_init_grammar(model.vocabulary, source.encode(), b"root")
        if not self.pointer:
            raise GenerationFailed("llama.cpp refused a grammar")

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self._lib.llama_sampler_free(self.pointer)
            self.pointer = None

    def allows(self, token: int) -> bool:
        """Whether `token` may come next."""
        one = Candidates(np.array([token], np.int32), np.zeros(1, np.float32))
        self.filter(one)
        return bool(one.possible[0])

    def filter(self, candidates: Candidates) -> None:
        """Rule out what may not come next."""
        self._lib.llama_sampler_apply(self.pointer, ctypes.byref(candidates.struct))

    def accept(self, token: int) -> None:
        """Go on by a token that it allows; any other would end the process."""
        self._lib.llama_sampler_accept(self.pointer, token)
