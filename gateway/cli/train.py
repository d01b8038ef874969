"""`slimgate train`: fits the classifier on outcome tables, or adapts it to the user's own labels."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.cli.ledger import recorded_command
from gateway.cli.serve import ConfigOption
from gateway.config.masking import mask_url
from gateway.config.settings import Settings, load_settings
from gateway.scoring.artifact_store import ArtifactStore
from gateway.shared.files import SharedFiles

if TYPE_CHECKING:
    from router.training.adapt import Adapted


def train(
    data_dir: Annotated[
        Path | None,
        typer.Argument(
            help="Folder with prompts.parquet, outcomes.parquet and models.parquet, for a new fit.", show_default=False
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help='File of your own labels, one a line: {"prompt": …, "local_ok": true}; or "messages" for "prompt"; '
            'with "cloud_ok" if the cloud\'s answer was judged too.',
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="New folder for the result; it must not exist. With --labels, instead of installing it."),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="Source not to learn from; may be repeated. Default: alpaca-eval and bfcl."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Install it even if the old one is as good.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same classifier.")] = 0,
    config: ConfigOption = None,
) -> None:
    """Fit the classifier that scores requests.

    With --labels, the classifier in use is adapted to your own prompts and models. Both are judged by cross-validation,
    and the new one is installed if it is better:

      slimgate train --labels labels.jsonl

    With a folder of outcome tables, a new one is fitted, and judged on prompts held back:

      slimgate train DATA_DIR --out my-classifier
    """
    if (data_dir is None) == (labels is None):
        raise typer.BadParameter("Give either a folder of outcome tables or --labels FILE.")
    if labels is not None:
        _adapt(labels, out, load_settings(config, serves=False), force, seed)
    elif data_dir is not None:
        if out is None:
            raise typer.BadParameter("Name a new folder: --out my-classifier")
        _fit(data_dir, out, leave_out, seed)


def _fit(data_dir: Path, out: Path, leave_out: list[str] | None, seed: int) -> None:
    from router.training.train import NOT_SHIPPED, STEPS
    from router.training.train import train as fit_artifact

    with _progress(STEPS) as step:
        card = fit_artifact(data_dir, out, tuple(leave_out) if leave_out is not None else NOT_SHIPPED, seed, step)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{out}[/]: version {card['version']}")
    console.print(f"Default threshold {card['threshold']:.2f}: {card['threshold_means']}.")
    console.print(_figures(card))
    console.print(f"Serve with it: SLIMGATE_ROUTER__ARTIFACT={out}", markup=False)


def _adapt(path: Path, out: Path | None, settings: Settings, force: bool, seed: int) -> None:
    from router.artifact import load_pipeline, read_card
    from router.training.adapt import STEPS, adapt, save_adapted
    from router.training.labels import read_labels

    labels = read_labels(path)
    store = ArtifactStore.of(settings)
    base = store.in_use
    with _progress(STEPS) as step:
        adapted = adapt(load_pipeline(base), labels, seed, step)
    console = Console(highlight=False, soft_wrap=True)
    console.print(_before_and_after(adapted, len(labels)))
    if not adapted.is_better and not force:
        console.print("The adapted classifier is no better, so the old one stays. --force installs it anyway.")
        raise typer.Exit(1)
    folder = store.workplace() if out is None else out
    try:
        save_adapted(
            folder,
            adapted,
            path,
            _pair(settings),
            str(read_card(base)["version"]),
            seed,
            settings.exam.max_failure_rate,
        )
        if out is not None:
            console.print(f"Serve with it: SLIMGATE_ROUTER__ARTIFACT={out}", markup=False)
            return
        _install(store, folder, console, settings)
    finally:
        if out is None:
            shutil.rmtree(folder, ignore_errors=True)


def _pair(settings: Settings) -> dict[str, str]:
    """The models that the labels judge, by the configuration."""
    local = settings.local
    file = local.model_path.name if local.model_path else "the bundled model"
    return {
        "local": local.model or (mask_url(local.base_url) if local.base_url else file),
        "cloud": settings.cloud.model,
    }


def _install(store: ArtifactStore, folder: Path, console: Console, settings: Settings) -> None:
    before = store.version_in_use
    version = store.adopt(folder)
    with recorded_command(settings, "classifier trained", version=version, before=before) as ledger:
        store.use(version, SharedFiles.of(settings, ledger))
    card = store.card(version)
    console.print(f"Installed as {version}, default threshold {card['threshold']:.2f}: {card['threshold_means']}.")
    console.print(f"A running gateway loads it within a second. To go back: slimgate artifacts use {before}")
    if store.configured is not None:
        console.print(f"It has no effect while the setting router.artifact names {store.configured}.")


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[str], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=steps)
        yield lambda name: progress.update(bar, description=name, advance=1)


def _before_and_after(adapted: "Adapted", n: int) -> Table:
    table = Table("", "before", "after", "better is", title=f"On {n} labels, cross-validated", title_justify="left")
    rows = {"log loss": "log_loss", "AUC": "auc", "calibration error": "calibration_error"}
    for title, name in rows.items():
        better = "more" if name == "auc" else "less"
        table.add_row(title, f"{getattr(adapted.before, name):.3f}", f"{getattr(adapted.after, name):.3f}", better)
    return table


def _figures(card: dict[str, Any]) -> Table:
    table = Table(
        "source", "prompts", "small models fail", "mean score", "rank correlation", "calibration error",
        title="On prompts held back (dev split)", title_justify="left",
    )  # fmt: skip
    for source, figures in card["dev"].items():
        names = ("failed", "mean_score", "rank_correlation", "calibration_error")
        table.add_row(source, str(figures["n"]), *(f"{figures[name]:.3f}" for name in names))
    return table
