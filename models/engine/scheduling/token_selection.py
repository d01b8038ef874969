"""How one answer gets its next token: samplers, and a grammar that the text has to follow."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.engine.native.guidance import Grammar
from models.engine.native.llama import Context
from models.engine.native.samplers import Logits, Sampler

Veto = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token and the natural logarithm of its probability."""

    token: int
    logprob: float


@dataclass(frozen=True, slots=True)
class SelectedToken:
    """The next token; its `logprob` and the likeliest `alternatives` only if the request asked for them.

    `text_offset` counts the characters of the answer before it. Several tokens that make one character have the same.
    """

    token: int
    logprob: TokenLogprob | None = None
    alternatives: tuple[TokenLogprob, ...] = ()
    text_offset: int = 0


class TokenSelector:
    """Selects the tokens of one answer, one after the other.

    Parameters
    ----------
    chain : Sampler
        Samples.
    grammar : Grammar, optional
        Rules from the first token on.
    n_alternatives : int, optional
        How many of the likeliest tokens to report with each selected one; None reports no probabilities.

    Attributes
    ----------
    veto : callable, optional
        Whether a token is forbidden; before the grammar begins.
    """

    def __init__(self, chain: Sampler, grammar: Grammar | None = None, n_alternatives: int | None = None) -> None:
        self._chain = chain
        self._n_alternatives = n_alternatives
        self.grammar = grammar
        self.veto: Veto | None = None

    @property
    def complete(self) -> bool:
        """Whether only the end of the answer may follow."""
        return self.grammar is not None and self.grammar.complete

    def select(self, context: Context, index: int) -> SelectedToken:
        """The next token, after the batch's token at `index`.

        Raises
        ------
        RequestError
            If the grammar cannot be followed any further.
        """
        if self._n_alternatives is None:
            return SelectedToken(self._allowed_token(context, index))
        logprobs = _log_softmax(context.logits(index))  # before the grammar rules out any
        return self._with_logprobs(self._allowed_token(context, index), logprobs)

    def _allowed_token(self, context: Context, index: int) -> int:
        if self.veto is not None:
            return self._token_without_veto(context.logits(index), self.veto)
        if self.grammar is None:
            return self._chain.sample(context, index)
        context.logits(index)[~self.grammar.allowed()] = -np.inf
        token = self._chain.sample(context, index)
        self.grammar.accept(token)
        return token

    def _token_without_veto(self, logits: Logits, veto: Veto) -> int:
        while veto(token := self._chain.choose(logits)):
            logits[token] = -np.inf
        self._chain.accept(token)
        return token

    def _with_logprobs(self, token: int, logprobs: Logits) -> SelectedToken:
        n = self._n_alternatives
        top = np.argpartition(logprobs, -n)[-n:] if n else np.empty(0, np.int64)
        top = top[np.argsort(-logprobs[top], kind="stable")]
        alternatives = tuple(TokenLogprob(int(t), float(logprobs[t])) for t in top)
        return SelectedToken(token, TokenLogprob(token, float(logprobs[token])), alternatives)


def _log_softmax(logits: Logits) -> Logits:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), np.float32)
