"""An artifact is whole and of this version, or refused with the cure."""

import json
import shutil
from pathlib import Path

import pytest
from sklearn.pipeline import Pipeline

from router.artifact import DEFAULT_ARTIFACT, load_artifact, load_pipeline, read_card, save_artifact
from router.decision import Prompt
from router.errors import ArtifactError


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return load_pipeline()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT_ARTIFACT, tmp_path / "artifact"))


def edit(folder: Path, **changes: object) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | changes))


def test_the_shipped_one_loads_and_says_what_it_is() -> None:
    artifact = load_artifact()
    assert 0 < artifact.threshold < 1
    assert artifact.version == artifact.card["version"]
    assert {"alpaca-eval", "bfcl"} == set(artifact.card["data"]["sources_left_out"])
    assert "math/gsm8k" in artifact.card["data"]["tasks_left_out"]
    assert len(artifact.card["data"]["sha256"]) == 64
    assert (
        {"mmlu-pro", "llmrouter", "arena-bench-v1", "written"} == set(artifact.card["dev"]) == set(artifact.validation)
    )
    assert sum(path.stat().st_size for path in DEFAULT_ARTIFACT.iterdir()) < 2 * 1024 * 1024


def test_a_copy_is_as_good(copy: Path) -> None:
    prompt = Prompt.from_text("Prove it.")
    assert load_artifact(copy).scorer.score(prompt) == load_artifact().scorer.score(prompt)


@pytest.mark.parametrize("name", ["card.json", "weights.json", "validation.json"])
def test_a_missing_part_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        load_artifact(copy)


@pytest.mark.parametrize("name", ["weights.json", "validation.json"])
def test_a_changed_part_is_refused(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(ArtifactError, match="belongs to another artifact"):
        load_artifact(copy)


def test_another_artifacts_card_and_threshold_are_refused(copy: Path) -> None:
    """A threshold means nothing without the classifier that it was chosen for."""
    edit(copy, files={**read_card(copy)["files"], "weights.json": "0" * 64}, threshold=0.9)
    with pytest.raises(ArtifactError, match="whole folders"):
        load_artifact(copy)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 99}, "format 99"),
        ({"self_test": [{"prompt": "hello", "score": 0.999}]}, "fitted for other features"),
        ({"threshold": "high"}, "threshold must be a number"),
        ({"threshold": None}, "threshold must be a number"),
    ],
)
def test_other_versions_are_refused(copy: Path, changes: dict[str, object], words: str) -> None:
    edit(copy, **changes)
    with pytest.raises(ArtifactError, match=words):
        load_artifact(copy)


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_broken_card_is_refused(copy: Path, content: str) -> None:
    (copy / "card.json").write_text(content)
    with pytest.raises(ArtifactError, match=r"card\.json"):
        load_artifact(copy)


def test_no_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="nowhere"):
        load_artifact(tmp_path / "nowhere")


@pytest.mark.slow
def test_the_pipeline_of_strangers_is_not_loaded(copy: Path) -> None:
    (copy / "pipeline.skops").write_bytes(b"PK")
    with pytest.raises(ArtifactError, match=r"pipeline\.skops"):
        load_pipeline(copy)


def test_nothing_is_overwritten(copy: Path, pipeline: Pipeline) -> None:
    with pytest.raises(ArtifactError, match="exists already"):
        save_artifact(copy, pipeline, {}, {"threshold": 0.5})


def test_saving_what_was_loaded_gives_the_same_version(tmp_path: Path, pipeline: Pipeline) -> None:
    shipped = load_artifact()
    version = save_artifact(tmp_path / "new", pipeline, shipped.validation, {"threshold": 0.25})
    saved = load_artifact(tmp_path / "new")
    assert (version, saved.version, saved.threshold) == (shipped.version, shipped.version, 0.25)
    assert [path.name for path in tmp_path.iterdir()] == ["new"], "no unfinished folder is left behind"


def test_card_whose_self_test_is_no_self_test_is_refused(copy: Path) -> None:
    card = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps({**card, "self_test": [{"prompt": "hi"}]}))
    with pytest.raises(ArtifactError, match="is damaged"):
        load_artifact(copy)
