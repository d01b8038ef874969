"""A version of slimgate that can be started: a git commit, a folder with the source, or an installed command."""

import contextlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[2]


class VersionError(Exception):
    """There is no such version, or it cannot be made to run here."""


@dataclass(frozen=True)
class Version:
    """How one version is started.

    Attributes
    ----------
    name : str
        What it is called in the timeline.
    command : tuple of str
        What `slimgate` is on a command line.
    source : Path or None
        The folder that it is imported from; None for an installed command.
    """

    name: str
    command: tuple[str, ...]
    source: Path | None = None

    def environment(self) -> dict[str, str]:
        """The caller's, without its settings of slimgate, and with this version's import path."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLIMGATE_", "PYTHON"))}
        return kept if self.source is None else {**kept, "PYTHONPATH": str(self.source)}


@contextlib.contextmanager
def version(wanted: str, scratch: Path) -> Iterator[Version]:
    """The version that `wanted` names; what was made for it is gone with the block.

    Parameters
    ----------
    wanted : str
        The path of a `slimgate` command, of a folder with its source, or a commit of this repository.
    scratch : Path
        An empty folder.

    Raises
    ------
    VersionError
        If it is none of these, or the packages that it needs cannot be installed.
    """
    scratch.mkdir()
    path = Path(wanted).absolute()
    if path.is_file() and os.access(path, os.X_OK):
        yield Version(wanted, (str(path),))
    elif (path / "gateway").is_dir():
        yield _of_source(f"source in {path.name}", path, scratch)
    else:
        with _checked_out(wanted, scratch / "source") as (commit, source):
            name = wanted if commit.startswith(wanted) else f"{wanted} ({commit})"
            yield _of_source(name, source, scratch)


@contextlib.contextmanager
def _checked_out(ref: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """A work tree of that commit, and the commit's short name."""
    try:
        commit = _git("rev-parse", "--verify", "--quiet", "--short", f"{ref}^{{commit}}")
    except subprocess.CalledProcessError:
        raise VersionError(f"{ref} is no command, no folder with slimgate's source and no commit in {HERE}") from None
    _git("worktree", "add", "--detach", "--quiet", str(folder), commit)
    try:
        yield commit, folder
    finally:
        _git("worktree", "remove", "--force", str(folder))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(HERE), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _of_source(name: str, source: Path, scratch: Path) -> Version:
    """With this interpreter, if that version wants the packages which this one wants; else with one of its own."""
    python = sys.executable if _requirements(source) == _requirements(HERE) else _own_python(source, scratch / "venv")
    return Version(name, (python, "-m", "gateway.cli"), source)


def _requirements(source: Path) -> tuple[list[str], list[str]]:
    project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]
    return sorted(project["dependencies"]), sorted(project["optional-dependencies"]["postgres"])


def _own_python(source: Path, folder: Path) -> str:
    """An interpreter with that version and the packages that it needs over PostgreSQL."""
    python = str(folder / "bin" / "python")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-input", f"{source}[postgres]"], check=True)
    except subprocess.CalledProcessError as exc:
        raise VersionError(f"the packages that {source} needs could not be installed: {exc}") from exc
    return python
