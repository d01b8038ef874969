"""Starts, watches and restarts the engine process: a crash in native code costs a restart, not the gateway.

This process owns the listening socket; the child inherits it. While a child is being replaced, new connections wait in
the socket's queue instead of being refused.
"""

import asyncio
import json
import logging
import re
import secrets
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from time import monotonic

from models.engine.errors import EngineFailed
from models.engine.options import EngineInfo, EngineOptions
from models.engine.process.phase import Phase
from models.engine.process.probe_cache import ProbeCache
from models.engine.process.socket import listen_tcp, listen_unix
from models.engine.process.tuner import COMMAND as TRIAL_COMMAND
from models.engine.process.tuner import Tuner
from models.engine.process.tuning import with_trial
from models.host.child_environment import KEY_VARIABLE, PYTHON, bare_environment
from models.host.host_check import ANY_NAME, host_as_name
from models.redaction.plain_text import plain_text
from models.wire.errors import ModelError

logger = logging.getLogger(__name__)

CRASH_LOOP = 5
"""After so many deaths within `CRASH_WINDOW_S` the engine is given up: a restart does not help."""

CRASH_WINDOW_S = 300.0
FIRST_PAUSE_S, MAX_PAUSE_S = 0.1, 30.0
CHECK_INTERVAL_S = 1.0
SILENCE_GRACE_S = 15.0
"""A stuck child should end itself; if it is silent this much longer, it is killed."""

PORT_PATIENCE_S = 60.0
"""For how long a connection does not end the trials of a first start on a port."""

STOP_TIMEOUT_S = 10.0
KEPT_LOG_LINES = 20
MAX_LOG_LINE_CHARS = 1000

_NATIVE_ERROR = re.compile(r"[\w/.+-]+\.\w+:\d+: GGML_|Fatal Python error: |(?:CUDA|ggml)[\w ]* error")
"""Lines that native code prints when it aborts; they quote no request, so they may be logged."""

EXIT_LOST = 1
"""Stands for the exit code of a child that could not be started or followed."""

CRASH_SIGNALS = frozenset({signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE})


__all__ = ["EngineInfo", "EngineOptions", "EngineState", "EngineSupervisor"]


