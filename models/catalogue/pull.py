"""Downloads a large file, so that an incomplete file is never mistaken for a complete one.

An incomplete download is kept in ``NAME.part`` and resumed later, if the server still has the same file. Only a
complete file with the right checksum gets its real name, atomically.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from models.wire.errors import ModelError

CHUNK_BYTES = 1024 * 1024
SPARE_BYTES = 64 * 1024 * 1024
"""Disk space to leave free."""

TRIES = 4
PAUSE_S = 1.0
MAGIC = b"GGUF"

_SHA256 = re.compile(r"[0-9a-f]{64}")

Progress = Callable[[int, int | None], None]
"""Takes the bytes that have arrived and the total, None if that is unknown."""


class PullError(ModelError):
    """The file could not be downloaded; the message says why and what helps."""


class _Interrupted(Exception):
    """The connection broke; the bytes that arrived can be used."""


@dataclass(frozen=True, slots=True)
class Source:
    """What to download, and its expected checksum and size if they are known."""

    url: str
    sha256: str | None = None
    token: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """The SHA-256 of a file that has arrived, and whether there was one to compare it with."""

    sha256: str
    checked: bool


def pull(source: Source, target: Path, progress: Progress = lambda _done, _total: None) -> Pulled:
    """Download a GGUF file to `target`; resumes where an earlier download ended.

    Without a checksum in `source` that of the server's headers is the one to compare with; without either, size and
    beginning of the file are still checked.

    Raises
    ------
    PullError
        For every failure; what has arrived is kept, unless its checksum is wrong.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _refuse_links(_part(target), _part_info(target), checksum_file(target))
        pulled = _fetch_with_retries(source, target, progress)
        part = _part(target)
        os.replace(part, target)
        _part_info(target).unlink(missing_ok=True)
        _write_text(checksum_file(target), f"{pulled.sha256}  {target.name}\n")
    except OSError as exc:
        raise PullError(f"{target} cannot be written: {exc.strerror or exc}; make room and run this again") from exc
    return pulled


def verify(path: Path, sha256: str | None = None, progress: Progress = lambda _done, _total: None) -> str:
    """Check a downloaded file against `sha256`, else against the checksum noted when it was downloaded.

    Raises
    ------
    PullError
        If it is missing or different.
    """
    if not path.is_file():
        raise PullError(f"there is no file {path}")
    expected = sha256 or _noted_checksum(path)
    actual = _hash_file(path, path.stat().st_size, progress).hexdigest()
    if expected is not None and actual != expected:
        raise PullError(f"{path.name} is damaged: SHA-256 {actual}, expected {expected}; fetch it again")
    return actual


def checksum_file(path: Path) -> Path:
    """The file that holds the checksum of `path`, in the format of `sha256sum`."""
    return path.with_name(f"{path.name}.sha256")


def remove(path: Path) -> bool:
    """Delete a file and those that belong to it; false if there was none."""
    existing = [p for p in (path, _part(path), _part_info(path), checksum_file(path)) if p.exists()]
    for each in existing:
        each.unlink()
    return bool(existing)


def _fetch_with_retries(source: Source, target: Path, progress: Progress) -> Pulled:
    for attempt in range(1, TRIES + 1):
        try:
            return _fetch(source, target, progress)
        except _Interrupted as exc:
            if attempt == TRIES:
                message = (
                    f"the connection broke {TRIES} times ({exc}); what has arrived is kept: run this again to go on"
                )
                raise PullError(message) from exc
            time.sleep(PAUSE_S * attempt)
    raise AssertionError("unreachable")


def _fetch(source: Source, target: Path, progress: Progress) -> Pulled:
    part = _part(target)
    have = part.stat().st_size if part.exists() else 0
    info = _read_part_info(target)
    with _open_source(source, have if info else 0, info.get("etag")) as (response, published):
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()  # the server's file is shorter than the part that is here: begin again
            raise _Interrupted("the file has changed")
        resumes = response.status_code == httpx.codes.PARTIAL_CONTENT
        if not resumes:
            have = 0
        total = _total_bytes(response, have)
        _check_size(source, total)
        etag = response.headers.get("etag")
        _write_text(_part_info(target), json.dumps({"url": source.url, "etag": etag}))
        _check_room(target, total, have)
        digest = _hash_file(part, have, progress, total)
        _write(response, part, have, total or source.size_bytes, digest, progress)
    return _checked(part, digest.hexdigest(), source.sha256 or published or info.get("sha256"))


