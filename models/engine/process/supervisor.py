"""Starts the engine process, watches it, and starts it again: a crash in native code costs a restart, not the gateway.

The listening socket belongs to this process and is lent to the child. While a child is being replaced, callers who
connect wait in the socket's queue instead of being refused.
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
from models.engine.process.probe_cache import Remembered
from models.engine.process.socket import listen_tcp, listen_unix
from models.host.child_environment import KEY_VARIABLE, PYTHON, bare_environment
from models.host.doors import ANY, own_names
from models.redaction.plain_text import plain_text

logger = logging.getLogger(__name__)

CRASH_LOOP = 5
"""That many deaths within `CRASH_WINDOW_S` mean that starting again does not help."""

CRASH_WINDOW_S = 300.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0
LOOK_S = 1.0
SILENCE_GRACE_S = 15.0
"""The child ends itself when it is stuck; this long after that it is taken for unable to."""

STOP_TIMEOUT_S = 10.0
KEPT_LINES = 20
LINE_CHARS = 1000

_OF_NATIVE_CODE = re.compile(r"[\w/.+-]+\.\w+:\d+: GGML_|Fatal Python error: |(?:CUDA|ggml)[\w ]* error")
"""How lines begin that native code leaves when it gives up, and that quote nothing but itself."""

NOT_FOLLOWED = 1
"""Exit code of a child that this process lost sight of."""

DEATHS_OF_BAD_CODE = frozenset({signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE})


__all__ = ["EngineInfo", "EngineOptions", "EngineState", "EngineSupervisor"]


class EngineState(StrEnum):
    """Where the engine is."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


