"""Cores and memory of the machine that this process may use."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_MEMORY = Path("/proc/meminfo")
_PROCESSOR = Path("/proc/cpuinfo")
_GROUPS = Path("/proc/self/cgroup")
_GROUP_FOLDER = Path("/sys/fs/cgroup")
_STATUS = Path("/proc/self/status")


def usable_cores() -> int:
    """Physical cores that this process may use; two threads on one core only slow each other down.

    A container's CPU quota is a limit too.
    """
    cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = {_siblings(cpu) for cpu in cpus}
    return max(1, min(len(cores), _quota() or len(cores)))


def _siblings(cpu: int) -> str:
    try:
        return Path(_TOPOLOGY.format(cpu)).read_text("ascii").strip()
    except OSError:
        return str(cpu)


def _quota() -> int | None:
    """Whole processors that the control group grants; None without a limit."""
    try:
        quota, period = _QUOTA.read_text("ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):
        return None  # "max 100000" means no limit


@dataclass(frozen=True, slots=True)
class _GroupMemory:
    """A control group's limit, and what it leaves; pages of files count as free, since the kernel drops them first."""

    limit: int
    free: int


def memory_bytes() -> int:
    """Memory that this process may use: all of the machine's, or the container's limit."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(total, *(group.limit for group in _group_memories()), total)


def free_memory_bytes() -> int:
    """Memory that is free or reclaimable now, in the machine and in every control group that this process is in."""
    try:
        lines = dict(line.split(":", 1) for line in _MEMORY.read_text("ascii").splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        free = memory_bytes()
    return min(free, *(group.free for group in _group_memories()), free)


def resident_bytes() -> int:
    """Memory that this process has in use; 0 if the system does not report it."""
    try:
        line = next(line for line in _STATUS.read_text("ascii").splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024
    except (OSError, ValueError, StopIteration):
        return 0


def _group_memories() -> list[_GroupMemory]:
    """The memory of this process' control group and of those around it, of either version of control groups."""
    try:
        lines = [line.split(":", 2) for line in _GROUPS.read_text("utf-8").splitlines()]
    except OSError:
        lines = []
    # A container sees its own group at the top, whatever its path is outside.
    folders = {_GROUP_FOLDER: _V2, _GROUP_FOLDER / "memory": _V1}
    for _, controllers, path in (line for line in lines if len(line) == 3):
        if controllers and "memory" not in controllers.split(","):
            continue
        top, files = (_GROUP_FOLDER / "memory", _V1) if controllers else (_GROUP_FOLDER, _V2)
        group = top / path.lstrip("/")
        folders |= {folder: files for folder in (group, *group.parents) if folder.is_relative_to(top)}
    found = (_group_memory(folder, files) for folder, files in folders.items())
    return [memory for memory in found if memory is not None]


_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = ("memory.max", "memory.current", "inactive_file")


def _group_memory(folder: Path, files: tuple[str, str, str]) -> _GroupMemory | None:
    """None if the group has no limit: "max" in version 2, a huge number in version 1."""
    limit_file, usage_file, dropped_first = files
    try:
        limit, used = (int((folder / name).read_text("ascii")) for name in (limit_file, usage_file))
        facts = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
        return _GroupMemory(limit, max(0, limit - used + int(facts.get(dropped_first, 0))))
    except (OSError, ValueError):
        return None


def processor_name() -> str:
    """The processor's model name; empty if the system does not report it."""
    return _processor_fact("model name")


def is_arm() -> bool:
    """Whether this is a 64-bit ARM processor."""
    return platform.machine().lower() in ("aarch64", "arm64")


def has_amx() -> bool:
    """Whether the processor announces AMX, instructions that multiply matrices."""
    return "amx_int8" in _processor_fact("flags").split()


def _processor_fact(name: str) -> str:
    try:
        lines = _PROCESSOR.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
