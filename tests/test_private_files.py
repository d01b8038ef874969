"""What lies in the state directory is for this user alone, whoever makes it first; what was open is closed at start."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.state_dir import prepare_state_dir
from models.host.private_files import write_atomically
from tests.command import run
from tests.conftest import MakeGateway
from tests.live import wait_for
from tests.models.engine.live import running_engine
from tests.process import running_command
from tests.provider import Provider

CHAT: dict[str, Any] = {"model": "cloud", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """What of `folder`, itself included, others may read, write or enter."""
    found = [folder, *folder.rglob("*")]
    return [str(path) for path in found if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def test_a_gateway_makes_everything_private(make_gateway: MakeGateway, provider: Provider, tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    gateway = make_gateway(state_dir=state, local={"enabled": False}, cloud={"base_url": provider.base_url})
    httpx.post(f"{gateway.url}/v1/chat/completions", json=CHAT).raise_for_status()
    httpx.post(f"{gateway.url}/v1/threshold", json={"threshold": 0.2}).raise_for_status()
    assert len(gateway.rows()) == 1
    names = {path.name for path in state.iterdir()}
    assert names >= {"ledger.db", "ledger.db-wal", "ledger.db-shm", "spool", "threshold.json", "threshold.lock"}
    assert open_to_others(tmp_path / "deep") == []


def test_what_earlier_versions_left_open_is_closed(
    make_gateway: MakeGateway, provider: Provider, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    for folder in ("spool", "artifacts/0123456789ab", "weights"):
        (state / folder).mkdir(parents=True)
    for name in ("ledger.db", "threshold.json", "engine.json", "artifacts/in-use", "weights/m.gguf"):
        (state / name).touch()
    (state / "artifacts/in-use").write_text("shipped\n")
    (state / "engine.json").write_text("{}")
    (state / "threshold.json").write_text('{"changes": []}')
    (state / "mine.sh").touch(0o755)
    outside = tmp_path / "outside"
    outside.touch(0o644)
    (state / "spool" / "link").symlink_to(outside)
    make_gateway(state_dir=state, local={"enabled": False}, cloud={"base_url": provider.base_url})
    assert set(open_to_others(state)) <= {str(state / "mine.sh"), str(state / "spool" / "link")}
    assert stat.S_IMODE((state / "mine.sh").stat().st_mode) == 0o755  # nothing of ours
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("report",), ("calibrate", "--ledger", "--max-failure-rate", "0.1")])
def test_commands_that_come_first(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    state = tmp_path / "new" / "state"
    run(*arguments, cwd=tmp_path, SLIMGATE_STATE_DIR=str(state))
    assert (state / "ledger.db").exists()
    assert open_to_others(tmp_path / "new") == []


@pytest.mark.engine
def test_an_engine_that_comes_first(tmp_path: Path) -> None:
    with running_engine(tmp_path / "state", probe=True, weights_dir=tmp_path / "state" / "weights") as engine:
        engine.ready()
        wait_for((tmp_path / "state" / "engine.json").exists, 30)  # it looks for what the model can do after that
    assert open_to_others(tmp_path / "state") == []


def test_a_new_artifact(tmp_path: Path) -> None:
    """As `train` puts one in use."""
    script = """
import sys
from pathlib import Path
from shutil import copytree
from gateway.scoring.artifact_store import ArtifactStore
from router.artifact import DEFAULT_ARTIFACT, read_card
store = ArtifactStore(Path(sys.argv[1]) / "artifacts")
copytree(DEFAULT_ARTIFACT, store.workplace())
store.use(store.adopt(store.workplace()))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "state")], env=environment, check=True)
    assert (tmp_path / "state" / "artifacts" / "in-use").exists()
    assert open_to_others(tmp_path / "state") == []


@pytest.mark.slow
def test_sockets_and_metrics_of_a_pool(provider: Provider, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    more = {"SLIMGATE_CLOUD__BASE_URL": provider.base_url, "TMPDIR": str(temporary)}
    with running_command("--workers", "2", state_dir=tmp_path / "state", **more) as command:
        command.client().chat.completions.create(**CHAT)
        found = list(temporary.rglob("*"))
        assert {path.suffix for path in found} >= {".sock", ".db"}
        assert [path for folder in temporary.iterdir() for path in open_to_others(folder)] == []
        assert open_to_others(tmp_path / "state") == []


def test_folders_that_others_need_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, shared = tmp_path / "home", tmp_path / "shared"
    home.mkdir(0o755)
    shared.mkdir()
    shared.chmod(0o1777)
    monkeypatch.setenv("HOME", str(home))
    for folder in (home, shared):
        prepare_state_dir(folder)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (home, shared)] == [0o755, 0o1777]


@pytest.mark.slow
def test_a_state_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("serve", cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path / "file" / "state"))
    assert done.returncode == 2
    assert "SLIMGATE_STATE_DIR names another" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_is_written_whole_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.json"
    for content in (b"first", b"second"):
        write_atomically(path, content)
        assert (path.read_bytes(), open_to_others(path.parent)) == (content, [])
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_atomically(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"new")
    assert [(one, one.read_bytes()) for one in tmp_path.iterdir()] == [(path, b"old")]
