"""The examining process, seen from its parent."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress

from gateway.config.sections.exam import ExamSettings
from gateway.config.settings import Settings
from gateway.dispatch.local import LocalSide
from gateway.exam.due import limits_of
from gateway.exam.job import Job
from gateway.marks.examinee import Examinee
from gateway.record.logs import wants_json
from models.host.child_environment import PYTHON, bare_environment
from router.decision import Feature

COMMAND = (*PYTHON, "gateway.exam.child")

MOST_AT_ONCE = 8
"""Items that the built-in engine answers at the same time; a server elsewhere is asked one by one."""

END_S = 1.0
"""How long it may take to end when it is told to."""

_CONNECTING = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables without which a server elsewhere may not be reached."""

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""numpy's threads would spin beside the engine's."""


def job_for(examinee: Examinee, local: LocalSide, settings: Settings, exam: ExamSettings) -> Job:
    """The examination of `examinee`, which `local` answers for; `exam` is in force instead of that in `settings`."""
    capabilities = local.capabilities
    features = frozenset[Feature]() if capabilities is None else capabilities.features
    is_ours = local.socket_path is not None
    key = settings.local.api_key
    server = settings.local.model_copy(update={"base_url": local.address, "base_urls": None, "model": local.model})
    return Job(
        state_dir=str(settings.state_dir),
        key=examinee.key,
        local=server.model_dump(mode="json", exclude={"api_key"}),
        api_key=None if key is None else key.get_secret_value(),
        skipped=[] if Feature.TOOLS in features else with_tools(),
        logprobs=not is_ours and Feature.LOGPROBS in features,
        at_once=min(MOST_AT_ONCE, settings.local.max_sequences) if is_ours else 1,
        limits=limits_of(exam),
        most_items=exam.max_items,
        most_minutes=exam.max_minutes,
        most_requests=None if is_ours else exam.max_requests,
        max_failure_rate=exam.max_failure_rate,
        log_json=wants_json(settings.log),
    )


def with_tools() -> list[str]:
    """The families whose items have tools."""
    from router.exam.catalogue import FAMILIES  # many modules, which serving does not need

    return [name for name, family in FAMILIES.items() if family.item(1, family.languages[0], 0).tools]


class ExamProcess:
    """One examining process. Use as an asynchronous context: at its end the process is gone.

    Parameters
    ----------
    lock : int
        The file descriptor of the lock, which the process inherits: the lock is held until both have ended.
    """

    def __init__(self, job: Job, lock: int) -> None:
        self._job = job
        self._lock = lock
        self._child: Process | None = None

    async def __aenter__(self) -> "ExamProcess":
        self._child = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=PIPE,
            stdout=DEVNULL,
            pass_fds=(self._lock,),
            env=_environment(),
            start_new_session=True,  # Ctrl-C must reach only this process, which then ends the child in order
        )
        assert self._child.stdin is not None
        self._child.stdin.write(self._job.to_line())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        with suppress(ProcessLookupError):
            child.terminate()
        try:
            async with asyncio.timeout(END_S):
                await child.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._child is not None
        return self._child.pid

    async def ended(self, within_s: float) -> int | None:
        """Its exit code, if it ends within so many seconds."""
        assert self._child is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                return await self._child.wait()
        return None

    def tell(self, word: str) -> None:
        """Say ``hold`` or ``go``."""
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(f"{word}\n".encode())


def _environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """No secrets: the process runs what the model wrote, in a sandbox."""
    connecting = {name: value for name, value in environment.items() if name.upper() in _CONNECTING}
    return {**bare_environment(environment), **connecting, **_ONE_THREAD}
