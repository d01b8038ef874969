"""One loaded model that answers requests: connects the HTTP server with the scheduler's thread."""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from math import inf

import numpy as np

from models.engine.grammar.schema import unsupported
from models.engine.grammar.source import GrammarSource
from models.engine.loading.loading import Loaded, llama_cpp_version
from models.engine.native.guidance import CompiledGrammar, GrammarCompiler, compile_threads
from models.engine.native.llama import Model, system_info
from models.engine.native.machine import resident_bytes
from models.engine.native.samplers import Sampler
from models.engine.options import EngineInfo, EngineOptions, FlashAttention, PromptLookup
from models.engine.prompt.prompter import Prompter
from models.engine.prompt.template import Template
from models.engine.prompt.tool_calls import ToolCallReader
from models.engine.request.chat import ChatJob
from models.engine.request.preparations import Preparations
from models.engine.request.prompts import CompletionJob, Prompt
from models.engine.request.sampling import SamplingParams, build_sampler
from models.engine.scheduling.embeddings import CHUNK_TOKENS, EmbeddingContext, Pooling, Vector, normalise
from models.engine.scheduling.generation import Event, Generation
from models.engine.scheduling.metrics import EngineMetrics
from models.engine.scheduling.parked import Parking
from models.engine.scheduling.prompt_lookup import CopyLookup
from models.engine.scheduling.scheduler import Scheduler, SchedulerOutput
from models.engine.scheduling.speeds import Speeds
from models.engine.scheduling.token_selection import TokenSelector
from models.wire.errors import ContextLengthError, RequestError

logger = logging.getLogger(__name__)

COMPILE_TIME_LIMIT_S = 10.0
"""Longest that a request waits for its grammar; most take a millisecond."""

MAX_TOKEN_CHARS = 16
"""Characters that a token has at most on average, in any language."""

IndexedEvent = tuple[int, Event]


class AnswerEvents:
    """The events of one request in order of arrival, each with the index of its choice."""

    def __init__(self) -> None:
        self._events: deque[IndexedEvent] = deque()
        self._arrived = asyncio.Event()

    def put(self, index: int, event: Event) -> None:
        """Append one event; on the event loop's thread."""
        self._events.append((index, event))
        self._arrived.set()

    async def take(self) -> list[IndexedEvent]:
        """Wait for an event, and return all that have arrived."""
        await self._arrived.wait()
        self._arrived.clear()
        events = list(self._events)
        self._events.clear()
        return events


