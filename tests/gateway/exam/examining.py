"""The examining processes of this machine, as the kernel lists them."""

import os
from pathlib import Path

CHILD = b"gateway.exam.child"


def examining(root: int | None = None) -> list[int]:
    """Process ids of those that `root` has started, or a process that it started; of this one by default."""
    below, found = {os.getpid() if root is None else root}, []
    parents = {pid: parent for pid in _pids() if (parent := parent_of(pid)) is not None}
    for _ in range(4):  # the gateway's worker's exam is the third generation
        below |= {pid for pid, parent in parents.items() if parent in below}
    for pid in below:
        if CHILD in _command(pid):
            found.append(pid)
    return found


def parent_of(pid: int) -> int | None:
    """Its parent; None if there is no such process, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[1])


def is_running(pid: int) -> bool:
    """Whether it has not ended."""
    return parent_of(pid) is not None


def niceness(pid: int) -> int:
    """Its niceness."""
    return os.getpriority(os.PRIO_PROCESS, pid)


def environment_of(pid: int) -> bytes:
    """Its environment."""
    return Path(f"/proc/{pid}/environ").read_bytes()


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _command(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
