"""The engine's own process: load the model, test it, report ready, serve.

It is always a child of `supervisor`. When standard input closes, the parent is gone and this process ends. Standard
output carries one JSON object a line, each with a `phase`; standard error carries the log.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import uvicorn

from models.engine.engine import Engine, make_info
from models.engine.errors import EngineError
from models.engine.http.access_check import AccessCheck
from models.engine.http.server import EngineServer, Handler
from models.engine.loading.loading import Loaded, load, make_template, self_test
from models.engine.options import EngineOptions
from models.engine.process.phase import Phase
from models.engine.process.probes import ALWAYS_SUPPORTED, ENGINE_PROBES, MODEL_PROBES, run_probes
from models.engine.process.watchdog import Step, Watchdog
from models.engine.request.preparations import STUCK_S
from models.host.child_environment import KEY_VARIABLE
from models.host.http_protocol import PlainProtocol
from models.host.log_format import LineFormatter, log_uncaught
from models.host.private_files import OTHERS
from models.wire.errors import ModelError

logger = logging.getLogger(__name__)

EXIT_REFUSED = 3
"""The model is refused: a restart would not help. The reason has been reported."""

EXIT_FATAL = 4
GRACE_S = 5
_OOM_SCORE = "500"


class Reporter:
    """Reports the phase of this process to the parent."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def heartbeat(self) -> None:
        """Send an empty line: this process is alive."""
        with suppress(BrokenPipeError):
            print(" ", file=self._stream, flush=True)

    def report(self, phase: Phase, **fields: Any) -> None:
        """Send one report."""
        with suppress(BrokenPipeError):  # the parent is gone, so this process ends anyway
            print(json.dumps({"phase": phase, **fields}), file=self._stream, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run the engine as the JSON in the one argument says; the supervisor is the only caller."""
    job = json.loads(arguments[0])
    options = EngineOptions.from_json(job["options"])
    os.umask(OTHERS)  # llama.cpp writes files that everybody may read
    reporter = Reporter(_claim_stdout())
    log_to_parent(job["log_mark"])
    threading.Thread(target=_die_with_parent, name="parent watch", daemon=True).start()
    _offer_to_oom_killer()
    try:
        features = None if job["features"] is None else frozenset(job["features"])
        make_app = partial(_make_app, options=options, names=job["names"], key=os.environ.pop(KEY_VARIABLE, None))
        listener = socket.socket(fileno=job["fd"])
        asyncio.run(_serve(options, bool(job["use_extra_bufts"]), features, listener, make_app, reporter))
    except ModelError as exc:
        reporter.report(Phase.REFUSED, error=type(exc).__name__, message=exc.full_message)
        return EXIT_REFUSED
    return 0


def log_to_parent(mark: str) -> None:
    """Log to standard error, which the supervisor reads, with `mark` before each line.

    Native code prints to standard error too, and may quote a caller's text. It does not know the mark, so the
    supervisor can tell its lines from those of the log.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(f"{mark}%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    log_uncaught()


def _claim_stdout() -> TextIO:
    """Reserve standard output for the reports; what libraries print goes to standard error instead."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return reports


def _die_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def _offer_to_oom_killer() -> None:
    """Let the kernel kill this process before the gateway if memory runs out: the supervisor starts it again."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, "ascii")


async def _serve(
    options: EngineOptions,
    use_extra_bufts: bool,
    cached_features: frozenset[str] | None,
    listener: socket.socket,
    make_app: Callable[[Engine], Handler],
    reporter: Reporter,
) -> None:
    loaded = _in_temporary_thread(lambda: _load(options, use_extra_bufts, reporter))
    engine = _make_engine(loaded, options)
    try:
        steps = {
            "a step of the model": Step(lambda: engine.scheduler.busy_since, options.step_timeout_s),
            "the compilation of a grammar": Step(lambda: engine.compiling_since, options.step_timeout_s),
            "the preparation of a request": Step(
                lambda: engine.preparations.busy_since, min(options.step_timeout_s, STUCK_S)
            ),
        }
        Watchdog(steps, options.step_timeout_s, reporter.heartbeat)
        features = await run_probes(engine, ENGINE_PROBES) if cached_features is None else cached_features
        engine.info = replace(engine.info, features=features | ALWAYS_SUPPORTED, probed=cached_features is not None)
        config = uvicorn.Config(
            make_app(engine),
            http=PlainProtocol,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        reporter.report(Phase.READY, info=engine.info.to_json())
        probing = asyncio.create_task(_probe_model(engine, reporter))
        await uvicorn.Server(config).serve(sockets=[listener])
        probing.cancel()
    finally:
        engine.close()
        loaded.close()


def _make_app(engine: Engine, *, options: EngineOptions, names: list[str] | None, key: str | None) -> Handler:
    """The ASGI application; `names` is None on a unix socket, where access needs no check."""
    server = EngineServer(engine, options)
    return server if names is None else AccessCheck(server, names, key)


async def _probe_model(engine: Engine, reporter: Reporter) -> None:
    """Run the slow probes while requests are served, then report ready again with all features."""
    if not engine.info.probed:
        try:
            features = await run_probes(engine, MODEL_PROBES)
        except Exception:
            logger.exception("the probes of the model's features failed; only the features found before are used")
            return
        engine.info = replace(engine.info, features=engine.info.features | features, probed=True)
        reporter.report(Phase.READY, info=engine.info.to_json())


def _load(options: EngineOptions, use_extra_bufts: bool, reporter: Reporter) -> Loaded:
    reporter.report(Phase.LOADING)
    loaded = load(options, use_extra_bufts=use_extra_bufts)
    reporter.report(Phase.TESTING)
    self_test(loaded)
    return loaded


def _in_temporary_thread(function: Callable[[], Loaded]) -> Loaded:
    """Compute in a thread that ends afterwards, so that its OpenMP team ends too.

    Each thread that computes has an OpenMP team of its own. With a second team beside the scheduler's, OpenMP would
    count more threads than cores and put waiting threads to sleep at once, which halves the speed of a single answer.
    """
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


def _make_engine(loaded: Loaded, options: EngineOptions) -> Engine:
    template = None
    try:
        template = make_template(loaded.model, options)
    except EngineError:
        loaded.close()
        raise
    if template is None:
        logger.warning("%s has no chat template: only /v1/completions works", options.model_path.name)
    info = make_info(loaded, options, frozenset())
    return Engine(loaded, template, options, info, on_fatal=_exit_soon)


def _exit_soon(message: str) -> None:
    """End this process so that the supervisor starts a new one; callers get their errors first."""
    logger.critical("the engine ends itself: %s", message)
    asyncio.get_running_loop().call_later(1.0, os._exit, EXIT_FATAL)
