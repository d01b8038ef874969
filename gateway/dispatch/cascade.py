"""The cascade (a "second look"): the local model begins, and the confidence of its first tokens decides who answers.

Only for requests that the score alone keeps local, and only just. Their first tokens are held back. Sure enough, they
are passed on, and the answer goes on from there; otherwise the generation is cancelled, and the cloud is asked before
the caller has got a byte. Each second look delays the first byte, so there is none unless the configuration says so, or
the exam of the local model showed that it pays. Then the score of the answer that has begun is compared with the
threshold, as the prompt's was.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from gateway.config.sections.routing import SecondLookSettings
from gateway.dispatch.cascade_judge import Judge
from gateway.dispatch.local import LocalSide
from gateway.ledger.cascade_result import CascadeResult
from gateway.record.request_record import RequestRecord
from gateway.scoring.active_classifier import ActiveClassifier
from models.wire.backend import Answerer, Completion
from models.wire.chat import COMPLETIONS, ChatRequest
from models.wire.collect_stream import collect_stream
from models.wire.sse import DONE
from models.wire.stream import ChatStream
from models.wire.token_estimates import prompt_tokens_guess
from router.confidence import CascadeVerdict, confidence
from router.decision import Feature, Prompt, Reason, Route, RoutingDecision
from router.policy import LocalCapabilities

logger = logging.getLogger(__name__)

T = TypeVar("T", Completion, ChatStream)

BAND_OF_THRESHOLD = 0.5
"""Unless configured: a score of at least so much of the threshold gets a second look, where that pays."""

ALTERNATIVES = 5
"""Tokens beside each chosen one whose probabilities a server is asked for, as the exam asks."""

COUNT_S = 0.5
"""Longest wait for the count of the prompt's tokens; only the ledger needs it."""


class Unsure(Exception):
    """The local model's first tokens were not confident enough. Its generation is cancelled, and nothing was sent."""


class Cascade:
    """Says which local answers get a second look, and takes it.

    Parameters
    ----------
    settings : SecondLookSettings
        How it is taken; a band of 0 means never.
    classifier : ActiveClassifier
        Its artifact knows what the exam of the local model showed.
    """

    def __init__(self, settings: SecondLookSettings, classifier: ActiveClassifier) -> None:
        self._warned = False
        self._classifier = classifier
        self.configure(settings)

    def configure(self, settings: SecondLookSettings) -> None:
        """Take second looks by `settings` from here on."""
        self.settings = settings

    def wanted(
        self, request: ChatRequest, prompt: Prompt, decision: RoutingDecision, local: LocalCapabilities | None
    ) -> bool:
        """Whether the first tokens of the local answer to `request` should be looked at, and can be."""
        return (
            decision.route is Route.LOCAL
            and decision.reason is Reason.SCORE
            and decision.score >= decision.threshold - self._band(decision.threshold)
            and suits(request, prompt)
            and local is not None
            and self._tells_probabilities(local)
        )

    def before(
        self,
        call: Callable[[Answerer], Awaitable[T]],
        record: RequestRecord,
        local: LocalSide,
        prompt: Prompt,
        decision: RoutingDecision,
    ) -> Callable[[Answerer], Awaitable[T]]:
        """`call` with a second look: raises `Unsure` if the first tokens speak against the answer."""
        judge = self._judge(prompt, decision)
        return lambda answerer: call(CascadedBackend(answerer, self.settings.n_tokens, judge, record, local))

    def _band(self, threshold: float) -> float:
        """How far below `threshold` a score gets a second look."""
        if self.settings.band is not None:
            return self.settings.band
        begun = self._classifier.artifact.begun
        return BAND_OF_THRESHOLD * threshold if begun is not None and begun.pays else 0.0

    def _judge(self, prompt: Prompt, decision: RoutingDecision) -> Judge:
        """By the least confidence if one is configured, else by what the exam taught; without it nothing is unsure."""
        artifact, least = self._classifier.artifact, self.settings.least_confidence
        if least is not None or artifact.begun is None:
            return Judge(least or 0.0)
        match = artifact.match(prompt)
        return Judge(0.0, artifact.begun, decision, 0.0 if match is None else match.likeness)

    def _tells_probabilities(self, local: LocalCapabilities) -> bool:
        tells = Feature.LOGPROBS in local.features
        if not tells and not self._warned:
            self._warned = True
            logger.warning(
                "no second look: the local model tells no token probabilities; if the server at local.base_url can, "
                'set local.features to all it does, "logprobs" among it'
            )
        return tells


