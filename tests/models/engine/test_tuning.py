"""A large model's settings are chosen by trying them once, in processes that may crash, while nobody waits."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.engine.loading.header import read_header
from models.engine.options import EngineOptions, FlashAttention, KvCacheType
from models.engine.process.tuner import Tuner, known_tuning
from models.engine.process.tuning import Setting, Space, Trial, Tuning, best, next_setting, search_space
from tests.models.engine.live import running_engine
from tests.models.engine.tiny import tiny_model

OFF, ON = FlashAttention.OFF, FlashAttention.ON
SPACE = Space((False, True), (OFF, ON), (128, 48), (2,))

FAKE = """
import json, os, signal, sys, time
job = json.loads(sys.argv[1])
print(json.dumps({"loaded": True}), flush=True)
for line in sys.stdin:
    setting = json.loads(line)
    {fault}
    reads = 100 if setting["flash_attention"] == "off" else 120
    writes = 12 if setting["flash_attention"] == "off" else 8
    print(json.dumps({"reads": reads, "writes": writes, "disturbed": False}), flush=True)
"""
CRASHES = 'job["repack"] and os.kill(os.getpid(), signal.SIGILL)'


@pytest.fixture(autouse=True)
def _even_the_tiny_model_is_tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.engine.process.tuning.SMALLEST_BYTES", 0)
    # The tiny model's weights cannot be repacked; where that is tried, it is by the fake process.
    monkeypatch.setattr("models.engine.process.tuner.search_space", lambda *_, **__: SPACE)


def fake(tmp_path: Path, fault: str = "pass") -> list[str]:
    """The command of a process that answers like one that tries settings, with `fault` before each answer."""
    script = tmp_path / "trial.py"
    script.write_text(FAKE.replace("{fault}", fault))
    return [sys.executable, str(script)]


def tune(tmp_path: Path, command: list[str], hurry_after_s: float | None = None) -> Tuning:
    async def run() -> Tuning | None:
        hurry = asyncio.Event()
        if hurry_after_s is not None:
            asyncio.get_running_loop().call_later(hurry_after_s, hurry.set)
        return await Tuner(EngineOptions(tiny_model()), tmp_path, may_repack=True, command=command).tune(hurry)

    tuning = asyncio.run(run())
    assert tuning is not None
    return tuning


def run_all(space: Space, figures: Callable[[Setting], Trial]) -> list[Trial]:
    """All trials that are asked for, answered by `figures`."""
    trials: list[Trial] = []
    while setting := next_setting(space, trials):
        trials.append(figures(setting))
    return trials


def test_each_axis_is_tried_with_the_best_of_those_before() -> None:
    trials = run_all(SPACE, lambda s: Trial(s, reads=100, writes=8 if s.flash_attention is ON else 12 + s.repack))
    assert [(t.setting.repack, t.setting.flash_attention, t.setting.n_ubatch) for t in trials] == [
        (False, OFF, 128),
        (False, ON, 128),
        (False, OFF, 48),
        (True, OFF, 128),
        (True, ON, 128),
        (True, OFF, 48),
    ]
    assert len({t.setting for t in trials}) == len(trials)


def test_the_request_counts_reading_and_writing() -> None:
    """The figures of a Phi-3-mini on two cores: reading at half the speed is not worth writing a sixth faster."""
    plain, repacked, flash = (
        Trial(Setting(repack, flash, 128, 2), reads, writes)
        for repack, flash, reads, writes in ((False, OFF, 104, 11.3), (True, OFF, 57, 13.1), (False, ON, 117, 8.2))
    )
    assert best([repacked, flash, plain]) is plain
    slightly_better = Trial(Setting(False, OFF, 48, 2), 105, 11.4)
    assert best([plain, slightly_better]) is plain


def test_what_the_user_sets_is_not_tried() -> None:
    header = read_header(tiny_model())
    asked = EngineOptions(tiny_model(), flash_attention=ON, n_ubatch=64, n_threads=3, repack=True)
    assert search_space(asked, header, may_repack=True) == Space((True,), (ON,), (64,), (3,))
    quantised = EngineOptions(tiny_model(), kv_cache_type=KvCacheType.Q8_0)
    assert search_space(quantised, header, may_repack=True).flash_attention == (ON,)
    assert search_space(quantised, header, may_repack=False).repack == (False,)


def test_trials_are_remembered(tmp_path: Path) -> None:
    first = tune(tmp_path, fake(tmp_path))
    assert first.chosen is not None
    assert first.chosen.setting == Setting(False, OFF, 128, 2)
    again = tune(tmp_path, ["/bin/false"])  # nothing is left to try
    assert again.trials == first.trials
    known = known_tuning(EngineOptions(tiny_model()), tmp_path)
    assert known is not None
    assert known.chosen == first.chosen


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}'])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "tuning.json").write_text(content)
    assert len(tune(tmp_path, fake(tmp_path)).trials) == 6


def test_a_crash_is_remembered_and_its_like_not_tried(tmp_path: Path) -> None:
    tuning = tune(tmp_path, fake(tmp_path, CRASHES))
    (crashed,) = [trial for trial in tuning.trials if trial.failure]
    assert (crashed.crashed, crashed.failure, crashed.setting.repack) == (True, "killed by SIGILL", True)
    assert len(tuning.trials) == 4
    assert tuning.chosen is not None
    assert len(tune(tmp_path, ["/bin/false"]).trials) == 4


def test_tuning_gives_way_and_goes_on_at_the_next_start(tmp_path: Path) -> None:
    slow = fake(tmp_path, 'setting["flash_attention"] == "on" and time.sleep(600)')
    interrupted = tune(tmp_path, slow, hurry_after_s=1.0)
    assert [trial.setting for trial in interrupted.trials] == [Setting(False, OFF, 128, 2)]
    assert interrupted.chosen is not None
    assert len(tune(tmp_path, fake(tmp_path)).trials) == 6


def test_a_disturbed_trial_is_not_chosen_and_tried_again(tmp_path: Path) -> None:
    disturbed = fake(tmp_path)
    script = Path(disturbed[1])
    script.write_text(script.read_text().replace('"disturbed": False', '"disturbed": True'))
    assert tune(tmp_path, disturbed).chosen is None
    assert tune(tmp_path, fake(tmp_path)).chosen is not None


@pytest.mark.engine
def test_the_engine_runs_with_what_was_chosen(tmp_path: Path) -> None:
    with running_engine(tmp_path, trial_command=fake(tmp_path)) as engine:
        info = engine.ready()
        assert (info.flash_attention, info.n_ubatch, info.n_threads, info.use_extra_bufts) == ("off", 128, 2, False)
    cache = json.loads((tmp_path / "tuning.json").read_text())
    assert len(cache) == 1


@pytest.mark.engine
def test_real_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.engine.process.tuner import COMMAND

    monkeypatch.setattr("models.engine.process.tuner.search_space", search_space)
    tuning = tune(tmp_path, list(COMMAND))
    assert all(trial.reads > 0 and trial.writes > 0 for trial in tuning.trials)
    assert {trial.setting.flash_attention for trial in tuning.trials} == {OFF, ON}