class EngineState(StrEnum):
    """The state of the engine, as the supervisor sees it."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


class EngineSupervisor:
    """Keeps one engine process running. It belongs to one event loop.

    Parameters
    ----------
    options : EngineOptions
        What to run.
    socket_path : Path, optional
        Unix socket to serve on.
    state_dir : Path
        The folder of the probe cache.
    tcp : tuple of str and int, optional
        Host and port to serve on instead of `socket_path`.
    allowed_hosts : sequence of str
        On TCP: host names that callers may use beside localhost, addresses, and the host of `tcp`.
    api_key : str, optional
        On TCP: the key that callers must send.
    command : sequence of str, optional
        Starts the child; one argument of JSON is appended.
    trial_command : sequence of str
        Starts the process that tries settings before the first child, where the model is tuned.

    Attributes
    ----------
    state : EngineState
    info : EngineInfo or None
        The engine's last report about itself. Until it is `probed`, more features may follow.
    restarts : int
        How often the process was restarted.
    last_error : str or None
        Why the process ended or failed to start, the last time it did.
    """

    def __init__(
        self,
        options: EngineOptions,
        socket_path: Path | None,
        state_dir: Path,
        *,
        tcp: tuple[str, int] | None = None,
        allowed_hosts: Sequence[str] = (),
        api_key: str | None = None,
        command: Sequence[str] | None = None,
        trial_command: Sequence[str] = TRIAL_COMMAND,
    ) -> None:
        self.state = EngineState.STOPPED
        self.info: EngineInfo | None = None
        self.restarts = 0
        self.last_error: str | None = None
        self._options = options
        self._socket_path, self._tcp = socket_path, tcp
        self._allowed_hosts, self._api_key = allowed_hosts, api_key
        self._state_dir = state_dir
        self._probe_cache = ProbeCache(state_dir, options)
        self._trial_command = trial_command
        self._hurry = asyncio.Event()
        self._use_extra_bufts = True
        self._repacking_crashed = False
        self._command = list(command or (*PYTHON, "models.engine"))
        self._ready_or_failed = asyncio.Event()
        self._listener: socket.socket | None = None
        self._child: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._deaths: deque[float] = deque()
        self._log_lines: deque[str] = deque(maxlen=KEPT_LOG_LINES)
        self._log_mark = ""
        self._phase = Phase.LOADING
        self._last_heartbeat = 0.0
        self._refusal: str | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child else None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the listening TCP socket."""
        assert self._listener is not None
        host, port = self._listener.getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Start the child; returns at once, long before the engine is ready.

        Raises
        ------
        EngineFailed
            If the address cannot be bound.
        """
        if self._task is not None:
            return
        self._listener = self._listen()
        self._use_extra_bufts = self._options.repack is not False and self._probe_cache.use_extra_bufts
        self.state = EngineState.STARTING
        self._ready_or_failed.clear()
        self._task = asyncio.create_task(self._watch(), name="engine supervisor")

    async def wait_ready(self, timeout_s: float) -> EngineInfo:
        """Wait until the engine is ready.

        Raises
        ------
        EngineFailed
            If it fails or is not ready in time; the message says why.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready_or_failed.wait()
        except TimeoutError:
            why = f"; the last error was: {self.last_error}" if self.last_error else ""
            raise EngineFailed(f"the engine is still {self.state} after {timeout_s:g} s{why}") from None
        if self.state is not EngineState.READY or self.info is None:
            raise EngineFailed(self.last_error or f"the engine is {self.state}")
        return self.info

    def hurry(self) -> None:
        """Somebody waits for an answer: stop trying settings, and serve with the best that is known."""
        self._hurry.set()

    async def stop(self) -> None:
        """Terminate the child; kill it if it does not end in time."""
        task, self._task = self._task, None
        if task is None:
            return
        self.state = EngineState.STOPPED
        await self._end_child()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        self._close_listener()
        self._ready_or_failed.set()

    def _listen(self) -> socket.socket:
        try:
            if self._tcp is not None:
                return listen_tcp(*self._tcp)
            assert self._socket_path is not None
            return listen_unix(self._socket_path)
        except OSError as exc:
            where = self._socket_path if self._tcp is None else "{}:{}".format(*self._tcp)
            raise EngineFailed(f"the engine cannot listen on {where}: {exc.strerror or exc}") from exc

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            if self._socket_path is not None and self._tcp is None:
                self._socket_path.unlink(missing_ok=True)

    async def _watch(self) -> None:
        """Tune the model, then run children, one after the other, until one refuses it or too many have died."""
        await self._tune()
        while True:
            code = await self._follow_child()
            if self._task is None:  # stopping
                return
            if self._refusal is not None:
                self._give_up(self._refusal)
                return
            self._record_death(code)
            if len(self._deaths) >= CRASH_LOOP:
                self._give_up(
                    f"it died {len(self._deaths)} times in {CRASH_WINDOW_S:g} s, the last time: {self.last_error}"
                )
                return
            self.restarts += 1
            await asyncio.sleep(min(MAX_PAUSE_S, FIRST_PAUSE_S * 4.0 ** (len(self._deaths) - 1)))

    async def _tune(self) -> None:
        """Choose the settings that are left open by trying them; without a result they stay open.

        On a port, a connection that waits means that somebody may be in a hurry; within the first `PORT_PATIENCE_S` it
        does not, since an orchestrator that asks for health every second would leave no start for trials. On a unix
        socket the gateway says so: its workers connect before anybody asks them.
        """
        assert self._listener is not None
        loop, listener = asyncio.get_running_loop(), self._listener
        impatient = loop.call_later(PORT_PATIENCE_S, loop.add_reader, listener, self.hurry) if self._tcp else None
        try:
            tuner = Tuner(self._options, self._state_dir, may_repack=self._use_extra_bufts, command=self._trial_command)
            tuning = await tuner.tune(self._hurry)
        except ModelError:
            return  # the child will say what is wrong with the model
        except Exception:
            logger.exception("the model's settings could not be tried out, so it runs with the usual ones")
            return
        finally:
            if impatient is not None:
                impatient.cancel()
            loop.remove_reader(listener)
        if tuning is not None and tuning.chosen is not None:
            self._options = with_trial(self._options, tuning.chosen)
            self._use_extra_bufts = tuning.chosen.setting.repack

    async def _follow_child(self) -> int:
        """Call `_run_child`; an exception there counts as a death of the child."""
        try:
            return await self._run_child()
        except Exception:
            logger.exception("the engine process cannot be followed")
            return EXIT_LOST

    async def _run_child(self) -> int:
        """Start one child, follow it to its end, and return its exit code."""
        assert self._listener is not None
        self._phase, self._refusal = Phase.LOADING, None
        self._log_lines.clear()
        self._log_mark = f"{secrets.token_hex(8)} "
        job = {
            "log_mark": self._log_mark,
            "options": self._options.to_json(),
            "use_extra_bufts": self._use_extra_bufts,
            "fd": self._listener.fileno(),
            "names": None if self._tcp is None else self._allowed_names(*self._tcp),
            "features": None if (features := self._probe_cache.features) is None else sorted(features),
        }
        child = await asyncio.create_subprocess_exec(
            *self._command,
            json.dumps(job),
            stdin=PIPE,  # never written to: when it closes, the child knows that this process is gone
            stdout=PIPE,
            stderr=PIPE,
            pass_fds=(self._listener.fileno(),),
            env=self._child_environment(),
            start_new_session=True,  # Ctrl-C must reach only this process, which then ends the child in order
        )
        self._child = child
        silence_watch = asyncio.create_task(self._kill_if_silent(child))
        try:
            assert child.stdout is not None
            assert child.stderr is not None
            await asyncio.gather(self._read_reports(child.stdout), self._read_log(child.stderr))
            return await child.wait()
        finally:
            silence_watch.cancel()
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
            self._child = None

    def _allowed_names(self, host: str, _port: int) -> list[str]:
        """The host names to accept. If callers must send a key, any: no page of another site has the key."""
        if self._api_key is not None and not self._allowed_hosts:
            return [ANY_NAME]
        return [*self._allowed_hosts, *host_as_name(host)]

    def _child_environment(self) -> dict[str, str]:
        """The environment without other secrets: the child runs native code and the model's chat template."""
        key = self._api_key if self._tcp is not None else None
        return bare_environment() if key is None else {**bare_environment(), KEY_VARIABLE: key}

    async def _kill_if_silent(self, child: Process) -> None:
        """Kill a child whose heartbeats have stopped."""
        limit_s = self._options.step_timeout_s + SILENCE_GRACE_S
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            if self._phase is Phase.READY and monotonic() - self._last_heartbeat > limit_s:
                self._log_lines.append(f"no heartbeat for {limit_s:g} s")
                with suppress(ProcessLookupError):
                    child.kill()

    async def _read_reports(self, stdout: asyncio.StreamReader) -> None:
        async for line in _lines(stdout):
            self._last_heartbeat = monotonic()
            if not line.strip():
                continue
            report = json.loads(line)
            self._phase = Phase(report["phase"])
            if self._phase is Phase.READY:
                self._become_ready(EngineInfo.from_json(report["info"]))
            elif self._phase is Phase.REFUSED:
                self._refusal = report["message"]

    async def _read_log(self, stderr: asyncio.StreamReader) -> None:
        async for line in _lines(stderr):
            _, is_logged, text = line.partition(self._log_mark)
            level, _, words = text.partition(" ")
            if not is_logged and self._phase is Phase.READY and not _NATIVE_ERROR.match(line):
                continue  # native code printed it, and may quote a request
            self._log_lines.append(plain_text(words if is_logged else line, MAX_LOG_LINE_CHARS))
            logger.log(logging.getLevelNamesMapping().get(level, logging.INFO), "engine: %s", self._log_lines[-1])

    def _become_ready(self, info: EngineInfo) -> None:
        if self._repacking_crashed and self._probe_cache.use_extra_bufts:
            self._probe_cache.record_extra_bufts_crash()
        if info.probed and self._probe_cache.features != info.features:
            self._probe_cache.record_features(info.features)
        is_first_report, self.info = self.state is not EngineState.READY, info
        self.state = EngineState.READY
        self._log_lines.clear()  # lines about loading do not explain a later death
        self._ready_or_failed.set()
        if is_first_report:
            logger.info("the engine serves %s with %d tokens of context", info.model, info.n_ctx)

    def _record_death(self, code: int) -> None:
        self._ready_or_failed.clear()
        self.state = EngineState.RESTARTING
        self.last_error = self._death_reason(code)
        now = monotonic()
        self._deaths.append(now)
        while now - self._deaths[0] > CRASH_WINDOW_S:
            self._deaths.popleft()
        if self._use_extra_bufts and self._phase is not Phase.READY and -code in CRASH_SIGNALS:
            self._use_extra_bufts, self._repacking_crashed = False, True
            logger.warning(
                "the engine crashed in its self-test (%s): llama.cpp probably uses instructions that this machine "
                "announces and does not have. Starting again without its repacked weights, a little slower.",
                self.last_error,
            )
        else:
            logger.error("the engine process died and is started again: %s", self.last_error)

    def _death_reason(self, code: int) -> str:
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        log = f"; its last log lines: {' | '.join(list(self._log_lines)[-3:])}" if self._log_lines else ""
        return f"{how} while {_ACTIVITY[self._phase]}{log}"

    def _give_up(self, why: str) -> None:
        self.last_error = why
        self.state = EngineState.FAILED
        self._close_listener()
        self._ready_or_failed.set()
        logger.critical("the local engine is given up: %s", why)

    async def _end_child(self) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        with suppress(ProcessLookupError):
            child.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await child.wait()
        except TimeoutError:
            logger.warning("the engine process did not end in time and is killed")
            with suppress(ProcessLookupError):
                child.kill()


_ACTIVITY = {
    Phase.LOADING: "loading the model",
    Phase.TESTING: "testing the model",
    Phase.READY: "serving",
    Phase.REFUSED: "refusing the model",
}


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of a stream; very long ones are split."""
    rest = b""
    while data := await stream.read(65536):
        *whole, rest = re.split(rb"[\r\n]+", rest + data)
        if len(rest) > 65536:
            whole, rest = [*whole, rest], b""
        for line in whole:
            if line:
                yield line.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")
