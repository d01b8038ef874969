"""A folder as bytes, and back. Bytes from a database are believed as little as those of a caller."""

import io
import zipfile
from pathlib import Path, PurePosixPath

from models.host.private_files import private_folder, write_atomically

MAX_FILES = 100
MAX_BYTES = 64 * 1024 * 1024
"""Of a folder unpacked. A classifier has about one megabyte."""

LAST = frozenset({"in-use", "marks.json", "progress.json"})
"""Files that point at others, or say that all is there: written after them."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


class PackingError(ValueError):
    """Bytes that are no packed folder of ours, or a folder that is too large."""


def pack(folder: Path) -> bytes:
    """All files of `folder` as a ZIP archive, the same bytes for the same files. Hidden files are left out.

    Raises
    ------
    PackingError
        If it holds more than `MAX_FILES` files, or more than `MAX_BYTES`.
    OSError
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path.relative_to(folder)))
    _check(len(paths), sum(path.stat().st_size for path in paths))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH), path.read_bytes())
    return packed.getvalue()


def unpack(packed: bytes, folder: Path) -> None:
    """Write what `pack` made into `folder`, file by file; files that are there and not in it, or the same, stay.

    Raises
    ------
    PackingError
        If it is something else, or too large; then nothing is written.
    OSError
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            infos = archive.infolist()
            _check(len(infos), sum(info.file_size for info in infos))
            files = {_safe_name(info.filename): archive.read(info) for info in infos}
    except PackingError:
        raise
    except Exception as exc:  # of damaged bytes, zipfile raises a dozen kinds of errors, those of zlib and struct too
        raise PackingError(f"not a packed folder: {exc}") from exc
    for name, content in sorted(files.items(), key=lambda item: (item[0].name in LAST, item[0])):
        path = folder / name
        private_folder(path.parent)
        if not path.is_file() or path.read_bytes() != content:  # who looks at its times would read it again
            write_atomically(path, content)


def _safe_name(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or _is_hidden(path) or "\\" in name or "\0" in name:
        raise PackingError(f"a packed folder names the file {name!r}")
    return path


def _is_hidden(path: PurePosixPath | Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _check(n_files: int, n_bytes: int) -> None:
    if n_files > MAX_FILES or n_bytes > MAX_BYTES:
        raise PackingError(f"{n_files} files of {n_bytes} bytes are more than {MAX_FILES} files or {MAX_BYTES} bytes")
