"""Real crashes and failures of the engine process, as the parent and the caller see them."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.catalogue.bundled import bundled_model_path
from models.engine.errors import EngineFailed
from models.engine.process.supervisor import EngineState
from tests.conftest import MakeGateway
from tests.live import wait_for
from tests.models.engine.live import READY_S, LiveEngine, running_engine
from tests.models.engine.tiny import NEVER_ENDS, tiny_model

pytestmark = pytest.mark.engine

BODY = {
    "model": "local",
    "messages": [{"role": "user", "content": "Write a long, detailed story about a red bicycle."}],
    "temperature": 0,
    **NEVER_ENDS,
}


def engine_that(tmp_path: Path, prelude: str) -> list[str]:
    """The command of an engine process into which `prelude` has built a fault."""
    script = tmp_path / "faulty_engine.py"
    script.write_text(
        textwrap.dedent(prelude)
        + "\nimport sys\nfrom models.engine.process.child import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    return [sys.executable, str(script)]


CRASHES_WITH_REPACKED_WEIGHTS = """
    import os, signal
    from models.engine.loading import loading
    load, real = loading.self_test, loading.Model.__init__
    def remember(self, path, **how):
        self.extra = how["use_extra_bufts"]
        real(self, path, **how)
    loading.Model.__init__ = remember
    def self_test(loaded):
        if loaded.model.extra:
            os.kill(os.getpid(), signal.{signal})
        load(loaded)
    import models.engine.process.child as process
    process.self_test = self_test
"""


@pytest.mark.parametrize("death", ["SIGSEGV", "SIGILL"])
def test_a_crash_at_the_first_decode_is_worked_around_and_cached(
    tmp_path: Path, death: str, caplog: pytest.LogCaptureFixture
) -> None:
    command = engine_that(tmp_path, CRASHES_WITH_REPACKED_WEIGHTS.format(signal=death))
    with running_engine(tmp_path / "state", command=command, knows_nothing=True) as engine:
        assert engine.ready().use_extra_bufts is False
        assert engine.supervisor.restarts == 1
        assert engine.post({**BODY, "max_tokens": 3}).status_code == 200
    (line,) = [r.message for r in caplog.records if r.levelno >= logging.WARNING]
    assert death in line
    assert "Starting again without its repacked weights" in line
    with running_engine(tmp_path / "state", command=command, knows_nothing=True) as engine:
        assert engine.ready().use_extra_bufts is False
        assert engine.supervisor.restarts == 0


def test_killed_in_mid_stream(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The caller's connection breaks, which no client takes for the end of an answer; the next one is answered."""
    with running_engine(tmp_path) as engine:
        engine.ready()
        restarts = engine.supervisor.restarts  # 1 on machines where repacked weights crash
        url = f"{engine.url}/v1/chat/completions"
        with httpx.stream("POST", url, json={**BODY, "stream": True}, timeout=60) as response:
            lines = response.iter_lines()
            assert next(lines).startswith("data: ")
            os.kill(engine.pid, signal.SIGKILL)
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
        # The listening socket outlives the child: this call waits for the new one instead of being refused.
        assert engine.post({**BODY, "max_tokens": 3}).status_code == 200
        assert engine.supervisor.restarts == restarts + 1
    assert any("killed by SIGKILL while serving" in record.message for record in caplog.records)


