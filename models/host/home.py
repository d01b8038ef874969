"""The user's home directory. A container may run as a user without a name, who has none."""

from pathlib import Path


def home() -> Path | None:
    """The home directory of this process' user; None where there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def expand_home(path: Path | str) -> Path:
    """`path` with the home directory in the place of ``~``.

    Raises
    ------
    ValueError
        If there is none.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError(f"{path} is in a home directory, and this user has none: name a folder without ~") from None
