"""Runs a command under the system call restrictions of a systemd unit, without systemd.

Debian's Python has libseccomp's module (python3-seccomp): ``/usr/bin/python3 unit_sandbox.py UNIT COMMAND…``.
"""

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

WRITABLE, EXECUTABLE = 2, 4
"""PROT_WRITE and PROT_EXEC, in the third argument of mmap and mprotect."""

NEW_NAMESPACES = 0x7E020000
"""All CLONE_NEW… flags of clone."""

PR_SET_NO_NEW_PRIVS = 38

BY_ARGUMENT = {"mmap", "mprotect", "socket", "clone", "clone3", "unshare", "setns"}
"""System calls whose arguments the unit restricts by options of their own."""


def allowed(unit: str) -> set[str]:
    """The system calls that the lines ``SystemCallFilter=`` of a unit leave, one line after the other."""
    groups = _groups()
    names = _members("@default", groups)
    for line in _values(unit, "SystemCallFilter"):
        listed = set().union(*(_members(name, groups) for name in line.removeprefix("~").split()))
        names = names - listed if line.startswith("~") else names | listed
    return names


def _groups() -> dict[str, list[str]]:
    """Read the named sets of system calls that systemd knows."""
    told = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True)
    groups: dict[str, list[str]] = {}
    name = ""
    for line in told.stdout.splitlines():
        if line.startswith("@"):
            name = line
            groups[name] = []
        elif line.startswith(" ") and not line.lstrip().startswith("#"):
            groups[name].append(line.strip())
    return groups


def _members(name: str, groups: dict[str, list[str]]) -> set[str]:
    return set().union(*(_members(one, groups) for one in groups[name])) if name.startswith("@") else {name}


def _values(unit: str, option: str) -> list[str]:
    return re.findall(rf"^{option}=(.*)$", unit, re.MULTILINE)


def restrict(unit: str) -> None:
    """Restrict this process, for ever, as systemd does for the options that deploy/systemd uses."""
    assert _values(unit, "MemoryDenyWriteExecute") == _values(unit, "RestrictNamespaces") == ["yes"]
    import seccomp  # type: ignore[import-not-found]  # of Debian's Python only, and pytest looks into every file

    box = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for name in sorted(allowed(unit) - BY_ARGUMENT):
        try:
            box.add_rule(seccomp.ALLOW, name)
        except RuntimeError:  # this machine's architecture has no such call
            continue
    for protection in (0, WRITABLE, EXECUTABLE):
        box.add_rule(seccomp.ALLOW, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, WRITABLE | EXECUTABLE, protection))
    box.add_rule(seccomp.ALLOW, "mprotect", seccomp.Arg(2, seccomp.MASKED_EQ, EXECUTABLE, 0))
    for family in " ".join(_values(unit, "RestrictAddressFamilies")).split():
        box.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, int(getattr(socket, family))))
    box.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, NEW_NAMESPACES, 0))
    box.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags are out of reach; the C library then uses clone
    if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError("no_new_privs is refused")
    box.load()


if __name__ == "__main__":
    restrict(Path(sys.argv[1]).read_text())
    os.execv(sys.argv[2], sys.argv[2:])
