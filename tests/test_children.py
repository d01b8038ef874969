"""Child processes: nothing of the working directory runs in them, and the engine knows no key."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.host.child_environment import import_path
from tests.live import wait_for
from tests.models.engine.live import running_engine
from tests.process import running_command
from tests.provider import Provider
from tests.test_process import children

pytestmark = pytest.mark.slow

PLANTED = ["gateway/__init__", "gateway/workers", "models/__init__", "models/engine/__init__", "router/__init__",
           "orjson", "uvicorn/__init__", "sqlalchemy/__init__", "llama_cpp/__init__", "json/__init__", "sitecustomize",
           "usercustomize", "logging/__init__"]  # fmt: skip

KEYS = {
    "SLIMGATE_API_KEY": "sk-gateway-secret",
    "SLIMGATE_CLOUD__API_KEY": "sk-cloud-secret",
    "OPENAI_API_KEY": "sk-openai-secret",
    "NVIDIA_API_KEY": "nv-secret",
    "LLAMA_API_KEY": "ll-secret",
    "HF_TOKEN": "hf-secret",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "HTTPS_PROXY": "http://me:proxy-secret@127.0.0.1:9",
    "SLIMGATE_LEDGER__KEEP_DAYS": "7",
}
NEEDED = {"OMP_WAIT_POLICY": "passive", "LC_ALL": "C.UTF-8", "CUDA_VISIBLE_DEVICES": "0"}


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A folder full of modules that leave a mark when they are run."""
    folder = tmp_path / "trap"
    for name in PLANTED:
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'marks')!r}, 'a').write({name!r} + '\\n')\n")
    return folder


def script() -> str:
    """The command as it is installed; `python -m` would look into the working directory, which Python is told to."""
    return str(Path(sys.executable).with_name("slimgate"))


@pytest.mark.engine
@pytest.mark.parametrize("workers", ["1", "2"])
def test_modules_of_the_working_directory_are_not_run(trap: Path, tmp_path: Path, workers: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLIMGATE_", "PYTHON"))}
    mine = {"SLIMGATE_LOCAL__REENCODE": "false", "SLIMGATE_EXAM__ENABLED": "false"}
    environment = {**kept, "SLIMGATE_STATE_DIR": str(tmp_path / "state"), **mine}
    command = [script(), "serve", "--port", "0", "--workers", workers]
    log = tmp_path / "log"
    with log.open("w") as output, subprocess.Popen(command, cwd=trap, env=environment, stderr=output) as process:
        try:
            wait_for(lambda: "the engine serves" in log.read_text() or process.poll() is not None, 60)
            wait_for(lambda: len(children(process.pid)) == (1 if workers == "1" else 3))
            assert process.poll() is None, log.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    assert "started again" not in log.read_text()
    assert not (tmp_path / "marks").exists()


def test_an_empty_entry_of_pythonpath_is_not_passed_on() -> None:
    root = str(Path(__file__).parents[1])
    assert import_path({"PYTHONPATH": f":/somewhere{os.pathsep}.{os.pathsep}src"}) == f"{root}{os.pathsep}/somewhere"
    assert import_path({}) == root


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def check(environment: dict[str, str]) -> None:
    assert [name for name, value in environment.items() if "secret" in value or name in KEYS] == []
    assert NEEDED.items() <= environment.items()
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.engine
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_engine_knows_no_key(provider: Provider, tmp_path: Path, workers: str) -> None:
    more = {"SLIMGATE_CLOUD__BASE_URL": provider.base_url, **KEYS, **NEEDED}
    with running_command("--workers", workers, state_dir=tmp_path, **more) as command:

        def engines() -> list[int]:
            found = children(command.process.pid)
            return [pid for pid in found if b"models.engine" in Path(f"/proc/{pid}/cmdline").read_bytes()]

        wait_for(lambda: len(engines()) == 1, 30)
        check(environment_of(engines()[0]))


@pytest.mark.engine
def test_an_engine_alone_knows_its_own_key_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, **NEEDED}.items():
        monkeypatch.setenv(name, value)
    with running_engine(tmp_path, api_key="engine-key") as engine:
        engine.ready()
        check(environment_of(engine.pid))
        assert b"engine-key" not in Path(f"/proc/{engine.pid}/cmdline").read_bytes()
        assert json.loads(Path(f"/proc/{engine.pid}/cmdline").read_bytes().split(b"\0")[-2])["names"] == ["*"]
