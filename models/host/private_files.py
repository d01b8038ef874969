"""Files and folders that nobody but this user may read: who asked for what and when, money, what was learnt."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS = 0o077


def private_folder(folder: Path) -> Path:
    """Make `folder` and what is missing above it, for this user alone; one that is there stays as it is.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    if not folder.is_dir():
        if folder.parent != folder:
            private_folder(folder.parent)
        folder.mkdir(FOLDER_MODE, exist_ok=True)
    return folder


def private_file(path: Path) -> Path:
    """Make an empty file at `path` for this user alone; one that is there stays as it is.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    return path


def write_atomically(path: Path, content: bytes) -> None:
    """Make `content` all that `path` holds, for this user alone: whoever reads it sees the old or the new, whole.

    Raises
    ------
    OSError
        If it cannot be written; then the old content stays.
    """
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=private_folder(path.parent))  # with FILE_MODE
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise


def tighten(path: Path, *, deep: bool = True) -> None:
    """Take everybody else's rights from `path`, and from all in it, as far as they are ours; links are not followed."""
    with suppress(OSError):  # gone meanwhile, or on a file system without rights
        facts = path.lstat()
        if facts.st_uid != os.geteuid() or stat.S_ISLNK(facts.st_mode):
            return
        if facts.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(facts.st_mode) & ~OTHERS)
        if deep and stat.S_ISDIR(facts.st_mode):
            for inner in path.iterdir():
                tighten(inner)
