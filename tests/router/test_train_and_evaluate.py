"""From parquet to an artifact and to figures, on small tables made up for it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from typer.testing import CliRunner

from gateway.cli import app
from router.artifact import load_artifact, load_pipeline
from router.errors import ArtifactError, DatasetError
from router.training.dataset import data_hash, read_dataset
from router.training.evaluate import evaluate
from router.training.train import labels_of, source_weights, train
from tests.router.tables import write_tables

pytestmark = pytest.mark.slow

run = CliRunner().invoke


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tables(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def artifact(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("artifacts") / "fitted"
    steps: list[str] = []
    train(folder, out, step=steps.append)
    assert steps[0] == "reading"
    assert steps[-1] == "judging"
    return out


def test_what_was_fitted_is_what_is_served(artifact: Path, folder: Path) -> None:
    prompts = read_dataset(folder).prompts
    scores = [load_artifact(artifact).scorer.score(prompt) for prompt in prompts]
    assert np.allclose(scores, load_pipeline(artifact).predict_proba(prompts)[:, 1], atol=1e-9)


def test_the_card_says_what_it_was_made_of(artifact: Path, folder: Path) -> None:
    card = load_artifact(artifact).card
    assert card["data"]["sha256"] == data_hash(folder)
    assert set(card["data"]["train"]) == {"one", "two", "written"}
    assert card["dev"]["one"]["rank_correlation"] > 0.5
    assert {"scikit-learn", "skops", "numpy"} == set(card["made_with"])


def test_the_same_seed_gives_the_same_classifier(artifact: Path, folder: Path, tmp_path: Path) -> None:
    assert train(folder, tmp_path / "again")["version"] == load_artifact(artifact).version


def test_an_existing_folder_is_kept(artifact: Path, folder: Path) -> None:
    with pytest.raises(ArtifactError, match="exists already"):
        train(folder, artifact)


def test_reserved_and_left_out_prompts_are_not_learnt_from(tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "data", ("one", "bfcl"))
    table = parquet.read_table(folder / "prompts.parquet")
    tasks = ["math/gsm8k" if n % 2 else "made/up" for n in range(len(table))]
    parquet.write_table(table.set_column(2, "task", pa.array(tasks)), folder / "prompts.parquet")
    labels = labels_of(read_dataset(folder), "train")
    assert set(labels.sources) == {"one"}
    assert 0 < len(labels.prompts) < (table["source"].to_numpy() == "one").sum() / 2


def test_every_source_weighs_the_same() -> None:
    sources = np.array(["a"] * 90 + ["b"] * 10)
    weights = source_weights(sources)
    assert weights[sources == "a"].sum() == pytest.approx(weights[sources == "b"].sum())
    assert weights.mean() == pytest.approx(1)


def test_small_failure_averages_over_small_models_only(folder: Path) -> None:
    dataset = read_dataset(folder)
    hard = np.array(["the" in prompt.turns[0].text for prompt in dataset.prompts])
    assert (dataset.small_failure()[hard] == 1).all()
    assert (dataset.small_failure()[~hard] == 0).all()


def test_evaluate_by_source(folder: Path, artifact: Path) -> None:
    dataset = read_dataset(folder)
    scores = np.array([load_artifact(artifact).scorer.score(prompt) for prompt in dataset.prompts])
    figures = evaluate(dataset, scores, "tiny", "huge")
    assert [(row.source, row.n) for row in figures] == [("one", 96), ("two", 96)]
    for row in figures:
        apgr = row.routers["slimgate"]["apgr"]
        assert apgr.low <= apgr.value <= apgr.high
        assert apgr.value > max(0.7, row.routers["length"]["apgr"].value)
        assert row.routers["random"]["apgr"].value == pytest.approx(0.5, abs=0.03)
        assert row.routers["slimgate"]["cpt50"].value < 0.35
        assert row.routers["oracle"]["apgr"].value == pytest.approx(0.75, abs=0.02)
        assert row.routers["oracle"]["local90"].value == pytest.approx(0.55, abs=0.02)
        assert row.curves["slimgate"][0] == (0.0, row.small_mean)
        assert row.curves["slimgate"][-1] == (1.0, row.large_mean)


@pytest.mark.parametrize(
    ("small", "large", "words"),
    [("tiny", "giant", "no outcomes of 'giant'"), ("none", "huge", "tiny")],
)
def test_unknown_models_are_named(folder: Path, small: str, large: str, words: str) -> None:
    dataset = read_dataset(folder)
    with pytest.raises(DatasetError, match=words):
        evaluate(dataset, np.zeros(len(dataset)), small, large)


@pytest.mark.parametrize("name", ["prompts", "outcomes", "models"])
def test_a_missing_table_is_named(tmp_path: Path, name: str) -> None:
    folder = write_tables(tmp_path / "data")
    (folder / f"{name}.parquet").unlink()
    with pytest.raises(DatasetError, match=f"{name}.parquet is missing"):
        read_dataset(folder)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "data")
    table = parquet.read_table(folder / "prompts.parquet").drop_columns(["group_id"])
    parquet.write_table(table, folder / "prompts.parquet")
    with pytest.raises(DatasetError, match="lacks the column group_id"):
        read_dataset(folder)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "data")
    (folder / "models.parquet").write_bytes(b"nonsense")
    with pytest.raises(DatasetError, match=r"models\.parquet cannot be read"):
        read_dataset(folder)


def test_a_score_outside_0_and_1_is_named(tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "data")
    table = parquet.read_table(folder / "outcomes.parquet")
    parquet.write_table(table.set_column(2, "score", pa.array([7.0] * len(table))), folder / "outcomes.parquet")
    with pytest.raises(DatasetError, match=r"7\.0"):
        read_dataset(folder)


def test_the_commands(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "fitted"
    trained = run(app, ["train", str(folder), "--out", str(out)])
    assert trained.exit_code == 0, trained.output
    assert "Default threshold" in trained.output
    judged = run(app, ["evaluate", str(folder), "--small", "tiny", "--large", "huge", "--artifact", str(out), "--json"])
    assert judged.exit_code == 0, judged.output
    document = json.loads(judged.stdout)
    assert document["prompts"] == "dev split", "of the data it was fitted on, only what was held back is judged"
    assert document["artifact"] == load_artifact(out).version
    assert {source["source"] for source in document["sources"]} == {"one", "two"}
    for source in document["sources"]:
        assert set(source["routers"]) == {"slimgate", "length", "random", "oracle"}
        assert set(source["routers"]["slimgate"]) == {"auc", "auc_wrong", "apgr", "cpt50", "cpt80", "local90"}
    shown = run(app, ["evaluate", str(folder), "--small", "tiny", "--large", "huge", "--artifact", str(out)])
    assert shown.exit_code == 0, shown.output
    assert "APGR" in shown.output


def test_the_curves_are_drawn(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "curves.svg"
    done = run(app, ["evaluate", str(folder), "--small", "tiny", "--large", "huge", "--svg", str(path)])
    assert done.exit_code == 0, done.output
    drawing = ElementTree.parse(path).getroot()
    lines = drawing.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2 * 4, "for each source: chance, slimgate, length and oracle"
    text = " ".join(element.text or "" for element in drawing.iter("{http://www.w3.org/2000/svg}text"))
    for words in ("one (accuracy), 96 prompts", "oracle", "always local, always cloud"):
        assert words in text


def test_data_that_it_was_not_fitted_on_is_judged_whole(folder: Path) -> None:
    judged = run(app, ["evaluate", str(folder), "--small", "tiny", "--large", "huge", "--json"])
    assert json.loads(judged.stdout)["prompts"] == "all prompts"
    dev = run(app, ["evaluate", str(folder), "--small", "tiny", "--large", "huge", "--json", "--split", "dev"])
    assert 0 < json.loads(dev.stdout)["sources"][0]["n"] < json.loads(judged.stdout)["sources"][0]["n"]
