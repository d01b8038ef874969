"""What engines of this session learnt of the machine, so that later ones begin with it, as they do for users.

Each test has a state directory of its own. Were they all empty, every engine would try out anew what its model can do,
and where llama.cpp's repacked weights crash, every one of them would crash once: seconds each.
"""

import json
from pathlib import Path
from typing import Any

from models.engine.process.probe_cache import FILE_NAME
from models.host.private_files import private_file, private_folder

_CRASHES, _FEATURES = "crashing_with_extra_bufts", "features"
_learnt: dict[str, Any] = {_CRASHES: [], _FEATURES: {}}
_used: dict[Path, bool] = {}


def hand_on(state_dir: Path, *, only_crashes: bool = False) -> None:
    """Write into a new state directory what is known by now, and learn from it later."""
    for earlier in _used.items():
        _learn(*earlier)
    _used[state_dir] = only_crashes
    path = state_dir / FILE_NAME
    known = {_CRASHES: _learnt[_CRASHES]} if only_crashes else _learnt
    if any(known.values()) and not path.exists():
        private_folder(state_dir)
        private_file(path).write_text(json.dumps(known), "utf-8")


def _learn(state_dir: Path, only_crashes: bool) -> None:
    try:
        found = json.loads((state_dir / FILE_NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return
    _learnt[_CRASHES] = sorted({*_learnt[_CRASHES], *found.get(_CRASHES, [])})
    if not only_crashes:
        _learnt[_FEATURES].update(found.get(_FEATURES, {}))
