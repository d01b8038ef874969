"""Cores and memory of the machine that this process may use."""

import os
from pathlib import Path

_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
_MEMORY = Path("/proc/meminfo")


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


def memory_bytes() -> int:
    """Memory that this process may use: all of the machine's, or the container's limit."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(total, int(_MEMORY_LIMIT.read_text("ascii")))
    except (OSError, ValueError):
        return total  # "max" means no limit


def free_memory_bytes() -> int:
    """Memory that is free or reclaimable now; `memory_bytes` if the system does not report it."""
    try:
        lines = dict(line.split(":", 1) for line in _MEMORY.read_text("ascii").splitlines())
        return min(memory_bytes(), int(lines["MemAvailable"].split()[0]) * 1024)
    except (OSError, ValueError, KeyError):
        return memory_bytes()


def processor_name() -> str:
    """The processor's model name; empty if the system does not report it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
