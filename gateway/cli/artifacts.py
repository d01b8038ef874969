"""`slimgate artifacts`: the installed classifiers, and which of them is in use."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.ledger import recorded_command
from gateway.cli.serve import ConfigOption
from gateway.config.settings import load_settings
from gateway.scoring.artifact_store import ArtifactStore
from gateway.shared.files import SharedFiles
from router.artifact import read_card
from router.errors import ArtifactError

app = typer.Typer(no_args_is_help=True, help="List the installed classifiers, and choose which one is in use.")


@app.command("list")
def list_artifacts(config: ConfigOption = None) -> None:
    """List every classifier, the one in use marked with *."""
    store = ArtifactStore.of(load_settings(config, serves=False))
    table = Table("", "version", "threshold", "fitted to", "for")
    for version in store.versions():
        is_used = store.configured is None and store.examined_version is None and version == store.version_in_use
        table.add_row("*" if is_used else "", version, *_described(store, version))
    if store.examined_version is not None:
        card = read_card(store.in_use)
        exam = card["exam"]
        table.add_row("*", store.examined_version, f"{card['threshold']:.2f}", f"{exam['n']} answers", exam["model"])
    console = Console()
    console.print(table)
    if store.examined_version is not None:
        console.print("The exam of the local model made the one in use: slimgate exam --show.", highlight=False)
    if store.configured is not None:
        console.print(f"The setting router.artifact overrides these: {store.configured} is in use.", highlight=False)


@app.command()
def use(
    version: Annotated[str, typer.Argument(help="A version from `slimgate artifacts list`, or `shipped`.")],
    config: ConfigOption = None,
) -> None:
    """Use another classifier, for instance an earlier one.

    A running gateway loads it within a second, and no request fails. A threshold that was applied for another
    classifier does not count for this one; one that was applied for this one earlier counts again.
    """
    settings = load_settings(config, serves=False)
    store = ArtifactStore.of(settings)
    before = store.version_in_use
    with recorded_command(settings, "classifier chosen", version=version, before=before) as ledger:
        shared = SharedFiles.of(settings, ledger)
        if shared is not None:
            shared.pull()  # it may have been made on another machine
        store.use(version, shared)
    console = Console(highlight=False, soft_wrap=True)
    if version == before:
        console.print(f"{version} was in use already.")
    else:
        console.print(f"{version} is in use now, instead of {before}. To go back: slimgate artifacts use {before}")
    if store.configured is not None:
        console.print(f"It has no effect while the setting router.artifact names {store.configured}.")


def _described(store: ArtifactStore, version: str) -> tuple[str, str, str]:
    try:
        card = store.card(version)
    except ArtifactError as exc:
        return "–", f"cannot be used: {exc}", ""
    threshold, labels = f"{card['threshold']:.2f}", card.get("labels")
    if labels is None:
        return threshold, "public outcomes", "small models"
    pair = card.get("pair")
    fitted_to = f"{labels['n']} labels of {labels['file']}, on {labels['base']}"
    return threshold, fitted_to, f"{pair['local']} against {pair['cloud']}" if pair else ""