class Engine:
    """Answers requests with one model. It must be made on the event loop that takes its events.

    Parameters
    ----------
    on_fatal : callable
        Called on the event loop when the process must be restarted.

    Attributes
    ----------
    max_parallel : int
        Answers that one request may submit at a time: half of all places, so that others find room.
    """

    def __init__(
        self,
        loaded: Loaded,
        template: Template | None,
        options: EngineOptions,
        info: EngineInfo,
        on_fatal: Callable[[str], None],
    ) -> None:
        self.info = info
        self.fingerprint = fingerprint(info)
        self.metrics = EngineMetrics()
        self._embedding_context: EmbeddingContext | None = None
        self._embedding_lock = asyncio.Lock()
        self._model = loaded.model
        self._looks_up = looks_up(loaded.model, options)
        self._prompter = Prompter(loaded.model, template)
        self._compiler = GrammarCompiler(loaded.model)
        self._compiling = compile_threads()
        self.preparations = Preparations()
        self._loop = asyncio.get_running_loop()
        self.max_parallel = max(1, (loaded.memory.n_answers + options.max_queue) // 2)
        self._on_fatal = on_fatal
        self.scheduler = Scheduler(
            loaded.model,
            loaded.context,
            max_sequences=loaded.memory.n_answers,
            max_queue=options.max_queue,
            max_gap_s=options.max_gap_s,
            reading_tokens_per_s=loaded.reading_tokens_per_s,
            parking=_parking(loaded, options),
            speeds=Speeds(
                options.reads_per_s or loaded.reading_tokens_per_s, options.writes_per_s or loaded.writing_tokens_per_s
            ),
            metrics=self.metrics,
            deliver=self._deliver,
            on_fatal=self._report_fatal,
        )
        self.scheduler.start()

    @property
    def stalled_s(self) -> float:
        """For how long it has made no progress with what it has to do, in seconds; 0 while it does."""
        return max(self.scheduler.stalled_s, self.preparations.stalled_s)

    @property
    def expected_wait_s(self) -> float:
        """How long a request that arrives now would probably wait for its first step."""
        return self.scheduler.expected_wait_s + self.preparations.stalled_s

    @property
    def can_chat(self) -> bool:
        """Whether the model has a chat template."""
        return self._prompter.can_chat

    def prompt_tokens(self, job: ChatJob) -> list[int]:
        """The prompt as tokens. It takes milliseconds, more for long prompts: not for the event loop.

        Raises
        ------
        RequestError, TemplateError
        """
        return self._prompter.chat_tokens(job.messages, job.toolbox, job.template_variables)

    async def prepare(self, job: ChatJob) -> list[Generation]:
        """The generations that answer `job`, not yet submitted.

        Raises
        ------
        RequestError, TemplateError
        """
        source = job.rules(self._prompter.calls, self._prompter.tag)
        rules = None if source is None else await self._compile(source)
        return await self.preparations.run(partial(self._generations, job, rules))

    async def _compile(self, source: GrammarSource) -> CompiledGrammar:
        """Compile in threads of their own: others of this process must not wait for those."""
        try:
            async with asyncio.timeout(COMPILE_TIME_LIMIT_S):
                return await self._loop.run_in_executor(self._compiling, self._compiler.compile, source)
        except TimeoutError:
            reason = f"to make a grammar of it takes more than {COMPILE_TIME_LIMIT_S:g} s"
            raise unsupported(source.where, reason) from None

    @property
    def compiling_since(self) -> float | None:
        """When the longest compilation in progress began, on the monotonic clock; None if there is none."""
        return self._compiler.busy_since

    def _generations(self, job: ChatJob, rules: CompiledGrammar | None) -> list[Generation]:
        prompt = self.prompt_tokens(job)
        max_new = self.max_answer_tokens(len(prompt), job.max_tokens)
        return [self._generation(job, prompt, max_new, index, rules) for index in range(job.n)]

    def prepare_completion(self, job: CompletionJob) -> list[Generation]:
        """The generations that answer `job`: `n` for the first prompt, then for the next. Not for the event loop.

        Raises
        ------
        RequestError
        """
        generations = []
        for prompt in job.prompts:
            tokens = self._tokens(prompt, "prompt")
            max_new = self.max_answer_tokens(len(tokens), job.max_tokens, "prompt")
            for index in range(job.n):
                selector = TokenSelector(self._chain(job.sampling, index), None, job.n_alternatives)
                lookup = self._lookup(tokens, max_new)
                generations.append(
                    Generation(prompt=tokens, max_new=max_new, selector=selector, stops=job.stops, lookup=lookup)
                )
        return generations

    async def embed(self, prompt: Prompt) -> tuple[Vector, int]:
        """The embedding of one text, and its number of tokens.

        Raises
        ------
        RequestError, GenerationFailed, EngineBusy
        """
        tokens = await self.preparations.run(partial(self._tokens, prompt, "input"))
        with self.scheduler.caller():
            return await self._embed(tokens)

    async def _embed(self, tokens: Sequence[int]) -> tuple[Vector, int]:
        async with self._embedding_lock:
            context = await asyncio.wrap_future(self.scheduler.call(self._get_embedding_context))
            if len(tokens) > context.n_ctx:
                raise ContextLengthError(
                    f"The input has {len(tokens)} tokens; embeddings take up to {context.n_ctx}.", param="input"
                )
            pooling, pooled = Pooling.declared_by(self._model), np.zeros(self._model.n_embd, np.float32)
            for start in range(0, len(tokens), CHUNK_TOKENS):
                embed_chunk = partial(context.embed_chunk, tokens[start : start + CHUNK_TOKENS], start)
                vectors = await asyncio.wrap_future(self.scheduler.call(embed_chunk))
                pooled = pooling.add(pooled, vectors, start)
        return normalise(pooled), len(tokens)

    def _get_embedding_context(self) -> EmbeddingContext:
        if self._embedding_context is None:
            self._embedding_context = EmbeddingContext(self._model, n_threads=self.info.n_threads)
        return self._embedding_context

    def _tokens(self, prompt: Prompt, param: str) -> list[int]:
        if isinstance(prompt, str):
            return self._model.tokenize(prompt, add_special=True)
        if unknown := [token for token in prompt if not 0 <= token < self._model.n_vocab]:
            raise RequestError(
                f"Field '{param}' names the unknown token {unknown[0]}.", param=param, code="invalid_value"
            )
        return prompt

    def token_bytes(self, token: int) -> bytes:
        """The bytes of a token; of a control token, its name."""
        return self._model.piece(token) or self._model.text_of_special(token).encode()

    def max_answer_tokens(self, n_prompt: int, max_tokens: int | None, param: str = "messages") -> int:
        """The most tokens that the answer may have.

        Raises
        ------
        ContextLengthError
            If prompt and answer do not fit the context; neither is ever truncated.
        """
        n_ctx = self.info.n_ctx
        if n_prompt >= n_ctx:
            raise ContextLengthError(
                f"The prompt has {n_prompt} tokens, and this model's context of {n_ctx} leaves no room for an answer.",
                param=param,
            )
        if max_tokens is not None and n_prompt + max_tokens > n_ctx:
            raise ContextLengthError(
                f"prompt {n_prompt} + max_tokens {max_tokens} exceed n_ctx {n_ctx}: "
                f"shorten the prompt, or ask for at most {n_ctx - n_prompt} tokens.",
                param=param,
            )
        return max_tokens or n_ctx - n_prompt

    @contextmanager
    def submit(
        self, generations: Sequence[Generation], time_limit_s: float = inf, *, gives_way: bool = False, owner: str = ""
    ) -> Iterator[AnswerEvents]:
        """Start to generate; leaving the block cancels unfinished generations. They fail after `time_limit_s`.

        Those that `gives_way` also fail as soon as a caller comes. Those that wait begin by the shares of `owner`.

        Raises
        ------
        EngineBusy
        """
        events = AnswerEvents()
        for index, generation in enumerate(generations):
            generation.listener = partial(events.put, index)
            generation.deadline = generation.queued_at + time_limit_s
            generation.gives_way, generation.owner = gives_way, owner
        self.scheduler.submit(generations)
        try:
            yield events
        finally:
            self.scheduler.cancel(generations)

    def _generation(
        self, job: ChatJob, prompt: Sequence[int], max_new: int, index: int, rules: CompiledGrammar | None
    ) -> Generation:
        toolbox, grammar = job.toolbox, None if rules is None else rules.begin()
        begins_later = toolbox is not None and not toolbox.required
        generation = Generation(
            prompt=prompt,
            max_new=max_new,
            selector=TokenSelector(
                self._chain(job.sampling, index), None if begins_later else grammar, job.n_alternatives
            ),
            stops=job.stops,
            reader=ToolCallReader(self._prompter.calls) if toolbox else None,
            call_grammar=grammar if begins_later else None,
            lookup=self._lookup(prompt, max_new, job.prediction),
        )
        generation.veto_split_openings(self._model)
        return generation

    def _lookup(self, prompt: Sequence[int], max_new: int, prediction: str = "") -> CopyLookup | None:
        """A lookup for one answer. Of a prediction only as much is read as an answer may have."""
        if not self._looks_up:
            return None
        text = prediction[: MAX_TOKEN_CHARS * max_new]
        expected = self._model.tokenize(text, add_special=False, parse_special=False)[:max_new] if text else []
        return CopyLookup(prompt, max_new, expected, self._model.end_tokens)

    def _chain(self, sampling: SamplingParams, index: int) -> Sampler:
        n_vocab = self._model.n_vocab
        if unknown := [token for token in sampling.logit_bias if token >= n_vocab]:
            raise RequestError(
                f"Field 'logit_bias' names the token {unknown[0]}; this model has {n_vocab} tokens.",
                param="logit_bias",
                code="unsupported_value",
            )
        if sampling.seed is not None:
            sampling = replace(sampling, seed=sampling.seed + index)  # equal seeds would give equal answers
        return build_sampler(sampling, n_vocab, self.info.n_ctx)

    def close(self) -> None:
        """Stop the scheduler's thread."""
        self.preparations.close()
        self.scheduler.stop()
        self._compiling.shutdown(wait=False, cancel_futures=True)
        if self._embedding_context is not None:
            self._embedding_context.close()

    def _deliver(self, events: SchedulerOutput) -> None:
        self._loop.call_soon_threadsafe(_notify_listeners, events)

    def _report_fatal(self, message: str) -> None:
        self._loop.call_soon_threadsafe(self._on_fatal, message)


def _notify_listeners(events: SchedulerOutput) -> None:
    for generation, event in events:
        if not generation.cancelled:
            generation.listener(event)


def _parking(loaded: Loaded, options: EngineOptions) -> Parking:
    memory = loaded.memory
    return Parking.planned(
        memory.parked_bytes,
        token_bytes=max(1, memory.cells_bytes // memory.n_cells),
        weights_bytes=memory.weights_bytes,
        tokens_per_s=loaded.reading_tokens_per_s,
        skips_idle=options.flash_attention is not FlashAttention.OFF,
    )


def looks_up(model: Model, options: EngineOptions) -> bool:
    """Whether answers may be computed ahead.

    Not where wrong guesses cannot be taken out of the model's memory again, and not where answers must be equal to the
    last bit: how many tokens are computed together depends on how long steps take.
    """
    return options.prompt_lookup is PromptLookup.AUTO and model.can_share_prefixes and not options.deterministic


def make_info(loaded: Loaded, options: EngineOptions, features: frozenset[str]) -> EngineInfo:
    """What this engine reports about itself and its model."""
    model = loaded.model
    return EngineInfo(
        model=options.name,
        n_ctx=loaded.memory.n_ctx,
        features=features,
        n_cells=loaded.context.n_ctx,
        cells_bytes=loaded.memory.cells_bytes,
        planned_bytes=loaded.memory.total_bytes,
        resident_bytes=resident_bytes(),
        flash_attention=options.flash_attention,
        kv_cache_type=options.kv_cache_type,
        max_sequences=loaded.memory.n_answers,
        deterministic=options.deterministic,
        n_params=model.n_params,
        size_bytes=model.size_bytes,
        n_ctx_train=model.n_ctx_train,
        architecture=model.architecture,
        n_threads=loaded.n_threads,
        n_ubatch=loaded.n_ubatch,
        n_gpu_layers=loaded.n_gpu_layers,
        use_extra_bufts=loaded.use_extra_bufts,
        system_info=f"llama-cpp-python {llama_cpp_version()}: {system_info()}",
    )


def fingerprint(info: EngineInfo) -> str:
    """OpenAI's `system_fingerprint`: equal seeds may give other answers when it changes.

    It depends on the model, the build, and how the model is computed.
    """
    computation = f"{info.n_threads} {info.n_ubatch} {info.use_extra_bufts} {info.flash_attention} {info.kv_cache_type}"
    computation += " deterministic" if info.deterministic else ""
    setup = f"{info.model} {info.size_bytes} {info.system_info} {computation}"
    return f"fp_{hashlib.sha256(setup.encode()).hexdigest()[:12]}"
