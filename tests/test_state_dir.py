"""A state folder that cannot be used: one line that names it and the cure, in every command that uses it."""

import ctypes
import encodings.idna as _imported_late  # noqa: F401  # while the interpreter's files can be read
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.config.settings import SettingsError
from gateway.config.state_dir import prepare_state_dir
from router.training import calibrate as _imports_much  # noqa: F401  # for the same reason
from tests.command import run

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """In this thread, and in those that it starts, without root's right to write everywhere."""
    as_user = ctypes.CDLL(None).setfsuid
    as_user(NOBODY if os.geteuid() == 0 else os.geteuid())
    try:
        yield
    finally:
        as_user(os.geteuid())


@pytest.fixture
def closed() -> Iterator[Path]:
    """A state folder that can be read, and nothing else, in a folder that nobody may enter too."""
    with tempfile.TemporaryDirectory() as above:
        os.chmod(above, 0o755)
        folder = Path(above) / "state"
        folder.mkdir(0o555)
        yield folder
        folder.chmod(0o755)


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0"),
        ("report",),
        ("second-look",),
        ("ledger", "set-aside"),
        ("artifacts", "use", "shipped"),
        ("models", "pull", "https://127.0.0.1:9/x.gguf"),
        ("calibrate", "--max-failure-rate", "0.05", "--ledger"),
        ("engine", "--uds", "/nowhere/x.sock"),
    ],
)
def test_a_state_folder_that_is_read_only_is_one_line(closed: Path, command: tuple[str, ...]) -> None:
    with as_nobody():
        done = run(*command, cwd=closed.parent, SLIMGATE_STATE_DIR=str(closed), OPENAI_API_KEY="sk-x")
    message = done.stderr.strip()
    assert done.returncode in (1, 2), message
    assert "Traceback" not in message
    assert str(closed) in message.replace("\n", "")
    assert "SLIMGATE_STATE_DIR" in message


def test_a_state_folder_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="SLIMGATE_STATE_DIR names another"):
        prepare_state_dir(tmp_path / "file" / "state")


WITHOUT_HOME = """
import os, pwd, sys
from pathlib import Path
os.environ.pop("HOME", None)
pwd.getpwuid = lambda uid: (_ for _ in ()).throw(KeyError(uid))
sys.argv = ["slimgate", "config", "check"]
from gateway.cli import main
main()
"""


@pytest.mark.parametrize(
    ("folder", "status", "said"),
    [
        ("{tmp_path}", 0, "The configuration is valid."),
        ("~/state", 2, "name a folder without ~"),
        (None, 2, "name a folder without ~ (SLIMGATE_STATE_DIR)"),
    ],
)
def test_a_user_without_a_home_as_in_a_container(folder: str | None, status: int, said: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLIMGATE_", "XDG_"))}
    if folder is not None:
        environment["SLIMGATE_STATE_DIR"] = folder.format(tmp_path=tmp_path)
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_HOME], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert said in done.stdout + done.stderr
