"""Commands that read the ledger, where its database does not answer: a sentence, and no traceback."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app


@pytest.mark.parametrize(
    "command",
    [
        ("report",),
        ("replay", "--ledger"),
        ("second-look",),
        ("calibrate", "--ledger", "--cloud-share", "0.3"),
    ],
    ids=" ".join,
)
def test_a_database_that_does_not_answer(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.ledger.READ_WAIT_S", 0.1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SLIMGATE_LEDGER__URL", f"sqlite:///{tmp_path / 'nowhere' / 'ledger.db'}")
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert "slimgate: The ledger's database does not answer" in done.stderr
