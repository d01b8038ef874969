"""The engine's own process: load, try, report ready, serve.

It is always a child of `supervisor`. Standard input is the lifeline: when it closes, the parent is gone and so is this
process. Standard output carries one JSON object a line, each with a `phase`; standard error carries the log.
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

from models.engine.engine import Engine, describe
from models.engine.errors import EngineError
from models.engine.http.front_door import FrontDoor
from models.engine.http.server import EngineServer, Handler
from models.engine.loading.loading import Loaded, load, make_template, self_test
from models.engine.options import EngineOptions
from models.engine.process.phase import Phase
from models.engine.process.probes import OF_THE_ENGINE, OF_THE_MODEL, WITHOUT_ASKING, probe
from models.engine.process.watchdog import Watchdog
from models.host.child_environment import KEY_VARIABLE
from models.host.log_format import LineFormatter, log_uncaught
from models.host.private_files import OTHERS
from models.wire.errors import ModelError

logger = logging.getLogger(__name__)

EXIT_REFUSED = 3
"""Trying again would change nothing; the reason has been reported."""

EXIT_FATAL = 4
GRACE_S = 5
_OOM_SCORE = "500"


class Reporter:
    """Tells the parent where this process is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def sign_of_life(self) -> None:
        """An empty line."""
        with suppress(BrokenPipeError):
            print(" ", file=self._stream, flush=True)

    def say(self, phase: Phase, **facts: Any) -> None:
        """One line."""
        with suppress(BrokenPipeError):  # the lifeline ends this process anyway
            print(json.dumps({"phase": phase, **facts}), file=self._stream, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run the engine as the JSON in the one argument says; the supervisor is the only caller."""
    told = json.loads(arguments[0])
    options = EngineOptions.from_json(told["options"])
    os.umask(OTHERS)  # what llama.cpp writes, it writes for anybody
    reporter = Reporter(_claim_stdout())
    log_to_parent(told["log_mark"])
    threading.Thread(target=_die_with_parent, name="lifeline", daemon=True).start()
    _offer_to_oom_killer()
    try:
        known = None if told["features"] is None else frozenset(told["features"])
        face = partial(_face, options=options, names=told["names"], key=os.environ.pop(KEY_VARIABLE, None))
        listener = socket.socket(fileno=told["fd"])
        asyncio.run(_serve(options, bool(told["use_extra_bufts"]), known, listener, face, reporter))
    except ModelError as exc:
        reporter.say(Phase.REFUSED, error=type(exc).__name__, message=exc.words)
        return EXIT_REFUSED
    return 0


def log_to_parent(mark: str) -> None:
    """Lines that the supervisor reads: none holds a caller's text, as what libraries print beside them may.

    `mark` says which they are; nobody else knows it.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(f"{mark}%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    log_uncaught()


def _claim_stdout() -> TextIO:
    """Keep standard output for the reports: what libraries print goes to the log instead."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return reports


def _die_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def _offer_to_oom_killer() -> None:
    """When memory runs out, this process should go rather than the gateway: it can be started again."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, "ascii")


async def _serve(
    options: EngineOptions,
    use_extra_bufts: bool,
    known: frozenset[str] | None,
    listener: socket.socket,
    face: Callable[[Engine], Handler],
    reporter: Reporter,
) -> None:
    loaded = _in_passing_thread(lambda: _load(options, use_extra_bufts, reporter))
    engine = _make_engine(loaded, options, use_extra_bufts)
    try:
        Watchdog(engine.scheduler, options.step_timeout_s, reporter.sign_of_life)
        features = await probe(engine, OF_THE_ENGINE) if known is None else known  # as seen at an earlier start
        engine.info = replace(engine.info, features=features | WITHOUT_ASKING, probed=known is not None)
        config = uvicorn.Config(
            face(engine),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        reporter.say(Phase.READY, info=engine.info.to_json())
        finding_out = asyncio.create_task(_find_out(engine, reporter))
        await uvicorn.Server(config).serve(sockets=[listener])
        finding_out.cancel()
    finally:
        engine.close()
        loaded.close()


def _face(engine: Engine, *, options: EngineOptions, names: list[str] | None, key: str | None) -> Handler:
    """What answers over HTTP; `names` is None on a unix socket."""
    server = EngineServer(engine, options)
    return server if names is None else FrontDoor(server, names, key)


async def _find_out(engine: Engine, reporter: Reporter) -> None:
    """Try what takes long, while requests are served, and report ready once more, with all that is known then."""
    if not engine.info.probed:
        try:
            found = await probe(engine, OF_THE_MODEL)
        except Exception:
            logger.exception("what the model can do could not be found out; it is taken to do no more than is known")
            return
        engine.info = replace(engine.info, features=engine.info.features | found, probed=True)
        reporter.say(Phase.READY, info=engine.info.to_json())


def _load(options: EngineOptions, use_extra_bufts: bool, reporter: Reporter) -> Loaded:
    reporter.say(Phase.LOADING)
    loaded = load(options, use_extra_bufts=use_extra_bufts)
    reporter.say(Phase.TESTING)
    self_test(loaded)
    return loaded


def _in_passing_thread(function: Callable[[], Loaded]) -> Loaded:
    """Compute in a thread that is gone afterwards, and its OpenMP team with it.

    A team belongs to the thread that began it. Were there a second one beside the scheduler's, OpenMP would count more
    threads than cores and put waiting threads to sleep at once, which halves the speed of a single answer.
    """
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


def _make_engine(loaded: Loaded, options: EngineOptions, use_extra_bufts: bool) -> Engine:
    template = None
    try:
        template = make_template(loaded.model, options)
    except EngineError:
        loaded.close()
        raise
    if template is None:
        logger.warning("%s has no chat template: it can only continue text", options.model_path.name)
    info = describe(loaded, options, frozenset(), use_extra_bufts)
    return Engine(loaded, template, options, info, on_fatal=_give_up)


def _give_up(message: str) -> None:
    """End this process so that a new one can begin; callers are told first."""
    logger.critical("the engine ends itself: %s", message)
    asyncio.get_running_loop().call_later(1.0, os._exit, EXIT_FATAL)
