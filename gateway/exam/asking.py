"""Asks one item after the other, as the sitting chooses them, and grades the answers."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from gateway.exam.answering import answer, check, refused
from gateway.exam.manners import FIRST_WAIT_S, LONGEST_WAIT_S, GaveWay, Hold, gave_way
from models.redaction.server_words import CONTEXT_LENGTH
from models.wire.backend import Answerer
from models.wire.errors import BackendError, BackendRejected, BackendUnavailable, RateLimited
from router.exam.catalogue import item
from router.exam.graded import Graded, ItemKey
from router.exam.item import Item

logger = logging.getLogger(__name__)

RETRY_PAUSES_S = (0.5, 2.0, 8.0)
"""Before each further try of an item that the server did not answer."""

LONGEST_RETRY_PAUSE_S = 60.0
MOST_FAILURES = 20
"""After so many failures in a row the exam has failed."""


class ExamFailed(Exception):
    """The model does not answer; the message says why."""


class Chooser(Protocol):
    """Chooses items: `router.exam.sitting.Sitting`."""

    def next(self) -> ItemKey | None:
        """The next item; None if none is needed for now. It is pending until it is recorded or given back."""
        ...

    def record(self, graded: Graded) -> None:
        """Take the answer to a pending item into account."""
        ...

    def give_back(self, key: ItemKey) -> None:
        """A pending item was not answered."""
        ...


class Asker:
    """Asks items of one model, and has patience with callers and with failures.

    Parameters
    ----------
    logprobs : bool
        Whether to ask for the probabilities of tokens.
    hold : Hold
        Says when to wait for callers.
    most_requests : int or None
        How many requests may be sent in all; None for any number.
    n_requests : int
        How many of them were sent already.

    Attributes
    ----------
    n_requests : int
        Requests sent so far.
    trouble : str or None
        Why the last request was not answered; None if it was.
    """

    def __init__(
        self,
        backend: Answerer,
        *,
        logprobs: bool,
        hold: Hold,
        most_requests: int | None = None,
        n_requests: int = 0,
    ) -> None:
        self.n_requests = n_requests
        self._backend = backend
        self._logprobs = logprobs
        self._hold = hold
        self._most_requests = most_requests
        self._n_failures = 0
        self.trouble: str | None = None

    @property
    def may_ask(self) -> bool:
        """Whether another request may be sent."""
        return self._most_requests is None or self.n_requests < self._most_requests

    async def grade(self, key: ItemKey) -> Graded | None:
        """Ask the item; None if the server does not answer it, or no request is left for it.

        Raises
        ------
        ExamFailed
            If the server has answered nothing for a long time.
        """
        asked, pauses_s, wait_s = item(key), list(RETRY_PAUSES_S), FIRST_WAIT_S
        while self.may_ask:
            await self._hold.until_free()
            began = time.monotonic()
            try:
                self.n_requests += 1
                answered = await self._hold.unless_held(answer(self._backend, asked, logprobs=self._logprobs))
            except GaveWay:
                continue
            except BackendError as exc:
                if gave_way(exc):
                    self.n_requests -= 1  # nobody pays for it
                    await asyncio.sleep(wait_s)
                    wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                    continue
                if isinstance(exc, BackendRejected) and _cannot(exc, asked):
                    return refused(asked, key, time.monotonic() - began)
                self._failed(exc)
                if not pauses_s or isinstance(exc, BackendRejected):
                    return None
                await asyncio.sleep(_pause_s(exc, pauses_s.pop(0)))
            else:
                self._n_failures, self.trouble = 0, None
                return answered.graded(key, passed=await check(asked, answered.answer))
        return None

    def _failed(self, exc: BackendError) -> None:
        self._n_failures += 1
        self.trouble = f"{exc} ({self._n_failures} times in a row; {MOST_FAILURES} end the exam)"
        logger.debug("an item of the exam was not answered: %s", exc)
        if self._n_failures >= MOST_FAILURES:
            raise ExamFailed(f"the model did not answer {MOST_FAILURES} times in a row; the last time: {exc}") from exc


async def examine(sitting: Chooser, asker: Asker, at_once: int, graded: Callable[[Graded], Awaitable[None]]) -> None:
    """Ask until `sitting` wants no more, or no more requests may be sent.

    Parameters
    ----------
    at_once : int
        How many items are asked at the same time.
    graded : callable
        Told of each answer, after the sitting.

    Raises
    ------
    ExamFailed
        If the server has answered nothing for a long time.
    """
    pending: dict[asyncio.Task[Graded | None], ItemKey] = {}
    try:
        while True:
            while len(pending) < at_once and asker.may_ask and (key := sitting.next()) is not None:
                pending[asyncio.create_task(asker.grade(key))] = key
            if not pending:
                return
            done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                key, result = pending.pop(task), task.result()
                if result is None:
                    sitting.give_back(key)
                else:
                    sitting.record(result)
                    await graded(result)
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def _cannot(exc: BackendRejected, asked: Item) -> bool:
    """Whether a refusal means that this model cannot do it: the prompt is too long for it, or it knows no tools."""
    return exc.code == CONTEXT_LENGTH or bool(asked.tools)


def _pause_s(exc: BackendError, pause_s: float) -> float:
    """The pause before the next try: what the server asks for, if that is longer."""
    told = exc.retry_after_s if isinstance(exc, BackendUnavailable | RateLimited) else None
    return min(max(pause_s, told or 0.0), LONGEST_RETRY_PAUSE_S)