class EngineSupervisor:
    """Keeps one engine process running. Lives on one event loop.

    Parameters
    ----------
    options : EngineOptions
        What to run.
    socket_path : Path, optional
        Unix socket to serve on.
    state_dir : Path
        Where to remember what crashed.
    tcp : tuple of str and int, optional
        Host and port to serve on instead of `socket_path`.
    allowed_hosts : sequence of str
        On TCP: names that callers may use beside localhost, addresses, and the host of `tcp`.
    api_key : str, optional
        On TCP: what callers must carry.
    command : sequence of str, optional
        Starts the child; one argument of JSON is added.

    Attributes
    ----------
    state : EngineState
    info : EngineInfo or None
        What the engine said of itself last. While it is not `probed`, more features may come.
    restarts : int
        How often the process had to be started again.
    last_error : str or None
        Why it was not running, the last time it was not.
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
    ) -> None:
        self.state = EngineState.STOPPED
        self.info: EngineInfo | None = None
        self.restarts = 0
        self.last_error: str | None = None
        self._options = options
        self._socket_path, self._tcp = socket_path, tcp
        self._allowed_hosts, self._api_key = allowed_hosts, api_key
        self._remembered = Remembered(state_dir, options)
        self._use_extra_bufts = True
        self._command = list(command or (*PYTHON, "models.engine"))
        self._settled = asyncio.Event()
        self._listener: socket.socket | None = None
        self._child: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._deaths: deque[float] = deque()
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._log_mark = ""
        self._phase = Phase.LOADING
        self._seen_alive = 0.0
        self._refusal: str | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child else None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, where it serves on TCP."""
        assert self._listener is not None
        host, port = self._listener.getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Begin to serve; returns at once, long before the engine is ready.

        Raises
        ------
        EngineFailed
            If the address cannot be had.
        """
        if self._task is not None:
            return
        self._listener = self._listen()
        self._use_extra_bufts = self._remembered.use_extra_bufts
        self.state = EngineState.STARTING
        self._settled.clear()
        self._task = asyncio.create_task(self._watch(), name="engine supervisor")

    async def wait_ready(self, timeout_s: float) -> EngineInfo:
        """Wait until the engine answers.

        Raises
        ------
        EngineFailed
            If it does not come up, or not in time; the message says why.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        except TimeoutError:
            why = f"; the last trouble was: {self.last_error}" if self.last_error else ""
            raise EngineFailed(f"the engine is still {self.state} after {timeout_s:g} s{why}") from None
        if self.state is not EngineState.READY or self.info is None:
            raise EngineFailed(self.last_error or f"the engine is {self.state}")
        return self.info

    async def stop(self) -> None:
        """End the child, gently and then hard."""
        task, self._task = self._task, None
        if task is None:
            return
        self.state = EngineState.STOPPED
        await self._end_child()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        self._close_listener()
        self._settled.set()

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
        """Run children, one after the other, until one is refused or too many die."""
        while True:
            code = await self._follow_child()
            if self._task is None:  # stopping
                return
            if self._refusal is not None:
                self._fail(self._refusal)
                return
            self._note_death(code)
            if len(self._deaths) >= CRASH_LOOP:
                self._fail(
                    f"it died {len(self._deaths)} times in {CRASH_WINDOW_S:g} s, the last time so: {self.last_error}"
                )
                return
            self.restarts += 1
            await asyncio.sleep(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 4.0 ** (len(self._deaths) - 1)))

    async def _follow_child(self) -> int:
        """As `_run_child`; a child that could not be started or followed counts as one that died."""
        try:
            return await self._run_child()
        except Exception:
            logger.exception("the engine process cannot be followed")
            return NOT_FOLLOWED

    async def _run_child(self) -> int:
        """Start one child, follow it to its end, and return its exit code."""
        assert self._listener is not None
        self._phase, self._refusal = Phase.LOADING, None
        self._lines.clear()
        self._log_mark = f"{secrets.token_hex(8)} "
        told = {
            "log_mark": self._log_mark,
            "options": self._options.to_json(),
            "use_extra_bufts": self._use_extra_bufts,
            "fd": self._listener.fileno(),
            "names": None if self._tcp is None else self._names(*self._tcp),
            "features": None if (known := self._remembered.features) is None else sorted(known),
        }
        child = await asyncio.create_subprocess_exec(
            *self._command,
            json.dumps(told),
            stdin=PIPE,  # never written to: its end tells the child that this process is gone
            stdout=PIPE,
            stderr=PIPE,
            pass_fds=(self._listener.fileno(),),
            env=self._child_environment(),
            start_new_session=True,  # Ctrl-C is for this process, which then ends the child in its own way
        )
        self._child = child
        minder = asyncio.create_task(self._mind(child))
        try:
            assert child.stdout is not None
            assert child.stderr is not None
            await asyncio.gather(self._follow(child.stdout), self._log(child.stderr))
            return await child.wait()
        finally:
            minder.cancel()
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
            self._child = None

    def _names(self, host: str, _port: int) -> list[str]:
        """What callers may call it: where they must carry a key, no page of another site can, whatever its name."""
        if self._api_key is not None and not self._allowed_hosts:
            return [ANY]
        return [*self._allowed_hosts, *own_names(host)]

    def _child_environment(self) -> dict[str, str]:
        """No key of anybody else's: what the child runs is native code, and a template that came with a model."""
        asks_for = self._api_key if self._tcp is not None else None
        return bare_environment() if asks_for is None else {**bare_environment(), KEY_VARIABLE: asks_for}

    async def _mind(self, child: Process) -> None:
        """Kill a child that gives no sign of life any more."""
        limit_s = self._options.step_timeout_s + SILENCE_GRACE_S
        while True:
            await asyncio.sleep(LOOK_S)
            if self._phase is Phase.READY and monotonic() - self._seen_alive > limit_s:
                self._lines.append(f"no sign of life for {limit_s:g} s")
                with suppress(ProcessLookupError):
                    child.kill()

    async def _follow(self, stdout: asyncio.StreamReader) -> None:
        async for line in _lines(stdout):
            self._seen_alive = monotonic()
            if not line.strip():
                continue
            report = json.loads(line)
            self._phase = Phase(report["phase"])
            if self._phase is Phase.READY:
                self._become_ready(EngineInfo.from_json(report["info"]))
            elif self._phase is Phase.REFUSED:
                self._refusal = report["message"]

    async def _log(self, stderr: asyncio.StreamReader) -> None:
        async for line in _lines(stderr):
            _, is_logged, text = line.partition(self._log_mark)
            level, _, words = text.partition(" ")
            if not is_logged and self._phase is Phase.READY and not _OF_NATIVE_CODE.match(line):
                continue  # native code wrote it, past the log: it may quote a request
            self._lines.append(plain_text(words if is_logged else line, LINE_CHARS))
            logger.log(logging.getLevelNamesMapping().get(level, logging.INFO), "engine: %s", self._lines[-1])

    def _become_ready(self, info: EngineInfo) -> None:
        if self._remembered.use_extra_bufts and not self._use_extra_bufts:
            self._remembered.crashes_with_extra_bufts()
        if info.probed and self._remembered.features != info.features:
            self._remembered.has_features(info.features)
        first, self.info = self.state is not EngineState.READY, info
        self.state = EngineState.READY
        self._lines.clear()  # how it loaded explains no later death
        self._settled.set()
        if first:
            logger.info("the engine serves %s with %d tokens of context", info.model, info.n_ctx)

    def _note_death(self, code: int) -> None:
        self._settled.clear()
        self.state = EngineState.RESTARTING
        self.last_error = self._describe(code)
        now = monotonic()
        self._deaths.append(now)
        while now - self._deaths[0] > CRASH_WINDOW_S:
            self._deaths.popleft()
        if self._use_extra_bufts and self._phase is not Phase.READY and -code in DEATHS_OF_BAD_CODE:
            self._use_extra_bufts = False
            logger.warning(
                "the engine crashed while it tried itself out (%s): llama.cpp probably uses instructions that this "
                "machine announces and does not have. Starting again without its repacked weights, a little slower.",
                self.last_error,
            )
        else:
            logger.error("the engine process died and is started again: %s", self.last_error)

    def _describe(self, code: int) -> str:
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        last = f"; its last words: {' | '.join(list(self._lines)[-3:])}" if self._lines else ""
        return f"{how} while {_DOING[self._phase]}{last}"

    def _fail(self, why: str) -> None:
        self.last_error = why
        self.state = EngineState.FAILED
        self._close_listener()
        self._settled.set()
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
            logger.warning("the engine process does not end by itself and is killed")
            with suppress(ProcessLookupError):
                child.kill()


_DOING = {
    Phase.LOADING: "loading the model",
    Phase.TESTING: "trying the model out",
    Phase.READY: "serving",
    Phase.REFUSED: "giving up",
}


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines of any length; very long ones in pieces."""
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
