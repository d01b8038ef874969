"""What goes wrong, at random and yet the same for the same seed: one thing after the other, some at the same time."""

import asyncio
import contextlib
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.books import Books
from benchmarks.chaos.fleet import Unit, end
from benchmarks.servers import Postgres, Redis

GAP_S = (1.0, 5.0)
"""Pause between two beginnings."""

FOR_S = (2.0, 8.0)
"""How long what does not end by itself lasts."""

JUMP_S = 600
"""The largest jump of a clock, forwards and back."""

FULL_DISK_MIB = 8


@dataclass
class Mischief:
    """Breaks things and mends them.

    Attributes
    ----------
    full : list of (float, float)
        When the third gateway's disk was full, by the monotonic clock.
    """

    seed: int
    units: list[Unit]
    postgres: Postgres
    redis: Redis
    books: Books
    small_disk: Path | None
    clock: Path | None
    done: Counter[str] = field(default_factory=Counter)
    full: list[tuple[float, float]] = field(default_factory=list)
    killed: list[tuple[float, str]] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)

    async def run(self, seconds: float) -> None:
        """Break things for so long; all is mended when it returns."""
        chance = random.Random(f"{self.seed}/mischief")
        ends = time.monotonic() + seconds
        running: set[asyncio.Task[None]] = set()
        while time.monotonic() < ends:
            name = chance.choice(list(self._actions()))
            lasts_s = chance.uniform(*FOR_S)
            what = name.split(" ")[0]  # a stopped server cannot be frozen
            if what not in self._busy:
                self._busy.add(what)
                self.done[name] += 1
                running.add(asyncio.create_task(self._do(name, what, lasts_s, chance.getrandbits(32))))
            await asyncio.sleep(chance.uniform(*GAP_S))
        await asyncio.gather(*running)

    def _actions(self) -> dict[str, Callable[[float, random.Random], Iterator[None]]]:
        actions = {
            "gateway killed": self._kill("main"),
            "worker killed": self._kill("worker"),
            "engine killed": self._kill("engine"),
            "PostgreSQL stopped": _pair(self.postgres.stop, self.postgres.start),
            "PostgreSQL frozen": _pair(self.postgres.freeze, self.postgres.thaw),
            "Redis killed": _pair(self.redis.stop, self.redis.start),
            "Redis frozen": _pair(self.redis.freeze, self.redis.thaw),
            "provider flaps": _pair(lambda: self._flap(True), lambda: self._flap(False)),
        }
        if self.small_disk is not None:
            actions["disk full"] = self._disk_full
        if self.clock is not None:
            actions["clock jumps"] = self._clock_jumps
        return actions

    async def _do(self, name: str, what: str, lasts_s: float, seed: int) -> None:
        steps = self._actions()[name](lasts_s, random.Random(seed))
        try:
            await asyncio.to_thread(next, steps, None)
            await asyncio.sleep(lasts_s)
            await asyncio.to_thread(next, steps, None)
        finally:
            self._busy.discard(what)

    def _kill(self, wanted: str) -> Callable[[float, random.Random], Iterator[None]]:
        def kill(_lasts_s: float, chance: random.Random) -> Iterator[None]:
            found = [
                (unit, pid) for unit in self.units for name, pid in unit.processes().items() if f" {wanted}" in name
            ]
            if found:
                unit, pid = chance.choice(found)
                self.killed.append((time.monotonic(), unit.name if wanted != "engine" else ""))
                end(pid)
            yield

        return kill

    def _flap(self, flaps: bool) -> None:
        self.books.flapping = flaps

    def _disk_full(self, _lasts_s: float, _chance: random.Random) -> Iterator[None]:
        assert self.small_disk is not None
        filler, since = self.small_disk / "filler", time.monotonic()
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"0" * 4096):
                pass
        yield
        filler.unlink()
        self.full.append((since, time.monotonic()))

    def _clock_jumps(self, _lasts_s: float, chance: random.Random) -> Iterator[None]:
        assert self.clock is not None
        set_clock(self.clock, chance.randint(-JUMP_S, JUMP_S))
        yield
        set_clock(self.clock, 0)


def _pair(first: Callable[[], None], then: Callable[[], None]) -> Callable[[float, random.Random], Iterator[None]]:
    def steps(_lasts_s: float, _chance: random.Random) -> Iterator[None]:
        first()
        yield
        then()

    return steps


def set_clock(file: Path, ahead_s: int) -> None:
    """Tell libfaketime how far ahead the clock of its process is; never half a file."""
    new = file.with_suffix(".new")
    new.write_text(f"{ahead_s:+d}s\n")
    new.rename(file)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of a few MiB mounted at `folder`; None where that is not allowed."""
    folder.mkdir()
    if os.geteuid() != 0:
        yield None
        return
    command = ["mount", "-t", "tmpfs", "-o", f"size={FULL_DISK_MIB}m", "none", str(folder)]
    if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def moving_clock(file: Path) -> dict[str, str]:
    """The environment of a process whose wall clock `file` moves; its monotonic clock is not touched."""
    found = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
    if not found:
        return {}
    set_clock(file, 0)
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
