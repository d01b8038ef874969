"""The state directory, for this user alone: made so, and what earlier versions left open tightened."""

import stat
from pathlib import Path

from gateway.config.settings import SettingsError
from models.host.private_files import private_folder, tighten

OURS = ("ledger.db*", "spool", "artifacts", "weights", "threshold.*", "engine.json")
"""What slimgate keeps there. Whatever else lies in a folder that somebody chose is not ours to change."""


def prepare_state_dir(state_dir: Path) -> None:
    """Make it, and take from others what they need not read.

    Raises
    ------
    SettingsError
        If it cannot be made.
    """
    try:
        private_folder(state_dir)
        shared = _is_shared(state_dir)
    except OSError as exc:
        raise SettingsError(
            f"state_dir {state_dir} cannot be used: {exc.strerror or exc}; SLIMGATE_STATE_DIR names another"
        ) from exc
    if shared:
        return
    tighten(state_dir, deep=False)
    for pattern in OURS:
        for path in state_dir.glob(pattern):
            tighten(path)


def _is_shared(folder: Path) -> bool:
    """Whether others have business there: a folder such as /tmp, the root, a home."""
    return bool(folder.stat().st_mode & stat.S_ISVTX) or folder.resolve() in (Path("/"), Path.home())