@contextmanager
def _open_source(source: Source, have: int, etag: str | None) -> Iterator[tuple[httpx.Response, str | None]]:
    """The response to one request, and the checksum that the server or a redirect states."""
    headers = {"accept-encoding": "identity", "user-agent": "slimgate"}
    if have and etag:
        headers |= {"range": f"bytes={have}-", "if-range": etag}
    if source.token:
        headers["authorization"] = f"Bearer {source.token}"
    timeout = httpx.Timeout(60.0, connect=10.0)
    try:
        with (
            httpx.Client(follow_redirects=True, timeout=timeout) as client,
            client.stream("GET", source.url, headers=headers) as response,
        ):
            _check_status(response, source.url)
            yield response, _published([*response.history, response])
    except (httpx.TransportError, httpx.StreamError) as exc:
        if isinstance(exc, httpx.UnsupportedProtocol):
            raise PullError(f"{source.url} is not an address to fetch from") from exc
        raise _Interrupted(str(exc) or type(exc).__name__) from exc
    except httpx.TooManyRedirects as exc:
        raise PullError(f"{source.url} redirects for ever") from exc


def _check_status(response: httpx.Response, url: str) -> None:
    status = response.status_code
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":  # it may unpack to any size, and its length would not be the file's
        raise PullError(f"{url} sends the file packed ({encoding:.20}), although it was asked not to")
    if status in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT, httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE):
        return
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise PullError(f"{url} asks for a login ({status}): accept the model's terms there and set HF_TOKEN")
    if status == httpx.codes.NOT_FOUND:
        raise PullError(f"there is no file at {url} (404)")
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _Interrupted(f"status {status}")
    raise PullError(f"{url} answers with status {status}")


def _published(responses: list[httpx.Response]) -> str | None:
    """The SHA-256 in the headers of a response or a redirect, as Hugging Face states it."""
    for response in responses:
        for header in ("x-linked-etag", "x-checksum-sha256"):
            stated = str(response.headers.get(header, "")).strip('"').lower()
            if _SHA256.fullmatch(stated):
                return stated
    return None


def _total_bytes(response: httpx.Response, have: int) -> int | None:
    length = response.headers.get("content-length")
    return have + int(length) if length is not None and length.isdecimal() else None


def _refuse_links(*paths: Path) -> None:
    """Refuse to write where somebody else may have put a link to a file that must not be overwritten."""
    for path in paths:
        if path.is_symlink():
            raise PullError(f"{path} is a link, and a download would overwrite what it leads to; remove the link")


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _write_text(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=_no_link) as file:
        file.write(text)


def _check_room(target: Path, total: int | None, have: int) -> None:
    free = shutil.disk_usage(target.parent).free
    missing = (total or 0) - have
    if missing + SPARE_BYTES > free:
        raise PullError(
            f"{target.parent} has {free / 1e9:.1f} GB free, and {missing / 1e9:.1f} GB are still to come; make room, "
            "or choose another folder with --dir"
        )


def _write(
    response: httpx.Response, part: Path, have: int, total: int | None, digest: "hashlib._Hash", progress: Progress
) -> None:
    with open(part, "r+b" if have else "wb", opener=_no_link) as file:
        file.seek(have)
        file.truncate()
        done = have
        looked = have
        for chunk in response.iter_raw():  # written as it arrives, so that a broken connection loses nothing
            if done - looked > SPARE_BYTES // 2:  # a server that tells no length may send without end
                looked = done
                _check_room(part, None, 0)
            if not done and not chunk.startswith(MAGIC[: len(chunk)]):
                raise PullError("what the server sends is no GGUF file (a login or error page, perhaps)")
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress(done, total)
        file.flush()
        os.fsync(file.fileno())
    if total is not None and done != total:
        raise _Interrupted(f"{done} of {total} bytes")


def _check_size(source: Source, total: int | None) -> None:
    if source.size_bytes is not None and total is not None and total != source.size_bytes:
        raise PullError(
            f"the file at {source.url} has {total} bytes, and {source.size_bytes} were expected: it has changed; "
            "give its checksum with --sha256 if you want it"
        )


def _checked(part: Path, actual: str, expected: str | None) -> Pulled:
    if expected is not None and actual != expected.lower():
        part.unlink()
        raise PullError(
            f"the file arrived with the wrong checksum: SHA-256 {actual}, expected {expected}; it was deleted"
        )
    return Pulled(actual, checked=expected is not None)


def _hash_file(path: Path, n_bytes: int, progress: Progress, total: int | None = None) -> "hashlib._Hash":
    digest = hashlib.sha256()
    if n_bytes:
        done = 0
        with path.open("rb") as file:
            while chunk := file.read(min(CHUNK_BYTES, n_bytes - done)):
                digest.update(chunk)
                done += len(chunk)
                progress(done, total or n_bytes)
    return digest


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _part_info(target: Path) -> Path:
    return target.with_name(f"{target.name}.part.json")


def _read_part_info(target: Path) -> dict[str, str]:
    try:
        info = json.loads(_part_info(target).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return info if isinstance(info, dict) else {}


def _noted_checksum(path: Path) -> str | None:
    try:
        return checksum_file(path).read_text("utf-8").split()[0]
    except (OSError, IndexError):
        return None
