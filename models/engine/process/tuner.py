"""Tries settings with a large model before it serves, in processes of their own, and remembers what came of each."""

import asyncio
import json
import logging
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from models.engine.loading.header import read_header
from models.engine.options import EngineOptions
from models.engine.process.probe_cache import ProbeCache
from models.engine.process.tuning import Setting, Trial, Tuning, TuningCache, is_tuned, next_setting, search_space
from models.host.child_environment import PYTHON, bare_environment

logger = logging.getLogger(__name__)

LIMIT_S = 120.0
"""Longest that all trials of one start may take; the rest is tried at the next start."""

TRIAL_LIMIT_S = 60.0
"""Longest that loading the model, or one trial, may take; then it counts as one that never ends."""

COMMAND = (*PYTHON, "models.engine.process.trial")


class Tuner:
    """Tries what was not tried yet. Somebody who waits for the model ends it at once; what was found stays.

    Parameters
    ----------
    options : EngineOptions
        The model; what they set is not tried in other ways.
    may_repack : bool
        False where repacked weights are known to crash.
    command : sequence of str
        Starts the process of the trials; one argument of JSON is appended.
    report : callable
        Told of every trial.
    """

    def __init__(
        self,
        options: EngineOptions,
        state_dir: Path,
        *,
        may_repack: bool,
        command: Sequence[str] = COMMAND,
        report: Callable[[str], None] = logger.info,
    ) -> None:
        self._options = options
        self._cache = TuningCache(state_dir, options)
        self._may_repack = may_repack
        self._command = command
        self._report = report
        self._child: Process | None = None
        self._repack: bool | None = None
        self._on_gpu = False

    async def tune(self, hurry: asyncio.Event, *, anew: bool = False) -> Tuning | None:
        """Try until everything is tried, or `hurry` is set; None if this model is not tuned.

        Parameters
        ----------
        anew : bool
            Forget earlier trials.

        Raises
        ------
        ModelLoadError
            If the file's header cannot be read.
        """
        if not is_tuned(self._options):
            return None
        space = search_space(
            self._options, await asyncio.to_thread(read_header, self._options.model_path), may_repack=self._may_repack
        )
        trials = [] if anew else [trial for trial in self._cache.trials() if not trial.disturbed]
        deadline = monotonic() + LIMIT_S
        try:
            while (setting := next_setting(space, trials)) and monotonic() < deadline:
                trial = await self._until(hurry, self._try(setting))
                if trial is None or self._on_gpu:
                    break
                trials.append(trial)
                self._cache.record(trials)
                self._report(f"tuning {self._options.name}: {describe(trial)}")
        finally:
            await self._end_child()
        return None if self._on_gpu else Tuning(space, trials)

    async def _until(self, hurry: asyncio.Event, trial: Any) -> Trial | None:
        """What `trial` returns; None if somebody is in a hurry first."""
        running, hurried = asyncio.ensure_future(trial), asyncio.ensure_future(hurry.wait())
        try:
            await asyncio.wait({running, hurried}, return_when=asyncio.FIRST_COMPLETED)
            if hurried.done():
                logger.info("tuning gives way to a caller and goes on at the next start")
                return None
            found: Trial = running.result()
            return found
        finally:
            for task in (running, hurried):
                task.cancel()
            await asyncio.gather(running, hurried, return_exceptions=True)

    async def _try(self, setting: Setting) -> Trial:
        try:
            async with asyncio.timeout(TRIAL_LIMIT_S):
                if self._child is None or self._repack is not setting.repack:
                    await self._start_child(setting.repack)
                    told = await self._answer()
                    self._on_gpu = bool(told.get("on_gpu"))
                    if not told.get("loaded"):
                        return await self._failed(setting, str(told.get("failure", "")), crashed=True)
                return await self._ask(setting)
        except TimeoutError:
            return await self._failed(setting, f"no result within {TRIAL_LIMIT_S:g} s", crashed=True)
        except (EOFError, OSError, ValueError):
            return await self._failed(setting, "", crashed=True)

    async def _ask(self, setting: Setting) -> Trial:
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(f"{json.dumps(asdict(setting))}\n".encode())
        await self._child.stdin.drain()
        told = await self._answer()
        if "failure" in told:
            return Trial(setting, failure=str(told["failure"]))
        return Trial(setting, float(told["reads"]), float(told["writes"]), disturbed=bool(told["disturbed"]))

    async def _answer(self) -> dict[str, Any]:
        assert self._child is not None
        assert self._child.stdout is not None
        line = await self._child.stdout.readline()
        if not line:
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _failed(self, setting: Setting, why: str, *, crashed: bool) -> Trial:
        code = await self._end_child()
        how = f"killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return Trial(setting, failure=why or how, crashed=crashed)

    async def _start_child(self, repack: bool) -> None:
        await self._end_child()
        options = self._options
        job = {
            "model_path": str(options.model_path),
            "repack": repack,
            "kv_cache_type": options.kv_cache_type,
            "n_gpu_layers": options.n_gpu_layers,
        }
        self._repack = repack
        self._child = await asyncio.create_subprocess_exec(
            *self._command,
            json.dumps(job),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=bare_environment(),
            start_new_session=True,
        )

    async def _end_child(self) -> int | None:
        """The exit code of the process of the trials, which is killed if it has not ended."""
        child, self._child = self._child, None
        if child is None:
            return None
        if child.stdout is not None and not child.stdout.at_eof():
            with suppress(ProcessLookupError):
                child.kill()
        return await child.wait()


def describe(trial: Trial) -> str:
    """One trial in words."""
    setting = trial.setting
    how = (
        f"repacking {'on' if setting.repack else 'off'}, flash attention {setting.flash_attention}, "
        f"micro-batch {setting.n_ubatch}, {setting.n_threads} threads"
    )
    if trial.failure:
        return f"{how}: {'crashes' if trial.crashed else 'fails'} ({trial.failure})"
    noise = " (other programs were busy)" if trial.disturbed else ""
    return f"{how}: reads {trial.reads:.0f}, writes {trial.writes:.1f} tokens a second{noise}"


def known_tuning(options: EngineOptions, state_dir: Path) -> Tuning | None:
    """What earlier starts found out; None for a model that is not tuned.

    Raises
    ------
    ModelLoadError
        If the file's header cannot be read.
    """
    if not is_tuned(options):
        return None
    space = search_space(options, read_header(options.model_path), may_repack=_may_repack(options, state_dir))
    return Tuning(space, TuningCache(state_dir, options).trials())


def run_tuning(options: EngineOptions, state_dir: Path, report: Callable[[str], None]) -> Tuning | None:
    """Tune anew, for callers without an event loop; None for a model that is not tuned.

    Raises
    ------
    ModelLoadError
        If the file's header cannot be read.
    """
    tuner = Tuner(options, state_dir, may_repack=_may_repack(options, state_dir), report=report)

    async def tune() -> Tuning | None:
        return await tuner.tune(asyncio.Event(), anew=True)

    return asyncio.run(tune())


def _may_repack(options: EngineOptions, state_dir: Path) -> bool:
    return ProbeCache(state_dir, options).use_extra_bufts
