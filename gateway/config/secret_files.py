"""Settings that a file may hold: secrets, and addresses that carry a password. ``SLIMGATE_…_FILE`` names the file.

The files are looked at again and again while the gateway serves, so that a secret is rotated by writing its file.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource

from models.host.home import expand_home
from models.host.secret_files import SUFFIX, secret_in_file

Paths = Mapping[str, tuple[str, ...]]


class EnvironmentAndFiles(EnvSettingsSource):
    """The environment; those settings of `paths`, by variable, whose variable names a file come from that file.

    Raises
    ------
    ValueError
        Naming the variable, if a file cannot be used.
    """

    def __init__(self, settings_cls: type[BaseSettings], paths: Paths) -> None:
        super().__init__(settings_cls)
        self._paths = paths

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for variable, path in self._paths.items():
            text = secret_in_file(variable)
            section = _section(values, path[:-1], is_wanted=text is not None)
            section.pop(f"{path[-1]}{SUFFIX.lower()}", None)  # which pydantic takes for a setting of the section
            if text is not None:
                section[path[-1]] = text
        return values


def _section(values: dict[str, Any], path: tuple[str, ...], *, is_wanted: bool) -> dict[str, Any]:
    """The section at `path` in `values`; one that is missing is added if it `is_wanted`."""
    for name in path:
        inner = values.setdefault(name, {}) if is_wanted else values.get(name)
        values = inner if isinstance(inner, dict) else {}  # anything else is refused when it is checked
    return values


class WatchedFiles:
    """Says when a file changed that any ``…_FILE`` variable of the environment names."""

    def __init__(self) -> None:
        self._seen = dict(_states())

    def changed(self) -> bool:
        """Whether any of them changed since the last call."""
        before, self._seen = self._seen, dict(_states())
        return self._seen != before


def _states() -> Iterator[tuple[str, tuple[int, int, int] | None]]:
    """Each file with what tells one version of it from another; links are followed: Kubernetes swaps those."""
    for variable, named in os.environ.items():
        if variable.endswith(SUFFIX):
            try:
                status = expand_home(named).stat()
            except (OSError, ValueError):
                yield variable, None
            else:
                yield variable, (status.st_mtime_ns, status.st_ino, status.st_size)