def test_a_crash_loop_ends_in_a_failure_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.engine.process.supervisor.FIRST_PAUSE_S", 0.001)
    command = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]
    with running_engine(tmp_path, command=command) as engine:
        with pytest.raises(EngineFailed, match=r"died 5 times .* exit code 1 .* no such luck"):
            engine.ready()
        assert engine.supervisor.state is EngineState.FAILED
        assert engine.supervisor.restarts == 4
        assert engine.supervisor.pid is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be loaded"),
        (b"not a model at all" * 100, "cannot be loaded"),
        (None, "cannot be loaded"),  # the first half of a real one
    ],
)
def test_a_broken_model_is_refused_at_once(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "broken.gguf"
    real = bundled_model_path().read_bytes()
    path.write_bytes(real[: len(real) // 2] if content is None else content)
    with running_engine(tmp_path, model_path=path) as engine:
        with pytest.raises(EngineFailed, match=reason):
            engine.ready()
        assert (engine.supervisor.state, engine.supervisor.restarts) == (EngineState.FAILED, 0)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with (
        running_engine(tmp_path, model_path=tmp_path / "absent.gguf") as engine,
        pytest.raises(EngineFailed, match=r"no model file at .*absent\.gguf"),
    ):
        engine.ready()


def test_a_template_that_never_ends_is_refused_at_once(tmp_path: Path) -> None:
    template = tmp_path / "endless.jinja"
    loop = "{% for a in range(9999) %}"
    template.write_text(loop * 4 + "{% endfor %}" * 4)
    with (
        running_engine(tmp_path, chat_template=template) as engine,
        pytest.raises(EngineFailed, match="template did not end within 2 s"),
    ):
        engine.ready()


def test_a_start_that_takes_too_long_is_reported(tmp_path: Path) -> None:
    with running_engine(tmp_path, command=[sys.executable, "-c", "import time; time.sleep(60)"]) as engine:
        with pytest.raises(EngineFailed, match=r"still starting after 0\.1 s"):
            engine.call(engine.supervisor.wait_ready(0.1))
        assert engine.supervisor.state is EngineState.STARTING


def test_a_child_that_ignores_the_request_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.engine.process.supervisor.STOP_TIMEOUT_S", 0.2)
    stubborn = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', file=sys.stderr, flush=True)\ntime.sleep(600)"
    )
    with running_engine(tmp_path, command=[sys.executable, "-c", stubborn]) as engine:
        wait_for(lambda: list(engine.supervisor._log_lines) == ["deaf"])
        pid = engine.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    parent = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from models.engine.process.supervisor import EngineOptions, EngineSupervisor
        async def main():
            options = EngineOptions(Path(sys.argv[2]), n_ctx=512, max_sequences=1)
            supervisor = EngineSupervisor(options, Path(sys.argv[1]) / "engine.sock", Path(sys.argv[1]))
            await supervisor.start()
            await supervisor.wait_ready(60)
            print(supervisor.pid, flush=True)
            await asyncio.sleep(600)
        asyncio.run(main())
    """)
    command = [sys.executable, "-c", parent, str(tmp_path), str(tiny_model())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
        wait_for(lambda: not Path(f"/proc/{child}").exists(), READY_S)


def test_an_unusable_state_folder_costs_only_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    command = engine_that(tmp_path, CRASHES_WITH_REPACKED_WEIGHTS.format(signal="SIGSEGV"))
    with running_engine(tmp_path / "state", command=command, knows_nothing=True) as engine:
        assert engine.ready().use_extra_bufts is False
    assert any("cannot be written" in record.message for record in caplog.records)


def test_the_probe_cache_is_plain_json(tmp_path: Path) -> None:
    command = engine_that(tmp_path, CRASHES_WITH_REPACKED_WEIGHTS.format(signal="SIGILL"))
    with running_engine(tmp_path / "state", command=command, knows_nothing=True) as engine:
        engine.ready()
    (key,) = json.loads((tmp_path / "state" / "engine.json").read_text())["crashing_with_extra_bufts"]
    assert key.startswith(tiny_model().name)


def answers(engine: LiveEngine) -> bool:
    """Whether a request is answered: one to a dying process is not."""
    with contextlib.suppress(httpx.TransportError):
        return engine.post({**BODY, "max_tokens": 3}).status_code == 200
    return False


STEPS_THAT_NEVER_END = """
    import os, signal, time
    from models.engine.native.llama import Context
    real = Context.decode
    def decode(self, batch):
        if os.path.exists({flag!r}):
            os.unlink({flag!r})
            {fault}
        return real(self, batch)
    Context.decode = decode
"""


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("time.sleep(600)", "a step of the model has not returned for 1.5 s"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "no heartbeat for 2 s"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV while serving"),
        ("raise MemoryError", "the engine ends itself: MemoryError"),
    ],
)
def test_a_stuck_or_crashed_step_costs_a_restart(
    tmp_path: Path, fault: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.engine.process.supervisor.SILENCE_GRACE_S", 0.5)
    monkeypatch.setattr("models.engine.process.supervisor.CHECK_INTERVAL_S", 0.1)
    flag = tmp_path / "fault"
    command = engine_that(tmp_path, STEPS_THAT_NEVER_END.format(flag=str(flag), fault=fault))
    with running_engine(tmp_path / "state", command=command, step_timeout_s=1.5) as engine:
        engine.ready()
        restarts = engine.supervisor.restarts  # 1 on machines where repacked weights crash
        with httpx.stream(
            "POST", f"{engine.url}/v1/chat/completions", json={**BODY, "stream": True}, timeout=60
        ) as response:
            lines = response.iter_lines()
            assert next(lines).startswith("data: ")
            flag.touch()
            try:
                rest = [line for line in lines if line]
            except httpx.RemoteProtocolError:
                rest = []
        assert not rest or "error" in json.loads(rest[-1].removeprefix("data: "))
        wait_for(lambda: answers(engine), READY_S)
        assert engine.supervisor.restarts == restarts + 1
        assert words in str(engine.supervisor.last_error)


GRAMMARS_THAT_NEVER_END = """
    import time
    import models.engine.engine as engine
    from models.engine.native.guidance import Grammar, GrammarCompiler
    engine.COMPILE_TIME_LIMIT_S = 0.3
    def never(self, *arguments):
        time.sleep(1000)
    {where} = never
"""

OBJECT = {"response_format": {"type": "json_object"}}


def test_a_grammar_that_takes_too_long_is_refused_and_others_go_on(tmp_path: Path) -> None:
    """Until the process is ended for it, since the thread is lost."""
    command = engine_that(tmp_path, GRAMMARS_THAT_NEVER_END.format(where="GrammarCompiler._new_matcher"))
    with running_engine(tmp_path / "state", command=command, step_timeout_s=5.0) as engine:
        engine.ready()
        restarts = engine.supervisor.restarts
        refused = engine.post({**BODY, **OBJECT})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported_schema")
        assert "0.3 s" in refused.json()["error"]["message"]
        assert engine.post({**BODY, "max_tokens": 2}).status_code == 200
        wait_for(lambda: engine.supervisor.restarts == restarts + 1, READY_S)
        assert "the compilation of a grammar" in str(engine.supervisor.last_error)


def test_the_watchdog_sees_the_selection_of_tokens(tmp_path: Path) -> None:
    command = engine_that(tmp_path, GRAMMARS_THAT_NEVER_END.format(where="Grammar.allowed"))
    with running_engine(tmp_path / "state", command=command, step_timeout_s=1.5) as engine:
        engine.ready()
        restarts = engine.supervisor.restarts
        with pytest.raises(httpx.RemoteProtocolError):
            engine.post({**BODY, **OBJECT})
        wait_for(lambda: engine.supervisor.restarts == restarts + 1, READY_S)
        assert "a step of the model" in str(engine.supervisor.last_error)


MEMORY_IS_SHORT = """
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
"""


def test_a_context_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    """The cells need 2.3 GB; this process may have 2, which the free memory of the machine does not say."""
    command = engine_that(tmp_path, MEMORY_IS_SHORT.format(limit=2_000_000_000))
    with running_engine(
        tmp_path / "state", command=command, n_cells=100_000, model_path=bundled_model_path()
    ) as engine:
        with pytest.raises(EngineFailed, match=r"no context of 100096 tokens could be made for .*: .*(memory|buffer)"):
            engine.ready()
        assert (engine.supervisor.state, engine.supervisor.restarts) == (EngineState.FAILED, 0)


def test_a_model_that_does_not_fit_is_refused_with_numbers(tmp_path: Path) -> None:
    with running_engine(tmp_path, n_cells=100_000_000, model_path=bundled_model_path()) as engine:
        with pytest.raises(
            EngineFailed, match=r"needs 23\d\d\.\d GB: .* for 100000000 tokens of context.* can be used"
        ):
            engine.ready()
        assert (engine.supervisor.state, engine.supervisor.restarts) == (EngineState.FAILED, 0)


def test_a_model_is_probed_once(tmp_path: Path) -> None:
    with running_engine(tmp_path, probe=True) as engine:
        wait_for(lambda: engine.ready().probed, READY_S)
        seen = engine.ready().features
        asked = engine.metrics("finished_total")
    assert asked > 0  # the probes
    with running_engine(tmp_path, probe=True) as engine:
        assert engine.ready().features == seen
        assert engine.metrics("finished_total") == 0


PROBES_WHEN_FLAGGED = """
    import asyncio, os
    import models.engine.process.child as process
    real = process.run_probes
    async def run_probes(engine, probes, **how):
        if probes is not process.MODEL_PROBES:
            return await real(engine, probes)
        while not os.path.exists({flag!r}):
            await asyncio.sleep(0.02)
        return frozenset(probes)
    process.run_probes = run_probes
"""
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def test_a_probe_gives_way_to_a_caller_and_is_tried_again(tmp_path: Path) -> None:
    with running_engine(tmp_path, model_path=bundled_model_path(), probe=True) as engine:
        assert not engine.ready().probed
        n_steps = engine.metrics("step_seconds_count")
        wait_for(lambda: engine.metrics("step_seconds_count") > n_steps)
        engine.post({**BODY, "logit_bias": None, "max_tokens": 40})
        assert engine.metrics('finished_total{reason="gave_way"') == 2  # both were in progress
        wait_for(lambda: engine.ready().probed, READY_S)
        assert "forced_tools" in engine.ready().features


def test_the_engine_serves_while_it_probes_its_model(
    tmp_path: Path, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reports the features that it finds, and the gateway uses them."""
    monkeypatch.setattr("gateway.dispatch.local_server.LOOK_AGAIN_S", 0.05)
    flag, body = tmp_path / "now", {**BODY, "logit_bias": None}
    calling = {**body, "max_tokens": 40, "tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False}
    command = engine_that(tmp_path, PROBES_WHEN_FLAGGED.format(flag=str(flag)))
    real: dict[str, Any] = {"model_path": bundled_model_path(), "probe": True}
    with running_engine(tmp_path / "engine", command=command, **real) as engine:
        info = engine.ready()
        assert (info.probed, "json_schema" in info.features, "tools" in info.features) == (False, True, False)
        gateway = make_gateway(local={"base_url": f"{engine.url}/v1"})
        gateway.wait_ready()
        url = f"{gateway.url}/v1/chat/completions"
        assert httpx.post(url, json={**body, "max_tokens": 3}, timeout=60).status_code == 200
        assert "tools" in httpx.post(url, json=calling, timeout=60).json()["error"]["message"]
        cache = tmp_path / "engine" / "engine.json"  # there already on machines where repacked weights crash
        assert not cache.exists() or "features" not in json.loads(cache.read_text())  # an incomplete set is not cached
        flag.touch()
        wait_for(lambda: engine.ready().probed, READY_S)
        wait_for(lambda: httpx.post(url, json=calling, timeout=60).status_code == 200, READY_S)
    with running_engine(tmp_path / "engine", command=command, **real) as engine:
        assert "tools" in engine.ready().features
