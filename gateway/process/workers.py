"""Several gateway processes behind one port: one engine, one ledger, metrics that add up.

The parent opens the port, runs the engine, and restarts workers that die. A worker is this module, run with the port's
file descriptor. When its standard input closes, the parent is gone, and the worker stops.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from gateway.config.settings import CONFIG_VARIABLE, Settings, SettingsError, load_settings, variable_name
from gateway.record.metrics import METRICS_FOLDER
from models.host.child_environment import PYTHON, import_path
from models.host.private_files import FOLDER_MODE
from models.wire.errors import ModelError
from router.errors import ArtifactError

logger = logging.getLogger(__name__)

HOST = variable_name(("host",))
WORKERS = variable_name(("workers",))
ENGINE_URL = variable_name(("local", "base_url"))
RESTART_PAUSE_S = 1.0

CANNOT_START = 2
"""Exit code of a worker that cannot start with its configuration; it has logged why."""


class WorkerPool:
    """The parent of `settings.workers` processes.

    Parameters
    ----------
    config : Path, optional
        The configuration file that the workers read too.
    opened : callable
        Called with the port's number once it is open.
    listener : socket, optional
        The port, if it is open already.
    """

    def __init__(
        self,
        settings: Settings,
        config: Path | None,
        log_level: str,
        opened: Callable[[int], None],
        listener: socket.socket | None = None,
    ) -> None:
        self._settings = settings
        self._log_level = log_level
        self._opened = opened
        self._given = listener
        self._folder = Path(tempfile.mkdtemp(prefix="slimgate-"))
        self._environment = {
            **os.environ,
            METRICS_FOLDER: str(self._folder / "metrics"),
            "PYTHONPATH": import_path(),
            HOST: settings.host,  # the command line may have set these two
            WORKERS: str(settings.workers),
        }
        if config is not None:
            self._environment[CONFIG_VARIABLE] = str(config.resolve())
        self._stopping = asyncio.Event()
        self._cannot_start = False
        self._processes: set[asyncio.subprocess.Process] = set()

    async def run(self) -> None:
        """Serve until a signal stops it.

        Raises
        ------
        SettingsError
            If the first workers cannot start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._tell, signal.SIGHUP)
        (self._folder / "metrics").mkdir(FOLDER_MODE)
        self._listener = self._given or _listen(self._settings.host, self._settings.port)
        try:
            async with self._engine():
                keepers = [asyncio.create_task(self._keep(self._listener)) for _ in range(self._settings.workers)]
                self._opened(self._listener.getsockname()[1])
                await asyncio.gather(*keepers)
        finally:
            self._listener.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._cannot_start:
            raise SettingsError("the workers cannot start; the lines above say why")

    @contextlib.asynccontextmanager
    async def _engine(self) -> AsyncIterator[None]:
        """Run the engine, if one is configured; the workers reach it over its socket."""
        from gateway.dispatch.local_engine import engine_options
        from gateway.dispatch.local_server import UNIX
        from gateway.marks.examinee import WORKERS_ENGINE
        from models.engine.process.supervisor import EngineSupervisor

        local = self._settings.local
        if not local.enabled or local.base_url is not None:
            yield
            return
        path = self._folder / "engine.sock"
        self._environment |= dict.fromkeys((ENGINE_URL, WORKERS_ENGINE), f"{UNIX}{path}")
        supervisor = EngineSupervisor(engine_options(local, self._settings.state_dir), path, self._settings.state_dir)
        await supervisor.start()
        try:
            yield
        finally:
            await supervisor.stop()

    async def _keep(self, listener: socket.socket) -> None:
        """Run one worker, and restart it until the pool stops."""
        from prometheus_client.multiprocess import mark_process_dead

        is_first = True
        while not self._stopping.is_set():
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *PYTHON,
                "gateway.process.workers",
                str(listener.fileno()),
                self._log_level,
                stdin=asyncio.subprocess.PIPE,
                pass_fds=(listener.fileno(),),
                env=self._environment,
            )
            self._processes.add(process)
            code = await process.wait()
            self._processes.discard(process)
            mark_process_dead(process.pid, str(self._folder / "metrics"))  # type: ignore[no-untyped-call]
            if self._stopping.is_set():
                return
            if code == CANNOT_START and is_first:
                self._cannot_start = True
                self._stop(signal.SIGTERM)
                return
            is_first = False
            logger.error("worker %d ended with code %d and is started again", process.pid, code)
            if time.monotonic() - started < RESTART_PAUSE_S:
                await asyncio.sleep(RESTART_PAUSE_S)

    def _stop(self, number: signal.Signals) -> None:
        if not self._stopping.is_set():  # the workers close the port for themselves: who would accept from then on?
            asyncio.get_running_loop().call_later(self._settings.drain_s, self._listener.close)
        self._stopping.set()
        self._tell(number)

    def _tell(self, number: signal.Signals) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def work(fd: int, log_level: str) -> None:
    """Run one worker, in its own process."""
    from gateway.app import create_app
    from gateway.process.server import GatewayServer
    from gateway.record.logs import configure_logging

    configure_logging(log_level)
    try:
        settings = load_settings()
        app = create_app(settings)
    except (SettingsError, ModelError, ArtifactError) as exc:
        logger.error("a worker cannot start: %s", exc)
        sys.exit(CANNOT_START)
    server = GatewayServer(app, settings, load_settings)

    async def serve() -> None:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), server.orphaned)
        await server.serve(sockets=[socket.socket(fileno=fd)])

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(serve())


if __name__ == "__main__":
    work(int(sys.argv[1]), sys.argv[2])
