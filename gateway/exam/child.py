"""The examining process: asks the local model, grades its answers, writes them down.

It is always a child of the gateway, or of `slimgate exam`, and has its job as the first line of its standard input;
further lines are ``hold`` and ``go``: callers are being answered, or no longer. When standard input closes, the parent
is gone and this process ends. It may be killed at any time: each answer is on disk once it is graded.
"""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from gateway.dispatch.local_server import open_backend
from gateway.exam.asking import Asker, ExamFailed, examine
from gateway.exam.job import EXIT_DONE, EXIT_FAILED, EXIT_STOPPED, Job
from gateway.exam.manners import Hold
from gateway.marks.record import ExamFolder, ExamProgress, ExamState, Record
from models.engine.http.asgi import BACKGROUND_HEADER
from models.host.log_format import LineFormatter, log_uncaught
from models.host.private_files import OTHERS
from models.wire.errors import ModelError
from router.exam.catalogue import FAMILIES
from router.exam.graded import Graded
from router.exam.item import Family
from router.exam.sitting import Sitting

logger = logging.getLogger("slimgate.exam")

NICENESS = 19
FIRST_MARKS = 120
"""After so many answers there are marks for the first time."""

LOOK_EVERY_S = 0.5

BACKGROUND = {BACKGROUND_HEADER: "1"}
"""The built-in engine ends a request that carries it when a caller comes."""


def fit(record: Record, families: Mapping[str, Family], job: Job, *, is_complete: bool) -> None:
    """Make marks of the answers in `record`; `is_complete` at the end of the exam."""
    from gateway.exam.fitting import make_marks  # scikit-learn takes 95 MB, and is not needed to ask

    make_marks(record, families, max_failure_rate=job.max_failure_rate, at_once=job.at_once, is_complete=is_complete)


def main() -> int:
    """Do the job on standard input; returns the exit code."""
    os.nice(NICENESS)
    os.umask(OTHERS)
    job = Job.from_line(sys.stdin.readline())
    _log(as_json=job.log_json)
    return asyncio.run(_run(job))


async def _run(job: Job) -> int:
    hold, folder = Hold(), ExamFolder(Path(job.state_dir))
    threading.Thread(target=_listen, args=(hold, asyncio.get_running_loop()), name="parent watch", daemon=True).start()
    examination = Examination(job, folder.record(job.key), hold)
    running = asyncio.create_task(examination.run())
    while not (await asyncio.wait({running}, timeout=LOOK_EVERY_S))[0]:
        examination.report_now_and_then()
        if folder.is_stopped:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            examination.report(ExamState.STOPPED)
            return EXIT_STOPPED
    return running.result()


def _listen(hold: Hold, loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(hold.hold if line.strip() == "hold" else hold.go)
    os._exit(EXIT_STOPPED)


class Examination:
    """One examination, from the answers that are there already to the last one."""

    def __init__(self, job: Job, record: Record, hold: Hold) -> None:
        self._job = job
        self._record = record
        self._hold = hold
        answers = record.answers()
        self._n_answers, self._answers_s = len(answers), sum(answer.total_s for answer in answers)
        self._n_requests_before = record.progress.n_requests
        self._families = {name: family for name, family in FAMILIES.items() if name not in job.skipped}
        self._sitting = Sitting(
            self._families, answers, most_items=job.most_items, most_s=job.most_minutes * 60 * job.at_once
        )
        self._asker: Asker | None = None

    async def run(self) -> int:
        """Ask, grade and write down; returns the exit code."""
        self.report(ExamState.RUNNING)
        try:
            async with self._asking() as asker:
                await examine(self._sitting, asker, self._job.at_once, self._graded)
            await self._fit(is_complete=True)
        except (ExamFailed, ModelError) as exc:
            logger.warning("the entrance exam of the local model has failed, and goes on at the next start: %s", exc)
            self.report(ExamState.FAILED, trouble=str(exc))
            return EXIT_FAILED
        except OSError as exc:
            logger.warning("the entrance exam cannot write to %s: %s", self._record.folder, exc.strerror or exc)
            with contextlib.suppress(OSError):
                self.report(ExamState.FAILED, trouble=f"the state folder cannot be written: {exc.strerror or exc}")
            return EXIT_FAILED
        except Exception as exc:  # a defect: trying again and again would not help
            logger.exception("the entrance exam of the local model has failed")
            self.report(ExamState.FAILED, trouble=f"an unexpected error ({type(exc).__name__}); the log has more")
            return EXIT_FAILED
        self.report(ExamState.DONE)
        return EXIT_DONE

    def report_now_and_then(self) -> None:
        """Write down how far it has come, and what is in the way, once a second at most."""
        self._record.report(self._progress(ExamState.RUNNING))

    def report(self, state: ExamState, trouble: str | None = None) -> None:
        """Write down how far it has come."""
        self._record.report(self._progress(state, trouble), at_once=True)

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[Asker]:
        job = self._job
        backend = open_backend(job.server, BACKGROUND)
        self._asker = Asker(
            backend,
            logprobs=job.logprobs,
            hold=self._hold,
            most_requests=job.most_requests,
            n_requests=self._n_requests_before,
        )
        try:
            yield self._asker
        finally:
            await backend.aclose()

    async def _graded(self, graded: Graded) -> None:
        self._record.append(graded)
        self._n_answers, self._answers_s = self._n_answers + 1, self._answers_s + graded.total_s
        self._record.report(self._progress(ExamState.RUNNING))
        if self._sitting.progress.asked == FIRST_MARKS:
            await self._fit(is_complete=False)

    async def _fit(self, *, is_complete: bool) -> None:
        await asyncio.to_thread(fit, self._record, self._families, self._job, is_complete=is_complete)

    def _progress(self, state: ExamState, trouble: str | None = None) -> ExamProgress:
        told = self._sitting.progress
        return ExamProgress(
            state=state,
            asked=told.asked,
            passed=told.passed,
            expected=max(told.expected, told.asked),
            families_known=told.known,
            families=told.families,
            eta_s=0.0 if state is ExamState.DONE else self._eta_s(told.expected - told.asked),
            trouble=trouble or (None if self._asker is None else self._asker.trouble),
            n_requests=self._n_requests_before if self._asker is None else self._asker.n_requests,
            limits=self._job.limits,
        )

    def _eta_s(self, n_left: int) -> float | None:
        """By the mean time of an answer, so that pauses for callers do not count."""
        if not self._n_answers:
            return None
        return round(self._answers_s / self._n_answers * max(0, n_left) / self._job.at_once, 1)


def _log(*, as_json: bool) -> None:
    """Log to standard error, which is the parent's."""
    handler, formatter = logging.StreamHandler(), LineFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    formatter.datefmt, formatter.as_json = "%H:%M:%S", as_json
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    log_uncaught()


def _exit(code: int) -> None:
    """End at once, whatever a check's thread is at."""
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _exit(main())
