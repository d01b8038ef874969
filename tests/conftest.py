"""Shared fixtures: a provider that misbehaves, a live gateway, the real bundled model.

No test can spend money or leave the machine: keys are taken out of the environment, and sockets connect to loopback
only.
"""

import os

# Read when numpy is loaded: on cores that other processes use too, its threads wait for each other and spin meanwhile.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# Read when llama.cpp is, here and in engines.
os.environ["OMP_WAIT_POLICY"] = "passive"
# Processes that run tests side by side are told a width, which would hold for all that our commands print.
os.environ.pop("COLUMNS", None)

import asyncio
import faulthandler
import functools
import gc
import ipaddress
import socket
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certifi
import hypothesis
import pytest

import router.artifact
from gateway.config.settings import Settings
from gateway.process.server import settle
from models.catalogue.bundled import bundled_model_path
from tests.live import Gateway, running_gateway, wait_for
from tests.models.engine.live import READY_S, LiveEngine, running_engine
from tests.provider import Provider, running_provider

# jsonschema would build 38 parsers of internationalised addresses, for two seconds, and no schema here has any.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

# A search for garbage, or a machine that is busy with other things, is no failure.
hypothesis.settings.register_profile("slimgate", deadline=None)
hypothesis.settings.load_profile("slimgate")

NOTHING_SKIPS = bool(os.environ.get("NOTHING_SKIPS"))
"""Set where everything a test may want is installed, so that a check that did not run cannot pass for one that did."""

PAUSES = (
    ("gateway.ledger.mover.IDLE_S", 0.005),
    ("gateway.ledger.mover.RETRY_S", 0.05),
    ("gateway.ledger.mover.ADOPT_EVERY_S", 0.2),
)
"""How long the ledger waits for more rows, for its database, and for rows of processes that died."""

LONG_S = 20.0
"""A test that fails after so long waited for something that hangs: a thread of this process, as likely as not."""

MakeGateway = Callable[..., Gateway]

GARBAGE = (10_000, 10, 10)
"""A search through everything takes a quarter of a second here, and would come with every thirtieth test."""

NEEDS = {
    "engine": "engine",
    "deterministic_engine": "engine",
    "local_gateway": "engine",
    "_hybrid": "engine",
    "hybrid": "engine",
    "browser": "browser",
}
"""Fixtures, and the marks of tests that use them. A test that starts an engine or a browser itself is marked there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in {NEEDS[name] for name in getattr(item, "fixturenames", ()) if name in NEEDS}:
            item.add_marker(mark)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if NOTHING_SKIPS and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped, and nothing may here: {report.longrepr}"
    if report.failed and report.duration > LONG_S:
        report.sections.append(("where every thread was", _stacks()))
    return report


def _stacks() -> str:
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read()


@pytest.fixture(autouse=True, scope="session")
def _nobody_to_pay() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("SLIMGATE_") or name.endswith("_API_KEY"):
                patch.delenv(name)
        # 145 MB in the state directory of every test that starts an engine; `local_gateway` has it.
        patch.setenv("SLIMGATE_LOCAL__REENCODE", "false")
        # Half an hour of an idle engine's time, for tests that are not about it.
        patch.setenv("SLIMGATE_EXAM__ENABLED", "false")
        connect = socket.socket.connect

        def loopback_only(self: socket.socket, address: Any) -> None:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address}"
            connect(self, address)

        patch.setattr(socket.socket, "connect", loopback_only)
        yield


async def _nap(delay_s: float) -> None:
    await asyncio.sleep(min(delay_s, 0.01))


@pytest.fixture(autouse=True, scope="session")
def _no_time_lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take away what costs every test time and proves nothing."""
    with pytest.MonkeyPatch.context() as patch:
        # Each new HTTP client reads all authorities that it trusts, for 20 ms: one is enough where none is met.
        first, end, _ = Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----\n")
        authority = tmp_path_factory.mktemp("tls") / "authority.pem"
        authority.write_text(first + end, "utf-8")
        patch.setenv("SSL_CERT_FILE", str(authority))
        # A server looks ten times a second whether it should end, and then waits for a tenth of a second.
        patch.setattr("uvicorn.server.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": _nap}))
        # Each gateway reads the shipped classifier: for the same text the same one, which nothing changes.
        patch.setattr("router.artifact._compile", functools.lru_cache(4)(router.artifact._compile))
        for pause, shorter_s in PAUSES:
            patch.setattr(pause, shorter_s)
        settle()
        gc.set_threshold(*GARBAGE)
        yield


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A fresh provider."""
    with running_provider() as provider:
        yield provider


@pytest.fixture
def make_gateway(tmp_path: Path) -> Iterator[MakeGateway]:
    """Starts gateways from settings, and stops them when the test ends."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Gateway:
            return stack.enter_context(running_gateway(Settings(**{"state_dir": tmp_path / "state", **settings})))

        yield make


@pytest.fixture(scope="session")
def local_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway with the real bundled model and no cloud, shared by all tests that leave it as it is."""
    settings = Settings(
        state_dir=tmp_path_factory.mktemp("local"), local={"reencode": True}, embeddings={"backend": "local"}
    )
    with running_gateway(settings) as gateway:
        gateway.wait_ready()
        yield gateway


@pytest.fixture(scope="session")
def deterministic_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    """One engine whose answers to equal requests are equal to the last bit, for tests that compare them."""
    folder = tmp_path_factory.mktemp("deterministic")
    with running_engine(folder, model_path=bundled_model_path(), deterministic=True, n_ctx=1024) as engine:
        engine.ready()
        yield engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    """One engine for all tests that leave it as it is: the bundled model, four sequences of 2,048 tokens."""
    with running_engine(tmp_path_factory.mktemp("engine"), probe=True, model_path=bundled_model_path()) as engine:
        wait_for(lambda: engine.ready().probed, READY_S)
        yield engine
