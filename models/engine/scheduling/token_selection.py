"""How one answer gets its next token: samplers, and rules that the text has to follow."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.engine.errors import GenerationFailed
from models.engine.native.llama import Context
from models.engine.native.samplers import Candidates, Grammar, Sampler, Scores

NARROW = 256
"""Tokens that the rules are tried on first, the likeliest ones: trying all of them takes tens of milliseconds."""

Veto = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class TokenScore:
    """How likely the model found a token, as a natural logarithm."""

    token: int
    logprob: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen; `score` and the likeliest `alternatives` only where they were asked for."""

    token: int
    score: TokenScore | None = None
    alternatives: tuple[TokenScore, ...] = ()


class Chooser:
    """Chooses the tokens of one answer, one after the other.

    Parameters
    ----------
    chain : Sampler
        Selects.
    grammar : Grammar, optional
        Rules from the first token on.
    n_alternatives : int, optional
        How many of the likeliest tokens to report with each choice; None reports nothing.
    """

    def __init__(self, chain: Sampler, grammar: Grammar | None = None, n_alternatives: int | None = None) -> None:
        self._chain = chain
        self._n_alternatives = n_alternatives
        self.grammar = grammar
        self.veto: Veto | None = None

    def choose(self, context: Context, index: int, ends: Callable[[int], bool]) -> Choice:
        """The next token, after the batch's token at `index`.

        Raises
        ------
        GenerationFailed
            If the rules leave nothing to choose.
        """
        if self.grammar is None and self.veto is None and self._n_alternatives is None:
            return Choice(self._chain.sample(context, index))
        scores = context.logits(index)
        token = self._select(scores)
        self._chain.accept(token)
        if self.grammar is not None and not ends(token):
            self.grammar.accept(token)
        return self._reported(token, scores)

    def _select(self, scores: Scores) -> int:
        token = self._selected(Candidates(np.arange(len(scores), dtype=np.int32), scores))
        if token is not None and self._allowed(token):
            return token
        likeliest = np.argpartition(scores, -min(NARROW, len(scores)))[-NARROW:].astype(np.int32)
        for tokens in (likeliest, np.arange(len(scores), dtype=np.int32)):
            kept = self._rule_out(Candidates(tokens, scores[tokens]))
            if kept is not None and (token := self._selected(kept)) is not None:
                return token
        raise GenerationFailed("the rules for this answer leave no token to go on with")

    def _selected(self, candidates: Candidates) -> int | None:
        self._chain.apply(candidates)
        return candidates.selected

    def _allowed(self, token: int) -> bool:
        if self.veto is not None and self.veto(token):
            return False
        return self.grammar is None or self.grammar.allows(token)

    def _rule_out(self, candidates: Candidates) -> Candidates | None:
        """What is left of `candidates`; None for nothing."""
        if self.grammar is not None:
            self.grammar.filter(candidates)
        possible = candidates.possible
        if self.veto is not None:
            possible &= np.array([not self.veto(token) for token in candidates.tokens.tolist()])
        if not possible.any():
            return None
        return Candidates(candidates.tokens[possible], candidates.scores[possible])

    def _reported(self, token: int, scores: Scores) -> Choice:
        if self._n_alternatives is None:
            return Choice(token)
        logprobs = _log_softmax(scores)
        n = self._n_alternatives
        top = np.argpartition(logprobs, -n)[-n:] if n else np.empty(0, np.int64)
        top = top[np.argsort(-logprobs[top], kind="stable")]
        alternatives = tuple(TokenScore(int(t), float(logprobs[t])) for t in top)
        return Choice(token, TokenScore(token, float(logprobs[token])), alternatives)


def _log_softmax(scores: Scores) -> Scores:
    shifted = scores - scores.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), np.float32)
