"""The state directory: readable by this user only, also what earlier versions left readable by others."""

import errno
import os
import stat
from pathlib import Path

from gateway.config.settings import SettingsError
from models.host.home import home
from models.host.private_files import private_folder, tighten

OURS = ("ledger.db*", "spool", "artifacts", "weights", "threshold.*", "engine.json", "responses.*", "exam")
"""slimgate's own files there. Other files in a folder that the user chose are left alone."""


def prepare_state_dir(state_dir: Path) -> None:
    """Create it, and make slimgate's files in it readable by this user only.

    Raises
    ------
    SettingsError
        If it cannot be created, or nothing can be written there.
    """
    try:
        private_folder(state_dir)
        shared = _is_shared(state_dir)
        if not os.access(state_dir, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise PermissionError(errno.EACCES, "nothing can be written there")
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
    """Whether other programs or users use it too: a folder such as /tmp, the root, a home."""
    return bool(folder.stat().st_mode & stat.S_ISVTX) or folder.resolve() in (Path("/"), home())
