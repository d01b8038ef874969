"""llama.cpp's samplers, typed: they turn the model's logits into the next token."""

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.engine.errors import GenerationFailed
from models.engine.native.llama import Context, library

Logits = npt.NDArray[np.float32]

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Sampler:
    """A chain of llama.cpp's samplers and their state, for one sequence."""

    def __init__(self) -> None:
        self._lib = lib = library()
        self.pointer = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())

    def close(self) -> None:
        """Free the memory."""
        if self.pointer:
            self._lib.llama_sampler_free(self.pointer)
            self.pointer = None

    def __del__(self) -> None:
        self.close()

    def sample(self, context: Context, index: int) -> int:
        """Select what follows the batch's token at `index`, and accept it."""
        return int(self._lib.llama_sampler_sample(self.pointer, context.pointer, index))

    def choose(self, logits: Logits) -> int:
        """Select a token by logits other than the batch's; `accept` it once it is certain."""
        candidates = np.zeros(len(logits), _CANDIDATE)
        candidates["id"], candidates["logit"] = np.arange(len(logits)), logits
        data = ctypes.cast(candidates.ctypes.data, self._lib.llama_token_data_p)
        struct = self._lib.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)
        self._lib.llama_sampler_apply(self.pointer, ctypes.byref(struct))
        return int(candidates["id"][struct.selected])

    def accept(self, token: int) -> None:
        """Tell the samplers which token was selected: penalties depend on it."""
        self._lib.llama_sampler_accept(self.pointer, token)

    def add_logit_bias(self, n_vocab: int, bias: Mapping[int, float]) -> None:
        """Add to the logits of single tokens."""
        lib = self._lib
        entries = (lib.llama_logit_bias * len(bias))(*(lib.llama_logit_bias(t, b) for t, b in bias.items()))
        self._add(lib.llama_sampler_init_logit_bias(n_vocab, len(bias), entries))

    def add_penalties(self, n_vocab: int, last_n: int, repeat: float, frequency: float, presence: float) -> None:
        """Make the last `last_n` tokens of the answer less likely to repeat."""
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
        """Draw at random from the remaining tokens."""
        self._add(self._lib.llama_sampler_init_dist(seed))

    def _add(self, sampler: Any) -> None:
        if not sampler:
            raise GenerationFailed("llama.cpp refused a sampler")
        self._lib.llama_sampler_chain_add(self.pointer, sampler)
