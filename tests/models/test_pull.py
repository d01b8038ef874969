"""Downloads of models from a real HTTP server that misbehaves on request."""

import gzip
import hashlib
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.catalogue import pull as pulling
from models.catalogue.pull import Pulled, PullError, Source, pull, remove, verify
from tests import command

CONTENT = b"GGUF" + random.Random(0).randbytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Hub(ThreadingHTTPServer):
    """Serves one file, and records the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.etag = CONTENT, '"v1"'
        self.cut_after: list[int] = []  # bytes to send before hanging up, one entry a request
        self.status = 200
        self.stated: str | None = None
        self.ranges = True
        self.declared: int | None = None
        self.encoding: str | None = None
        self.seen: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/model.gguf"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        hub = self.server
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("location", "/model.gguf" if self.path == "/moved.gguf" else "/moved-again.gguf")
            if hub.stated:
                self.send_header("x-linked-etag", f'"{hub.stated}"')
            self.send_header("content-length", "0")
            self.end_headers()
            return
        hub.seen.append(self.headers.get("range"))
        if hub.status != 200:
            self.send_response(hub.status)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        start = self._start()
        self.send_response(206 if start else 200)
        if hub.declared == -1:
            self.close_connection = True
        else:
            self.send_header("content-length", str(hub.declared or len(hub.content) - start))
        self.send_header("etag", hub.etag)
        if hub.encoding:
            self.send_header("content-encoding", hub.encoding)
        self.end_headers()
        body = hub.content[start:]
        if hub.cut_after:
            body = body[: hub.cut_after.pop(0)]
            self.close_connection = True
        self.wfile.write(body)

    def _start(self) -> int:
        wanted = self.headers.get("range")
        if not wanted or not self.server.ranges or self.headers.get("if-range") != self.server.etag:
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(pulling, "PAUSE_S", 0.0)
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, args=(0.05,))
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "model.gguf"


def leftovers(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()} if target.parent.exists() else set()


def test_a_whole_file_arrives_with_its_checksum(hub: Hub, target: Path) -> None:
    reported: list[tuple[int, int | None]] = []
    assert pull(Source(hub.url, DIGEST), target, lambda done, total: reported.append((done, total))).sha256 == DIGEST
    assert target.read_bytes() == CONTENT
    assert reported[-1] == (len(CONTENT), len(CONTENT))
    assert leftovers(target) == {"model.gguf", "model.gguf.sha256"}
    assert verify(target) == DIGEST


def test_a_file_of_another_size_is_not_begun(hub: Hub, target: Path) -> None:
    with pytest.raises(PullError, match=rf"has {len(CONTENT)} bytes, and 17 were expected: it has changed"):
        pull(Source(hub.url, DIGEST, size_bytes=17), target)
    assert leftovers(target) <= {"model.gguf.part.json"}
    assert pull(Source(hub.url, DIGEST, size_bytes=len(CONTENT)), target).checked


def test_a_file_that_ends_early_is_not_whole_even_if_the_server_tells_no_length(hub: Hub, target: Path) -> None:
    hub.declared = -1
    with pytest.raises(PullError, match="broke"):
        pull(Source(hub.url, size_bytes=len(CONTENT) + 1), target)
    assert not target.exists()


def test_the_file_without_a_published_checksum_is_told_apart(hub: Hub, target: Path) -> None:
    assert pull(Source(hub.url), target) == Pulled(DIGEST, checked=False)
    remove(target)
    hub.stated = DIGEST
    assert pull(Source(hub.url.replace("model", "moved")), target) == Pulled(DIGEST, checked=True)


@pytest.mark.parametrize(("published", "said"), [(True, "as published"), (False, "which nobody has published")])
def test_the_command_says_whether_the_checksum_was_compared(
    hub: Hub, tmp_path: Path, published: bool, said: str
) -> None:
    checksum = ("--sha256", DIGEST) if published else ()
    done = command.run("models", "pull", hub.url, *checksum, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path / "state"))
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert f"SHA-256 {DIGEST}, {said}" in told


def test_a_broken_connection_is_resumed(hub: Hub, target: Path) -> None:
    hub.cut_after = [1_000_000, 500_000]
    assert pull(Source(hub.url, DIGEST), target).sha256 == DIGEST
    assert hub.seen == [None, "bytes=1000000-", "bytes=1500000-"]


def test_an_interrupted_pull_is_resumed_by_the_next_run(hub: Hub, target: Path) -> None:
    hub.cut_after = [400_000] * pulling.TRIES
    with pytest.raises(PullError, match=r"broke 4 times .* run this again to go on"):
        pull(Source(hub.url, DIGEST), target)
    assert not target.exists()
    assert leftovers(target) == {"model.gguf.part", "model.gguf.part.json"}
    hub.seen.clear()
    assert pull(Source(hub.url, DIGEST), target).sha256 == DIGEST
    assert hub.seen == ["bytes=1600000-"]


def test_a_killed_pull_leaves_no_incomplete_file_under_the_name(hub: Hub, target: Path) -> None:
    hub.cut_after = [1_500_000]
    code = (
        "import sys, os; from pathlib import Path; from models.catalogue.pull import *\n"
        "def stop(done, total):\n    if done > 1_000_000: os.kill(os.getpid(), 9)\n"
        "pull(Source(sys.argv[1]), Path(sys.argv[2]), stop)"
    )
    assert subprocess.run([sys.executable, "-c", code, hub.url, str(target)], check=False).returncode == -9
    assert not target.exists()
    assert pull(Source(hub.url, DIGEST), target).sha256 == DIGEST
    assert hub.seen[-1] is not None


def test_a_server_without_ranges_begins_again(hub: Hub, target: Path) -> None:
    hub.ranges, hub.cut_after = False, [1_000_000]
    assert pull(Source(hub.url, DIGEST), target).sha256 == DIGEST


def test_a_file_that_changed_in_between_is_not_mixed(hub: Hub, target: Path) -> None:
    hub.cut_after = [400_000] * pulling.TRIES
    with pytest.raises(PullError):
        pull(Source(hub.url), target)
    hub.content, hub.etag, hub.cut_after = b"GGUF" + b"x" * 1000, '"v2"', []
    assert pull(Source(hub.url), target).sha256 == hashlib.sha256(hub.content).hexdigest()


@pytest.mark.parametrize("stated", [True, False])
def test_a_wrong_checksum_is_refused_and_deleted(hub: Hub, target: Path, stated: bool) -> None:
    wrong = "0" * 64
    hub.stated = wrong if stated else None
    source = Source(hub.url.replace("model", "moved") if stated else hub.url, None if stated else wrong)
    with pytest.raises(PullError, match=f"expected {wrong}"):
        pull(source, target)
    assert not target.exists()
    assert "model.gguf.part" not in leftovers(target)


def test_redirects_are_followed_but_not_for_ever(hub: Hub, target: Path) -> None:
    hub.stated = DIGEST
    assert pull(Source(hub.url.replace("model", "moved")), target).sha256 == DIGEST
    with pytest.raises(PullError, match="redirects for ever"):
        pull(Source(hub.url.replace("model", "moved-again")), target.with_name("other.gguf"))


@pytest.mark.parametrize(
    ("status", "words"), [(404, "no file at"), (401, "HF_TOKEN"), (403, "HF_TOKEN"), (410, "status 410")]
)
def test_refusals_are_explained(hub: Hub, target: Path, status: int, words: str) -> None:
    hub.status = status
    with pytest.raises(PullError, match=words):
        pull(Source(hub.url), target)


def test_a_server_in_trouble_is_tried_again(hub: Hub, target: Path) -> None:
    hub.status = 503
    with pytest.raises(PullError, match="status 503"):
        pull(Source(hub.url), target)
    assert len(hub.seen) == pulling.TRIES


def test_a_page_instead_of_a_model_is_refused(hub: Hub, target: Path) -> None:
    hub.content = b"<html>please log in</html>"
    with pytest.raises(PullError, match="no GGUF file"):
        pull(Source(hub.url), target)
    assert not target.exists()


def test_a_disk_with_too_little_room_is_noticed_before(hub: Hub, target: Path) -> None:
    hub.declared = 10**15
    with pytest.raises(PullError, match=r"GB free, and 1000000\.0 GB are still to come"):
        pull(Source(hub.url), target)


def test_a_disk_that_fills_up_keeps_what_has_arrived(hub: Hub, target: Path) -> None:
    """A limit on the file size fails like a full disk: in the middle of a write."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from models.catalogue.pull import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))\n"
        "try: pull(Source(sys.argv[1]), Path(sys.argv[2]))\n"
        "except PullError as exc: sys.exit(str(exc))"
    )
    command = [sys.executable, "-c", code, hub.url, str(target)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "cannot be written" in ended.stderr
    assert not target.exists()
    assert pull(Source(hub.url, DIGEST), target).sha256 == DIGEST


def test_a_refused_connection_is_reported(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "PAUSE_S", 0.0)
    with pytest.raises(PullError, match="broke 4 times"):
        pull(Source("http://127.0.0.1:9/model.gguf"), target)
    with pytest.raises(PullError, match="not an address"):
        pull(Source("ftp://127.0.0.1/model.gguf"), target)


def test_verify_and_remove(hub: Hub, target: Path) -> None:
    pull(Source(hub.url), target)
    data = bytearray(target.read_bytes())
    data[2_000_000] ^= 1
    target.write_bytes(data)
    with pytest.raises(PullError, match="is damaged"):
        verify(target)
    assert remove(target)
    assert leftovers(target) == set()
    assert not remove(target)
    with pytest.raises(PullError, match="no file"):
        verify(target)


@pytest.mark.slow
def test_the_command_pulls_verifies_and_removes(hub: Hub, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return command.run("models", *arguments, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path))

    pulled = run("pull", hub.url)
    assert DIGEST in pulled.stdout, pulled.stderr
    assert "here already" in run("pull", hub.url).stdout
    assert "as it should be" in run("verify").stdout
    assert "removed" in run("rm", "model.gguf").stdout
    listed = run("list").stdout
    assert all(name in listed for name in ("phi-3-mini-4k", "smollm2-135m", "only served by others"))
    assert "vLLM" in run("pull", "phi-3-small-8k").stderr
    assert "did you mean 'phi-3-mini-4k'" in run("pull", "phi-3-mini-4").stderr


@pytest.mark.parametrize("name", ["model.gguf.part", "model.gguf.part.json", "model.gguf.sha256"])
@pytest.mark.parametrize("dangling", [False, True])
def test_links_are_not_followed(hub: Hub, target: Path, tmp_path: Path, name: str, dangling: bool) -> None:
    precious = tmp_path / "precious"
    if not dangling:
        precious.write_text("keep me")
    target.parent.mkdir()
    (target.parent / name).symlink_to(precious)
    with pytest.raises(PullError, match=rf"{name} is a link.*remove the link"):
        pull(Source(hub.url, DIGEST), target)
    assert precious.exists() is not dangling
    assert dangling or precious.read_text() == "keep me"
    assert not hub.seen


def test_nothing_is_unpacked(hub: Hub, target: Path) -> None:
    """A few kilobytes of gzip would become gigabytes, which no content-length announces."""
    hub.content, hub.encoding = gzip.compress(CONTENT[:4] + bytes(50_000_000)), "gzip"
    with pytest.raises(PullError, match=r"packed \(gzip\)"):
        pull(Source(hub.url), target)
    assert leftovers(target) == set()


def test_a_file_without_end_stops_before_the_disk_is_full(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "SPARE_BYTES", 1_000_000)
    rooms = iter([10**9, 10**9, 999_999])
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=next(rooms)))
    with pytest.raises(PullError, match="make room"):
        pull(Source(hub.url), target)


@pytest.mark.parametrize("name", ["../precious.gguf", "sub/../../precious.gguf", "{folder}/precious.gguf"])
def test_only_models_are_removed(tmp_path: Path, name: str) -> None:
    models = tmp_path / "models"
    models.mkdir()
    precious = tmp_path / "precious.gguf"
    precious.write_text("keep me")
    done = command.run("models", "rm", name.format(folder=tmp_path), cwd=models, SLIMGATE_STATE_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "is left alone" in done.stderr
    assert precious.exists()
    (models / "mine.gguf").symlink_to(precious)  # the link is in the folder, what it leads to is not
    assert command.run("models", "rm", "mine.gguf", cwd=models, SLIMGATE_STATE_DIR=str(tmp_path)).returncode == 0
    assert precious.exists()
