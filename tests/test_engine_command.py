"""`slimgate engine`: what the settings of the engine can say, its flags can say too."""

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.engine import engine
from gateway.config.sections.local import LocalSettings
from gateway.dispatch.local_engine import engine_options
from models.engine.options import EngineOptions, FlashAttention, KvCacheType
from tests.command import run
from tests.models.engine.tiny import tiny_model

OTHER_NAMES = {"model_path": "model", "reencode": "reencode"}
SHARED = {field.name for field in fields(EngineOptions)} & set(LocalSettings.model_fields) - {"max_queue"}
"""What the gateway's `local.max_queue` counts are requests to another server."""


def flag_of(setting: str) -> str:
    """The name of the parameter: without the marks for counts and units.

    >>> flag_of("n_ctx"), flag_of("max_gap_s")
    ('ctx', 'max_gap')
    """
    return OTHER_NAMES.get(setting) or setting.removeprefix("n_").removesuffix("_s")


@pytest.mark.parametrize("setting", sorted(SHARED | {"reencode"}))
def test_every_setting_of_the_engine_is_a_flag_with_the_same_default(setting: str) -> None:
    parameter = inspect.signature(engine).parameters[flag_of(setting)]
    assert parameter.default == LocalSettings.model_fields[setting].default


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[EngineOptions]:
    """The options of the engines that the command would have started."""
    options: list[EngineOptions] = []

    class Supervisor:
        def __init__(self, chosen: EngineOptions, *_arguments: Any, **_others: Any) -> None:
            options.append(chosen)

    async def ended(*_arguments: Any) -> int:
        return 0

    monkeypatch.setitem(engine.__globals__, "EngineSupervisor", Supervisor)
    monkeypatch.setitem(engine.__globals__, "_run", ended)
    return options


def start(tmp_path: Path, *flags: str) -> None:
    done = run("engine", "--model", str(tiny_model()), *flags, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_without_flags_it_starts_what_the_gateway_starts(tmp_path: Path, started: list[EngineOptions]) -> None:
    start(tmp_path)
    assert started == [engine_options(LocalSettings(model_path=tiny_model()), tmp_path)]


def test_flags_reach_the_engine(tmp_path: Path, started: list[EngineOptions]) -> None:
    start(tmp_path, "--no-repack", "--no-tune", "--max-gap", "0.25", "--ubatch", "64", "--threads", "3")
    start(tmp_path, "--repack", "--kv-cache-type", "q8_0", "--flash-attention", "on", "--no-reencode")
    first, second = started
    assert (first.repack, first.tune, first.max_gap_s, first.n_ubatch, first.n_threads) == (False, False, 0.25, 64, 3)
    assert (second.repack, second.weights_dir) == (True, None)
    assert (second.kv_cache_type, second.flash_attention) == (KvCacheType.Q8_0, FlashAttention.ON)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--ubatch", "8"), "greater than or equal to 16"),
        (("--ubatch", "1024"), "less than or equal to 512"),
        (("--max-gap", "0"), "greater than or equal to 0.05"),
        (("--max-gap", "60"), "less than or equal to 10"),
        (("--cells", "256", "--ctx", "8192"), "256 are not enough"),
    ],
)
def test_what_the_engine_cannot_do_is_refused(tmp_path: Path, flags: tuple[str, ...], said: str) -> None:
    done = run("engine", *flags, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path))
    assert done.returncode == 2
    assert flags[0] in done.stderr
    assert said in done.stderr
