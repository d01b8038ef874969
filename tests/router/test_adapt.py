"""Own labels: they move the classifier where they should, a worse one is refused, and every step can be taken back."""

import hashlib
import json
import random
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gateway.cli import app
from router.artifact import load_artifact, load_pipeline
from router.decision import Prompt
from router.errors import DatasetError
from router.training.adapt import adapt
from router.training.labels import Label

pytestmark = pytest.mark.slow

run = CliRunner().invoke

FIELDS = ("zorblex", "quimby", "frandle", "snorvik")
ERRANDS = (
    "Write a note about {} number {}",
    "Summarise the text on {} page {}",
    "Explain {} part {}",
    "List the {} of week {}",
)
WORDS = ("today", "soon", "kindly", "for Anna", "in brief", "at last", "with care", "once more")


def own_traffic(n: int, seed: int = 0) -> list[tuple[str, bool]]:
    """A trade with words of its own: the local model knows nothing of two of its four fields."""
    rng = random.Random(seed)
    rows = []
    for at in range(n):
        field = rng.choice(FIELDS)
        does = (field in FIELDS[:2]) != (rng.random() < 0.05)
        rows.append((rng.choice(ERRANDS).format(field, at), does))
    return rows


def as_labels(rows: list[tuple[str, bool]]) -> list[Label]:
    return [Label(Prompt.from_text(text), does) for text, does in rows]


def write(path: Path, rows: list[tuple[str, bool]]) -> Path:
    path.write_text("\n".join(json.dumps({"prompt": text, "local_ok": does}) for text, does in rows))
    return path


def test_words_of_ones_own_are_learnt() -> None:
    adapted = adapt(load_pipeline(), as_labels(own_traffic(200)))
    assert adapted.is_better
    assert adapted.before.auc < 0.65
    assert adapted.after.auc > 0.85
    fresh = own_traffic(100, seed=1)
    scores = adapted.pipeline.predict_proba([Prompt.from_text(text) for text, _ in fresh])[:, 1]
    does = np.array([does for _, does in fresh])
    assert scores[does].mean() + 0.3 < scores[~does].mean()


def test_what_the_labels_say_nothing_of_stays_as_it_was() -> None:
    base = load_pipeline()
    adapted = adapt(base, as_labels(own_traffic(100)))
    prompts = [
        Prompt.from_text(text) for text in ("Prove that 7 is prime and derive a bound.", "Say hello to my aunt.")
    ]
    hard, easy = adapted.pipeline.predict_proba(prompts)[:, 1]
    assert hard > easy + 0.2


def test_the_clouds_failures_count_half() -> None:
    """A prompt that both fail is no reason to pay."""
    texts = [f"{errand.format(field, 'x')} {word}" for word in WORDS for errand in ERRANDS for field in FIELDS]
    labels = [Label(Prompt.from_text(text), "quimby" in text, "zorblex" not in text) for text in texts]
    adapted = adapt(load_pipeline(), labels)

    def score(field: str) -> float:
        fresh = [Prompt.from_text(f"{errand.format(field, 'y')} gladly") for errand in ERRANDS]
        return float(adapted.pipeline.predict_proba(fresh)[:, 1].mean())

    done, hopeless, worth_it = map(score, ("quimby", "zorblex", "frandle"))
    assert done < 0.3 < hopeless < 0.7 < worth_it


def test_copies_do_not_pass_for_evidence() -> None:
    """Labels that are chance, each five times: known by heart they would look perfect."""
    rng = random.Random(0)
    rows = [(f"{rng.choice(FIELDS)} {word} thing", rng.random() < 0.5) for word in "abcdefghijklmnopqrstuvwxyz"]
    rows = [(text.replace("thing", f"thing {n}"), does) for n in range(5) for text, does in rows]
    assert adapt(load_pipeline(), as_labels(rows)).after.auc < 0.75


@pytest.mark.parametrize(
    ("rows", "words"),
    [(own_traffic(20), "too few"), ([(f"note {n}", True) for n in range(50)], "all labels are alike")],
)
def test_labels_that_cannot_teach_are_refused(rows: list[tuple[str, bool]], words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        adapt(load_pipeline(), as_labels(rows))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def served() -> str:
    done = run(app, ["calibrate", "--cloud-share", "0.5", "--json"])
    version: str = json.loads(done.stdout)["artifact"]
    return version


def test_installed_listed_and_rolled_back(state: Path, tmp_path: Path) -> None:
    shipped = load_artifact().version
    assert served() == shipped
    done = run(app, ["train", "--labels", str(write(tmp_path / "mine.jsonl", own_traffic(120)))])
    assert done.exit_code == 0, done.output
    for words in ("log loss", "before", "after", "Installed as", "To go back: slimgate artifacts use shipped"):
        assert words in done.output
    adapted = served()
    assert adapted != shipped
    card = load_artifact(state / "artifacts" / adapted).card
    digest = hashlib.sha256((tmp_path / "mine.jsonl").read_bytes()).hexdigest()
    named = {"file": "mine.jsonl", "sha256": digest, "n": 120, "base": shipped}
    assert card["labels"] == {**named, "kept": card["labels"]["kept"]}
    assert card["pair"] == {"local": "the bundled model", "cloud": "gpt-4.1"}

    listed = run(app, ["artifacts", "list"]).output
    assert adapted in listed
    assert "shipped" in listed
    assert run(app, ["artifacts", "use", "shipped"]).exit_code == 0
    assert served() == shipped
    assert run(app, ["artifacts", "use", adapted]).exit_code == 0
    assert served() == adapted


def test_a_second_adaptation_builds_on_the_first(state: Path, tmp_path: Path) -> None:
    labels = write(tmp_path / "mine.jsonl", own_traffic(120))
    run(app, ["train", "--labels", str(labels)])
    first = served()
    run(app, ["train", "--labels", str(labels), "--force"])
    assert load_artifact(state / "artifacts" / served()).card["labels"]["base"] == first


def test_no_better_is_not_installed_unless_told(state: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    chance = [(text, rng.random() < 0.68) for text, _ in own_traffic(60, seed=3)]
    labels = write(tmp_path / "chance.jsonl", chance)
    before = served()
    done = run(app, ["train", "--labels", str(labels)])
    assert done.exit_code == 1
    assert "the old one stays" in done.output
    assert served() == before
    assert run(app, ["train", "--labels", str(labels), "--force"]).exit_code == 0
    assert served() != before


def test_a_damaged_artifact_cannot_be_chosen(state: Path, tmp_path: Path) -> None:
    run(app, ["train", "--labels", str(write(tmp_path / "mine.jsonl", own_traffic(60))), "--force"])
    version = served()
    run(app, ["artifacts", "use", "shipped"])
    (state / "artifacts" / version / "weights.json").write_text("{}")
    assert run(app, ["artifacts", "use", version]).exit_code != 0
    assert run(app, ["artifacts", "use", "unheard-of"]).exit_code != 0
    assert served() == load_artifact().version


def test_out_writes_and_installs_nothing(state: Path, tmp_path: Path) -> None:
    labels = write(tmp_path / "mine.jsonl", own_traffic(60))
    done = run(app, ["train", "--labels", str(labels), "--out", str(tmp_path / "new"), "--force"])
    assert done.exit_code == 0, done.output
    assert load_artifact(tmp_path / "new").card["labels"]["n"] == 60
    assert served() == load_artifact().version


@pytest.mark.parametrize("arguments", [[], ["data", "--labels", "x"], ["data"]])
def test_train_needs_one_kind_of_data(arguments: list[str]) -> None:
    assert run(app, ["train", *arguments]).exit_code == 2
