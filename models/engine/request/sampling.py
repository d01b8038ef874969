"""From a request's sampling fields to llama.cpp's chain of samplers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import randbits

from models.engine.native.samplers import Sampler

SEED_BITS = 32
RANDOM = 2**SEED_BITS - 1
"""llama.cpp's sign for a seed of its own choice. It is what -1 becomes, too."""

INSTEAD_OF_RANDOM = 0x9E3779B9

GREEDY_BELOW = 1e-9
"""At lower temperatures only the likeliest token can be drawn, and at far lower ones llama.cpp's numbers overflow."""


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the next token is chosen.

    The defaults are llama.cpp's, not OpenAI's (temperature 1, nothing cut off): a small quantised model's long tail of
    unlikely tokens is noise, and drawing from it is what makes such models ramble.

    Attributes
    ----------
    temperature : float in [0, 2]
        0 always takes the likeliest token, and so does anything below `GREEDY_BELOW`.
    top_k : int
        0 switches it off.
    seed : int, optional
        Equal seeds give equal draws; None draws a seed.
    logit_bias : mapping of token to float in [-100, 100]
        Added to the token's score before anything else.
    """

    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repeat_penalty: float = 1.0
    seed: int | None = None
    logit_bias: Mapping[int, float] = field(default_factory=dict)

    @property
    def penalises(self) -> bool:
        """Whether any penalty does anything."""
        return bool(self.presence_penalty or self.frequency_penalty or self.repeat_penalty != 1.0)


def build_sampler(params: SamplingParams, n_vocab: int, n_ctx: int) -> Sampler:
    """The chain for one sequence, in llama.cpp's usual order.

    Parameters
    ----------
    n_ctx : int
        How far back penalties look: over the whole answer, as OpenAI defines them.
    """
    sampler = Sampler()
    if params.logit_bias:
        sampler.add_logit_bias(n_vocab, params.logit_bias)
    if params.penalises:
        sampler.add_penalties(n_vocab, n_ctx, params.repeat_penalty, params.frequency_penalty, params.presence_penalty)
    if params.temperature < GREEDY_BELOW:
        sampler.add_greedy()
        return sampler
    if params.top_k:
        sampler.add_top_k(params.top_k)
    if params.top_p < 1:
        sampler.add_top_p(params.top_p)
    if params.min_p:
        sampler.add_min_p(params.min_p)
    sampler.add_temperature(params.temperature)
    sampler.add_draw(_seed(randbits(SEED_BITS) if params.seed is None else params.seed))
    return sampler


def _seed(seed: int) -> int:
    """The seed as llama.cpp takes it."""
    bits = seed % 2**SEED_BITS
    return INSTEAD_OF_RANDOM if bits == RANDOM else bits
