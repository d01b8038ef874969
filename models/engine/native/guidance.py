"""llguidance, typed: which tokens may follow in a text that obeys a grammar. Only this file uses it.

All work has limits: a grammar that is too large is refused, and a step that takes too much work is an error of that
answer alone.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from time import monotonic, perf_counter
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from models.engine.grammar.schema import place_of, unsupported
from models.engine.grammar.source import OBJECT, GrammarSource, SchemaPart, schema_source
from models.engine.native.llama import Model
from models.wire.errors import ExtraMissingError, RequestError

MAX_GRAMMAR_CHARS = 500_000

MAX_CACHED = 16
"""Compiled grammars that are kept for the next request."""

TIME_LIMIT_S = 20.0
"""Time that the grammar of one answer may take, over all its tokens; one token takes some 0.1 ms as a rule."""

MAX_LEXER_STATES = 50_000
"""Of one grammar, over all answers that share it; each takes one or two kilobytes."""

MAX_GRAMMAR_SYMBOLS = 200_000

COMPILE_THREADS = 2
COMPILE_STACK_BYTES = 256 * 1024 * 1024

_DEAD_ENDS = ("", "NoExtension", "NoExtensionBias")
_OUR_PLACE = re.compile(r"^at \d+\(\d+\): (failed to compile JSON schema: )?")
_OPTION = re.compile(r" Enable '\w+' option[^.]*\.?")
"""llguidance's own settings, which nobody here can reach."""

_KEYWORDS = {"Unknown format": "format", "regex parse error": "pattern", "oneOf": "oneOf"}
"""Words of llguidance's messages, and the keyword that they are about."""

_UNIMPLEMENTED = re.compile(r'Unimplemented keys: \["([^"]*)"')


