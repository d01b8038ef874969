"""`slimgate train`: fit the routing classifier on labelled prompts."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


def train(
    data_dir: Annotated[Path, typer.Argument(help="Folder with prompts.parquet, outcomes.parquet and models.parquet.")],
    out: Annotated[Path, typer.Option(help="Folder to make for the fitted classifier; it must not exist.")],
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="Source not to learn from; repeat for several. Default: alpaca-eval and bfcl."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="For the folds of calibration; the same seed gives the same classifier.")
    ] = 0,
) -> None:
    """Fit the classifier that decides what stays local, and judge it on prompts held back.

    Serve with the result by setting router.artifact (SLIMGATE_ROUTER__ARTIFACT) to the new folder.
    """
    from router.train import NOT_SHIPPED, STEPS
    from router.train import train as fit_artifact

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=STEPS)

        def step(name: str) -> None:
            progress.update(bar, description=name, advance=1)

        card = fit_artifact(data_dir, out, tuple(leave_out) if leave_out is not None else NOT_SHIPPED, seed, step)
    console = Console()
    console.print(f"[bold]{out}[/]: version {card['version']}", highlight=False)
    console.print(f"Default threshold {card['threshold']:.2f}: {card['threshold_means']}.", highlight=False)
    console.print(_table(card))


def _table(card: dict[str, Any]) -> Table:
    table = Table(
        "source", "prompts", "small models fail", "mean score", "rank correlation", "calibration error",
        title="On prompts held back (dev split)", title_justify="left",
    )  # fmt: skip
    for source, figures in card["dev"].items():
        names = ("failed", "mean_score", "rank_correlation", "calibration_error")
        table.add_row(source, str(figures["n"]), *(f"{figures[name]:.3f}" for name in names))
    return table
