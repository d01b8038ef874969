"""The exam that begins by itself: once the local model is idle, in a process of its own, by one worker at a time.

Of several gateways over one database one examines a model; the others take its marks over.
"""

import asyncio
import logging
import os
import time
from typing import Any

from gateway.config.sections.exam import ExamSettings
from gateway.config.settings import Settings
from gateway.dispatch.local import LocalSide
from gateway.exam.due import is_due
from gateway.exam.job import EXIT_DONE, EXIT_FAILED, EXIT_STOPPED
from gateway.exam.process import ExamProcess, job_for
from gateway.exam.sharing import SharedExams
from gateway.marks.examinee import Examinee
from gateway.marks.record import ExamFolder, ExamProgress, ExamState
from models.wire.errors import ModelError

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0

LOOK_FOR_CALLERS_S = 0.1
"""How often the callers of a server elsewhere are looked for while it is examined."""


class ExamDied(Exception):
    """The examining process ended in another way than it should; what it graded is kept."""


class BackgroundExam:
    """Examines the local model when it is new here and idle.

    Parameters
    ----------
    local : LocalSide or None
        The local model, as it answers callers.
    shared : SharedExams, optional
        What gateways over one database have in common.
    """

    def __init__(self, settings: Settings, local: LocalSide | None, shared: SharedExams | None = None) -> None:
        self._settings = settings
        self._exam: ExamSettings = settings.exam
        self._local = local
        self._shared = shared
        self._folder = ExamFolder(settings.state_dir)
        self._examinee: Examinee | None = None
        self._has_failed = False
        self._is_due_now: bool | None = None  # not known yet
        self._busy_at = 0.0

    def configure(self, settings: ExamSettings) -> None:
        """Go by other settings from the next examination on; one that is no longer wanted ends."""
        self._exam, self._is_due_now = settings, None

    @property
    def key(self) -> str | None:
        """The key of the model at hand; None until it is known."""
        return None if self._examinee is None else self._examinee.key

    def status(self) -> dict[str, Any]:
        """How the exam stands, for ``/v1/status``. It reads files."""
        progress = self._progress()
        shown = {**progress.to_json(), "state": self._state(progress)}
        del shown["n_requests"], shown["limits"]
        return shown

    async def run(self) -> None:
        """Examine whenever it is time to, until cancelled.

        Raises
        ------
        ExamDied
            If the examining process dies. Then call it again.
        """
        self._busy_at = time.monotonic()
        while self._local is not None:
            await self._identify(self._local)
            if self._is_due(self._local):
                await self._examine(self._local)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _identify(self, local: LocalSide) -> None:
        if self._examinee is not None or self._has_failed:
            return
        try:
            self._examinee = await asyncio.to_thread(self._folder.examinee, self._settings.local, local.model)
            if self._examinee is not None and (why := self._examinee.obstacle) is not None:
                logger.warning("the local model is not examined: %s", why)
                self._has_failed = True
        except ModelError as exc:
            logger.warning("the local model cannot be examined: %s", exc)
            self._has_failed = True

    def _is_due(self, local: LocalSide) -> bool:
        if not local.up or not local.is_known or local.n_callers:
            self._busy_at = time.monotonic()
            return False
        return time.monotonic() - self._busy_at >= self._exam.idle_s and self._is_wanted

    @property
    def _is_wanted(self) -> bool:
        if self._examinee is None or self._has_failed or not self._exam.enabled or self._folder.is_stopped:
            return False
        return self._is_due_now is not False

    async def _examine(self, local: LocalSide) -> None:
        assert self._examinee is not None
        if self._shared is None:
            await self._examine_here(local, self._examinee)
            return
        async with self._shared.turn(self._examinee.key) as is_mine:
            if is_mine:
                await self._shared.catch_up()  # with whoever had the turn before; not while the exam's lock is held
                await self._examine_here(local, self._examinee)

    async def _examine_here(self, local: LocalSide, examinee: Examinee) -> None:
        lock = await asyncio.to_thread(self._folder.lock, examinee.key)
        if lock is None:
            return
        try:
            await self._examine_alone(local, examinee, lock)
        finally:
            os.close(lock)

    async def _examine_alone(self, local: LocalSide, examinee: Examinee, lock: int) -> None:
        record = self._folder.record(examinee.key)
        self._is_due_now = await asyncio.to_thread(is_due, record, self._exam)
        if not self._is_due_now:  # done before, or by whoever had the lock
            return
        await asyncio.to_thread(record.begin, examinee, time.time())
        job = job_for(examinee, local, self._settings, self._exam)
        logger.info("the entrance exam of %s begins; it gives way to callers", examinee.name)
        async with ExamProcess(job, lock) as process:
            code = await self._follow(process, local)
        if code is None:
            return
        self._is_due_now = False if code == EXIT_DONE else None
        progress = record.progress
        if code == EXIT_DONE:
            told = progress.asked, progress.passed
            logger.info("the entrance exam of %s is done: %d items, %d passed", examinee.name, *told)
            if self._shared is not None:
                await self._shared.publish(examinee.key)
        elif code == EXIT_FAILED:
            self._has_failed = True  # the process has said why
        elif code != EXIT_STOPPED:
            raise ExamDied(f"the examining process ended with code {code}; what it graded is kept")

    async def _follow(self, process: ExamProcess, local: LocalSide) -> int | None:
        """The exit code; None if no exam is wanted any more. A server elsewhere is kept free for callers."""
        is_ours, held = local.socket_path is not None, False
        while self._exam.enabled:
            code = await process.ended(LOOK_EVERY_S if is_ours else LOOK_FOR_CALLERS_S)
            if code is not None:
                return code
            if not is_ours and held != bool(local.n_callers):
                held = not held
                process.tell("hold" if held else "go")
        return None

    def _progress(self) -> ExamProgress:
        examinee = self._examinee
        return ExamProgress() if examinee is None else self._folder.record(examinee.key).progress

    def _state(self, progress: ExamProgress) -> ExamState:
        if self._local is None or not self._exam.enabled:
            return ExamState.OFF
        if progress.state is ExamState.DONE:
            return ExamState.DONE
        if self._examinee is not None and self._folder.examined == self._examinee.key:
            return ExamState.RUNNING
        if self._folder.is_stopped:
            return ExamState.STOPPED
        return ExamState.FAILED if self._has_failed else ExamState.WAITING