class Grammar:
    """Follows one answer, token by token; the parameters are `CompiledGrammar`'s."""

    def __init__(self, matcher: Any, n_vocab: int, where: str, on_failure: Callable[[], None]) -> None:
        self._matcher = matcher
        self._n_vocab = n_vocab
        self._bits = np.zeros((n_vocab + 31) // 32, np.int32)
        self._spent_s = 0.0
        self._where = where
        self._on_failure = on_failure

    @property
    def complete(self) -> bool:
        """Whether the text is complete and nothing more may follow."""
        return bool(self._matcher.is_stopped())

    def allowed(self) -> npt.NDArray[np.bool_]:
        """Of each token of the vocabulary, whether it may come next.

        Raises
        ------
        RequestError
            If that is too much work, or no token may come next.
        """
        started = perf_counter()
        self._matcher.unsafe_compute_mask_ptr(self._bits.ctypes.data, self._bits.nbytes)
        self._check(started)
        return np.unpackbits(self._bits.view(np.uint8), count=self._n_vocab, bitorder="little").view(np.bool_)

    def accept(self, token: int) -> None:
        """Advance by a token that is allowed.

        Raises
        ------
        RequestError
            If that is too much work.
        """
        started = perf_counter()
        self._matcher.consume_token(token)
        self._check(started)

    def _check(self, started: float) -> None:
        self._spent_s += perf_counter() - started
        if self._matcher.is_error():
            self._on_failure()
            raise unsupported(self._where, f"an answer could not be followed any further ({_reason(self._matcher)})")
        if self._spent_s > TIME_LIMIT_S:
            raise unsupported(self._where, f"to follow the answer took more than {TIME_LIMIT_S:g} s in all")


@dataclass(frozen=True, slots=True)
class CompiledGrammar:
    """A grammar that any number of answers may follow.

    Attributes
    ----------
    matcher : LLMatcher
        At the beginning.
    where : str
        The field of the request that asked for it.
    on_failure : callable
        Called when an answer cannot follow it any further.
    """

    matcher: Any
    n_vocab: int
    where: str
    on_failure: Callable[[], None]

    def begin(self) -> Grammar:
        """The grammar for one answer."""
        return Grammar(self.matcher.deep_copy(), self.n_vocab, self.where, self.on_failure)


def compile_threads() -> ThreadPoolExecutor:
    """Threads for `GrammarCompiler.compile`. llguidance follows references recursively, so they have a large stack."""
    threads = ThreadPoolExecutor(COMPILE_THREADS, "grammar")
    previous = threading.stack_size(COMPILE_STACK_BYTES)
    try:
        barrier = threading.Barrier(COMPILE_THREADS)
        list(threads.map(lambda _: barrier.wait(), range(COMPILE_THREADS)))  # starts all of them
    finally:
        threading.stack_size(previous)
    return threads


class GrammarCompiler:
    """Compiles grammars for one model, and keeps them. Safe to use from several threads.

    Raises
    ------
    ExtraMissingError
        From `compile`, if llguidance is not installed.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._started: set[float] = set()
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Any] = OrderedDict()

    @property
    def busy_since(self) -> float | None:
        """When the longest compilation in progress began, on the monotonic clock; None if there is none."""
        with self._lock:
            return min(self._started, default=None)

    def compile(self, source: GrammarSource) -> "CompiledGrammar":
        """Compile `source`. It may take seconds, and much of the stack: for `compile_threads` only.

        Raises
        ------
        RequestError
            If llguidance cannot enforce the grammar, or it takes too much work; the error names the schema.
        """
        matcher = self._matcher(source)
        if matcher.is_error():
            source = source.with_parts(list(self._usable(source)))
            matcher = self._matcher(source)
        if matcher.is_error():
            raise unsupported(source.where, _reason(matcher))
        return CompiledGrammar(matcher, self._model.n_vocab, source.where, partial(self._forget, source.text))

    def _usable(self, source: GrammarSource) -> Iterator[SchemaPart]:
        """The schemas that can be compiled; in place of a lenient one that cannot, any object."""
        for part in source.parts:
            matcher = self._matcher(schema_source(part))
            if matcher.is_error() and not part.lenient:
                raise _refusal(part, _reason(matcher))
            yield SchemaPart(OBJECT, part.where) if matcher.is_error() else part

    def _matcher(self, source: GrammarSource) -> Any:
        text = source.text
        if len(text) > MAX_GRAMMAR_CHARS:
            raise unsupported(source.where, f"as a grammar it has more than {MAX_GRAMMAR_CHARS} characters")
        with self._lock:
            kept = self._kept.pop(text, None)
        if kept is None:
            kept = self._timed_matcher(text)
        with self._lock:
            self._kept[text] = kept
            while len(self._kept) > MAX_CACHED:
                self._kept.popitem(last=False)
        return kept

    def _timed_matcher(self, text: str) -> Any:
        started = monotonic()
        with self._lock:
            self._started.add(started)
        try:
            return self._new_matcher(text)
        finally:
            with self._lock:
                self._started.discard(started)

    def _new_matcher(self, text: str) -> Any:
        """A matcher at the beginning; in a state of error if the grammar is refused, or allows no first token."""
        guidance = _library()
        limits = guidance.LLParserLimits(
            max_lexer_states=MAX_LEXER_STATES, max_grammar_size=MAX_GRAMMAR_SYMBOLS, verbose_errors=False
        )
        matcher = guidance.LLMatcher(self._tokenizer, text, log_level=0, limits=limits)
        trial = matcher.deep_copy()
        trial.compute_bitmask()
        return trial if trial.is_error() else matcher

    @cached_property
    def _tokenizer(self) -> Any:
        """The model's vocabulary for llguidance. It takes up to a second to make."""
        from llguidance.llamacpp import lltokenizer_from_vocab

        return lltokenizer_from_vocab(self._model.vocabulary, eos_token=sorted(self._model.end_tokens))

    def _forget(self, text: str) -> None:
        """Compile the grammar anew next time: answers share what they find out about it, up to a limit."""
        with self._lock:
            self._kept.pop(text, None)


def _library() -> ModuleType:
    try:
        import llguidance
    except ModuleNotFoundError as exc:
        raise ExtraMissingError("grammars of the built-in engine", "local") from exc
    assert isinstance(llguidance, ModuleType)
    return llguidance


def _reason(matcher: Any) -> str:
    """The message of llguidance on one line, without the place in our grammar and the picture of a pattern."""
    first, *others = str(matcher.get_error()).strip().split("\n")
    detail = next((f" {line.strip()}" for line in others if line.startswith("error:")), "")
    return "no text fits it" if first in _DEAD_ENDS else _OPTION.sub("", _OUR_PLACE.sub("", first)) + detail


def _refusal(part: SchemaPart, reason: str) -> RequestError:
    unimplemented = _UNIMPLEMENTED.search(reason)
    named = (keyword for words, keyword in _KEYWORDS.items() if words in reason)
    keyword = unimplemented.group(1) if unimplemented else next(named, "")
    return unsupported(place_of(part.schema, keyword, part.where), reason)
