"""The quick part of `python -m benchmarks.lane`: zero bytes of what must stay, and the proof can fail."""

from pathlib import Path

from tests.lane import Case, Stage
from tests.lane_cases import STAGES, TO_CLOUD


def test_what_must_stay_stays_and_what_leaves_is_recorded_to_the_byte(tmp_path: Path) -> None:
    stage = next(stage for stage in STAGES if stage.name == "by the detector")
    planted = (
        Case("a leak", lambda scene: scene.chat(TO_CLOUD)),
        Case("a control that stays", lambda scene: scene.chat(model="local"), leaves=True),
    )
    results = list(Stage(stage.name, stage.scene, (*stage.cases, *planted)).results(tmp_path))
    *honest, leak, silence = [result.fault for result in results]
    assert honest == [""] * len(stage.cases)
    assert leak == "something left"
    assert silence.startswith("nothing arrived")