def suits(request: ChatRequest, prompt: Prompt) -> bool:
    """Whether the confidence of the first tokens means anything for `request`.

    Under a grammar, with tools or with biased tokens they are not the model's own choice; several answers have several
    beginnings; and a text completion may go to the server in its own shape, where probabilities look otherwise.
    """
    if request.sub_requests or (request.native is not None and request.native.path == COMPLETIONS):
        return False
    return prompt.needs <= {Feature.LOGPROBS}


class CascadedBackend:
    """A local model whose first tokens are held back and judged. For one request."""

    def __init__(
        self, answerer: Answerer, n_tokens: int, judge: Judge, record: RequestRecord, local: LocalSide
    ) -> None:
        self._answerer = answerer
        self._n_tokens = n_tokens
        self._judge = judge
        self._record = record
        self._local = local

    @property
    def model(self) -> str:
        return self._answerer.model

    async def chat(self, request: ChatRequest) -> Completion:
        """Answer in one piece, collected from a stream: only a stream shows the first tokens early."""
        streamed = replace(request, body={**request.body, "stream": True}, stream=True, include_usage=True)
        stream = await self.stream(streamed)
        try:
            return await collect_stream(stream)
        finally:
            await stream.aclose()

    async def stream(self, request: ChatRequest) -> ChatStream:
        """Answer piece by piece; returns once the first tokens are confident enough; the stream begins with them."""
        started = time.perf_counter()
        stream = await self._answerer.stream(telling(request, self._n_alternatives))
        try:
            found = await self._hold_back(stream)
            score = self._judge.score(stream.first_tokens)
            verdict = self._judge.verdict(found, score)
            result = CascadeResult(verdict, found, _ms_since(started), self.model, score=score)
            self._record.cascade_result = result
            if result.verdict is CascadeVerdict.ESCALATED:
                await stream.aclose()  # at once: each token more is wasted
                result.completion_tokens = len(stream.logprobs)
                told = stream.usage.prompt_tokens if stream.usage else 0
                result.prompt_tokens = told or await self._count(request)
                raise Unsure
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def _hold_back(self, stream: ChatStream) -> float | None:
        """The confidence of the first tokens, or of all if the answer is shorter; they are put back into `stream`."""
        wanted = self._n_tokens
        held: list[list[bytes]] = []
        async for events in stream:
            held.append(events)
            # A server that tells nothing, against its word, must not hold up the whole answer.
            if (len(stream.logprobs) or stream.tokens_seen) >= wanted or events == [DONE]:
                break
        stream.put_back(held)
        return confidence(stream.logprobs[:wanted])

    @property
    def _n_alternatives(self) -> int:
        """Of each token that must be told: our own engine tells what the exam's judge needs anyway."""
        local = self._local.capabilities
        return 0 if self._judge.begun is None or (local is not None and local.marks_calls) else ALTERNATIVES

    async def _count(self, request: ChatRequest) -> int:
        try:
            async with asyncio.timeout(COUNT_S):
                counted = await self._local.count_tokens(request)
        except TimeoutError:
            counted = None
        return prompt_tokens_guess(request) if counted is None else counted


def telling(request: ChatRequest, n_alternatives: int) -> ChatRequest:
    """The request as a chat with log-probabilities; the caller sees them only if the request asked for them."""
    body = {**request.body, "logprobs": True}
    if n_alternatives and not body.get("top_logprobs"):
        body["top_logprobs"] = n_alternatives
    return replace(request, body=body, native=None, hide_logprobs=not request.body.get("logprobs"))


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
