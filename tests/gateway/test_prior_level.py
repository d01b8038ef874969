"""The level of a local model before its exam: from the catalogue, the file's header, its size, its name, or nothing."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.scoring.prior_level import explained_level, prior_level
from models.catalogue.bundled import bundled_model_path
from models.catalogue.catalogue import catalogue, find_model
from models.catalogue.level import Size, level
from models.engine.loading.gguf_file import read_gguf
from tests.models.engine.tiny import tiny_model

DOCS = Path(__file__).parents[2] / "docs" / "classifier.md"
THRESHOLD_LOG_ODDS = -0.2
"""Of the default threshold, 0.45."""


@dataclass(frozen=True)
class Stand:
    """The fields of an examinee that matter here."""

    name: str
    url: str | None = None
    path: str | None = None
    size_bytes: int | None = None
    quantisation: str | None = None


def of_catalogue(name: str, quantisation: str | None = None) -> float:
    model = find_model(name)
    return level(model.published, model.size, quantisation or model.encoding).log_odds


@pytest.mark.parametrize(
    ("examinee", "expected"),
    [
        (Stand("qwen3:4b", url="http://localhost:11434/v1"), of_catalogue("qwen3-4b")),
        (Stand("microsoft/Phi-3-mini-4k-instruct", url="http://gpu/v1"), of_catalogue("phi-3-mini-4k")),
        (Stand("my-own", size_bytes=2_497_280_736), of_catalogue("qwen3-4b")),
        (Stand("my-own", path="/absent/Qwen3-4B-Q4_K_M.gguf", size_bytes=1), of_catalogue("qwen3-4b")),
        (Stand("qwen3-4b", size_bytes=1_500_000_000, quantisation="Q2_K"), of_catalogue("qwen3-4b") + 0.6),
        (Stand("my-own-7b", url="http://gpu/v1"), -0.18),
        (Stand("tiny-1b", url="http://gpu/v1"), 0.9),
        (Stand("my-own", path="/absent.gguf", size_bytes=2_400_000_000, quantisation="Q4_K_M"), 0.0),
        (Stand("a-70b", path="/absent.gguf", size_bytes=600_000_000, quantisation="Q4_K_M"), 0.9),
        (Stand("my-own", path="/absent.gguf"), 0.5),
        (Stand("gpt-4", url="http://gpu/v1"), 0.5),
    ],
)
def test_the_best_fact_that_is_known_decides(examinee: Stand, expected: float) -> None:
    assert prior_level(examinee) == pytest.approx(expected, abs=0.02)  # type: ignore[arg-type]


def test_the_bundled_model_keeps_next_to_nothing() -> None:
    """The highest shipped score of the everyday prompts that it got wrong is 0.39, the least 0.22: all go away."""
    path = bundled_model_path()
    bundled = Stand(path.stem, path=str(path), size_bytes=path.stat().st_size, quantisation="Q4_1")
    assert prior_level(bundled) >= 2  # type: ignore[arg-type]
    assert -1.27 + prior_level(bundled) > THRESHOLD_LOG_ODDS  # type: ignore[arg-type]


def test_the_header_tells_the_size_of_a_file_of_any_name(tmp_path: Path) -> None:
    path = shutil.copy(bundled_model_path(), tmp_path / "renamed.gguf")
    explained = explained_level(Stand("renamed", path=str(path)))  # type: ignore[arg-type]
    assert explained.log_odds == pytest.approx(2.2, abs=0.02)
    assert explained.why == "0.13 billion parameters"


def test_the_header_counts_every_weight() -> None:
    tensors = {tensor.name: tensor for tensor in read_gguf(bundled_model_path()).tensors}
    assert tensors["token_embd.weight"].n_weights == 49_152 * 576
    assert sum(tensor.n_weights for tensor in tensors.values()) == 134_515_008


def test_of_experts_only_those_at_work_count(monkeypatch: pytest.MonkeyPatch) -> None:
    gguf = read_gguf(tiny_model())
    dense = sum(tensor.n_weights for tensor in gguf.tensors)
    experts = gguf.tensors[-1].__class__("blk.0.ffn_up_exps.weight", 0, 0, 1_000_000_000)
    kind = gguf.facts["general.architecture"]
    facts = {**gguf.facts, f"{kind}.expert_count": 64, f"{kind}.expert_used_count": 4}
    mixture = gguf.__class__(**{**_fields(gguf), "facts": facts, "tensors": (*gguf.tensors, experts)})
    monkeypatch.setattr("gateway.scoring.prior_level.read_gguf", lambda _: mixture)
    examinee = Stand("mixture", path=str(tiny_model()))
    expected = level(find_model("ministral-3-3b").published, Size(dense + 1e9, dense + 1e9 / 16)).log_odds
    assert prior_level(examinee) == pytest.approx(expected)  # type: ignore[arg-type]


def _fields(value: object) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__class__.__dataclass_fields__}  # type: ignore[attr-defined]


def test_the_document_has_the_level_of_every_model() -> None:
    section = DOCS.read_text("utf-8").split("## Before the exam")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| ([\w.-]+) \| ([+-]\d\.\d\d) \|", section, re.MULTILINE))
    assert told == {name: f"{of_catalogue(name):+.2f}" for name in catalogue()}
    for name, model in catalogue().items():
        row = next(line for line in section.splitlines() if line.startswith(f"| {name} |"))
        assert all(f"{total}" in row for _, total in model.published.totals())
