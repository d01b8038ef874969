"""`slimgate evaluate`: how well the classifier routes between two models, source by source."""

import json
import math
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.config.settings import load_settings
from gateway.scoring.artifact_store import ArtifactStore
from router.artifact import Artifact, load_artifact

if TYPE_CHECKING:
    from router.training.dataset import Dataset, Floats
    from router.training.evaluate import SourceFigures
    from router.training.metrics import ConfidenceInterval


class Split(StrEnum):
    """Which prompts are judged."""

    UNSEEN = "unseen"
    DEV = "dev"
    TRAIN = "train"
    ALL = "all"


HEADINGS = {
    "auc": "AUC",
    "auc_wrong": "AUC wrong",
    "apgr": "APGR",
    "cpt50": "CPT(50 %)",
    "cpt80": "CPT(80 %)",
    "local90": "local at 90 %",
}


def evaluate(
    data_dir: Annotated[Path, typer.Argument(help="Folder with prompts.parquet, outcomes.parquet and models.parquet.")],
    small: Annotated[str, typer.Option(help="The small model's name in those tables.")],
    large: Annotated[str, typer.Option(help="The large model's name in those tables.")],
    split: Annotated[
        Split,
        typer.Option(help="unseen: prompts that the classifier was not fitted on (of its own data the dev split)."),
    ] = Split.UNSEEN,
    artifact: Annotated[
        Path | None, typer.Option(help="Folder of the classifier. Default: the configured one.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Draw quality over cost for each source into this SVG file.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Judge the routing between two models by their real scores, and compare it with random and length-only routing.

    AUC: does the score predict that the large model is better? AUC wrong: that the small one fails? (0.5 is chance.)
    APGR: area under the quality gained over the share sent to the large model (0.5 is chance, more is better). CPT(x):
    share that must be sent to recover x of the quality gap (x is chance, less is better). Local at 90 %: share that may
    stay local while 90 % of the gap is recovered (10 % is chance). Oracle: a router that knows the outcomes. Always
    local and always cloud: the two means above each table. Brackets: 95 % bootstrap intervals.
    """
    from router.training.dataset import read_dataset
    from router.training.evaluate import evaluate as judge

    loaded = load_artifact(artifact or ArtifactStore.of(load_settings(serves=False)).in_use)
    dataset = read_dataset(data_dir)
    dataset, chosen = _chosen(dataset, split, data_dir, loaded)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        scores = _scores(dataset, loaded, progress)
        bar = progress.add_task("judging", total=len(set(dataset.sources)))
        figures = judge(dataset, scores, small, large, lambda _source: progress.advance(bar))
    if svg is not None:
        from gateway.cli.curves import draw_curves

        svg.write_text(draw_curves(figures, small, large), "utf-8")
    if as_json:
        print(json.dumps(_to_json(figures, loaded, small, large, chosen), indent=2))
    else:
        _print(figures, loaded, small, large, chosen)


def _chosen(dataset: "Dataset", split: Split, data_dir: Path, artifact: Artifact) -> tuple["Dataset", str]:
    """The prompts to judge, and a name for them: of data that the classifier was fitted on, only those held back."""
    from router.errors import DatasetError
    from router.training.dataset import data_hash

    if split is Split.UNSEEN:
        fitted_on_these = artifact.card.get("data", {}).get("sha256") == data_hash(data_dir)
        split = Split.DEV if fitted_on_these else Split.ALL
    if split is Split.ALL:
        return dataset, "all prompts"
    part = dataset.where(dataset.splits == split.value)
    if not len(part):
        raise DatasetError(f"{data_dir} has no prompts in the split {split.value!r}")
    return part, f"{split.value} split"


def _scores(dataset: "Dataset", artifact: Artifact, progress: Progress) -> "Floats":
    import numpy as np

    tracked = progress.track(dataset.prompts, description="scoring")
    return np.array([artifact.scorer.score(prompt) for prompt in tracked], dtype=np.float64)


def _to_json(figures: "list[SourceFigures]", artifact: Artifact, small: str, large: str, chosen: str) -> dict[str, Any]:
    document = {
        "artifact": artifact.version,
        "small": small,
        "large": large,
        "prompts": chosen,
        "sources": [asdict(source) for source in figures],
    }
    return _without_nan(document)  # type: ignore[no-any-return]


def _without_nan(value: Any) -> Any:
    """`value` with null for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _print(figures: "list[SourceFigures]", artifact: Artifact, small: str, large: str, chosen: str) -> None:
    console = Console()
    console.print(f"{small} against {large}, {chosen}, classifier {artifact.version}", highlight=False)
    for source in figures:
        console.print(_table(source))


def _table(figures: "SourceFigures") -> Table:
    title = (
        f"{figures.source} ({figures.metric}): {figures.n} prompts, "
        f"small {figures.small_mean:.3f}, large {figures.large_mean:.3f}"
    )
    table = Table("router", *HEADINGS.values(), title=title, title_justify="left")
    for router, row in figures.routers.items():
        table.add_row(router, *(_cell(row[name]) for name in HEADINGS))
    return table


def _cell(interval: "ConfidenceInterval") -> str:
    if math.isnan(interval.value):
        return "–"
    return f"{interval.value:.3f} [{interval.low:.2f}, {interval.high:.2f}]".replace("[", "\\[")
