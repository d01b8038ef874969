"""How one answer gets its next token: samplers, and a grammar that the text has to follow."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.engine.errors import GenerationFailed
from models.engine.native.llama import Context
from models.engine.native.samplers import Candidates, Grammar, Logits, Sampler

SHORTLIST_TOKENS = 256
"""The likeliest tokens, on which the grammar is tried first: trying all of them takes tens of milliseconds."""

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
        Whether a token is forbidden, beside the grammar.
    """

    def __init__(self, chain: Sampler, grammar: Grammar | None = None, n_alternatives: int | None = None) -> None:
        self._chain = chain
        self._n_alternatives = n_alternatives
        self.grammar = grammar
        self.veto: Veto | None = None

    def select(self, context: Context, index: int, is_end_token: Callable[[int], bool]) -> SelectedToken:
        """The next token, after the batch's token at `index`.

        Raises
        ------
        GenerationFailed
            If the grammar allows no token.
        """
        if self.grammar is None and self.veto is None and self._n_alternatives is None:
            return SelectedToken(self._chain.sample(context, index))
        logits = context.logits(index)
        token = self._allowed_token(logits)
        self._chain.accept(token)
        if self.grammar is not None and not is_end_token(token):
            self.grammar.accept(token)
        return self._with_logprobs(token, logits)

    def _allowed_token(self, logits: Logits) -> int:
        token = self._sampled(Candidates(np.arange(len(logits), dtype=np.int32), logits))
        if token is not None and self._is_allowed(token):
            return token
        n_shortlist = min(SHORTLIST_TOKENS, len(logits))
        shortlist = np.argpartition(logits, -n_shortlist)[-SHORTLIST_TOKENS:].astype(np.int32)
        for tokens in (shortlist, np.arange(len(logits), dtype=np.int32)):
            allowed = self._allowed_candidates(Candidates(tokens, logits[tokens]))
            if allowed is not None and (token := self._sampled(allowed)) is not None:
                return token
        raise GenerationFailed("the grammar of this answer allows no further token")

    def _sampled(self, candidates: Candidates) -> int | None:
        self._chain.apply(candidates)
        return candidates.selected

    def _is_allowed(self, token: int) -> bool:
        if self.veto is not None and self.veto(token):
            return False
        return self.grammar is None or self.grammar.allows(token)

    def _allowed_candidates(self, candidates: Candidates) -> Candidates | None:
        """Those of `candidates` that grammar and veto allow; None if there are none."""
        if self.grammar is not None:
            self.grammar.filter(candidates)
        is_allowed = candidates.possible
        if self.veto is not None:
            is_allowed &= np.array([not self.veto(token) for token in candidates.tokens.tolist()])
        if not is_allowed.any():
            return None
        return Candidates(candidates.tokens[is_allowed], candidates.logits[is_allowed])

    def _with_logprobs(self, token: int, logits: Logits) -> SelectedToken:
        if self._n_alternatives is None:
            return SelectedToken(token)
        logprobs = _log_softmax(logits)
        n = self._n_alternatives
        top = np.argpartition(logprobs, -n)[-n:] if n else np.empty(0, np.int64)
        top = top[np.argsort(-logprobs[top], kind="stable")]
        alternatives = tuple(TokenLogprob(int(t), float(logprobs[t])) for t in top)
        return SelectedToken(token, TokenLogprob(token, float(logprobs[token])), alternatives)


def _log_softmax(logits: Logits) -> Logits:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), np.float32)
