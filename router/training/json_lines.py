"""Files with a JSON value a line, plain or gzipped, read line by line."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

_GZIP = b"\x1f\x8b"


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number, counted from 1.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with opened(path) as (file, _raw):
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line


@contextmanager
def opened(path: Path) -> Iterator[tuple[io.BufferedReader, BinaryIO]]:
    """The content of `path`, unpacked if it is gzipped, and the raw file, whose position is the progress.

    Raises
    ------
    OSError
        If the file cannot be read, on entry or within the block.
    """
    with path.open("rb") as raw:
        packed = raw.peek(len(_GZIP)).startswith(_GZIP)
        try:
            yield (io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=raw))) if packed else raw), raw
        except (EOFError, zlib.error) as exc:
            raise OSError(f"damaged gzip: {exc}") from exc
