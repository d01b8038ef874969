"""The local tier on a Ray cluster under load: scale-out, then kill -9 of an engine, a replica and a node in mid-stream.

    python -m benchmarks.ray_drill [--model FILE.gguf]

A head and three nodes of one CPU run on this machine, and callers hold conversations with a real gateway in front.
Printed are what happened when, what came of the answers in each phase, and how many turns of conversations found their
beginning in the prefix cache. It fails if a stream breaks off in silence, or if requests fail after the recovery.

The machine's cores are shared by all of it, so the figures say how it behaves, and not how fast it is.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from models.catalogue.bundled import bundled_model_path
from tests.process import Command, running_command
from tests.ray_cluster import KEY, RayCluster, engines_of, running_cluster

FEW, MANY = 2, 12
"""Callers before and during the load."""

MAX_REPLICAS = 3
MAX_SEQUENCES = 4
TURNS, MAX_TOKENS = 5, 24
OPENING = "The harbour office keeps a list of ships, their cargo, and the day on which each of them sails. "
RECOVERY_S = 120.0
LANDED = 0.8
"""A turn found its prefix where so much of the turn before it was in the cache."""


@dataclass
class Tally:
    """What came of the requests of one phase."""

    outcomes: Counter[str] = field(default_factory=Counter)
    later_turns: int = 0
    landed: int = 0
    cached_tokens: int = 0
    prompt_tokens: int = 0


class Drill:
    """The callers, and what they saw."""

    def __init__(self, gateway: str, cluster: RayCluster) -> None:
        self._gateway, self._cluster = gateway, cluster
        self._began = time.monotonic()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._callers: list[threading.Thread] = []
        self.phases: dict[str, Tally] = {}
        self._phase = ""

    def say(self, what: str) -> None:
        """One line of the timeline."""
        print(f"{time.monotonic() - self._began:7.1f} s  {what}", flush=True)

    def begin(self, phase: str) -> None:
        """What is sent from now on belongs to `phase`."""
        with self._lock:
            self._phase = phase
            self.phases[phase] = Tally()
        self.say(f"-- {phase}")

    def add_callers(self, count: int) -> None:
        for _ in range(count):
            caller = threading.Thread(target=self._hold_conversations, args=(len(self._callers),))
            self._callers.append(caller)
            caller.start()

    def stop(self) -> None:
        self._stopping.set()
        for caller in self._callers:
            caller.join()

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        """Tell when `condition` holds, and which replicas come and go meanwhile."""
        deadline, seen = time.monotonic() + RECOVERY_S, None
        while not condition():
            told = {row["id"]: row["running"] + row["queued"] for row in self._cluster.told()}
            if seen != set(told):
                seen = set(told)
                self.say(f"   {len(told)} replicas; in hand: {told}")
            if time.monotonic() > deadline:
                sys.exit(f"not within {RECOVERY_S:g} s: {what}")
            time.sleep(0.5)
        told = {row["id"]: row["running"] + row["queued"] for row in self._cluster.told()}
        self.say(f"   {what}; in hand: {told}")

    def _hold_conversations(self, caller: int) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            messages = [{"role": "user", "content": f"Note {caller}-{number}. {OPENING * 12}When do they sail?"}]
            before = 0
            for _ in range(TURNS):
                if self._stopping.is_set():
                    return
                before = self._turn(messages, before)
                if not before:
                    time.sleep(0.5)
                    break

    def _turn(self, messages: list[dict[str, Any]], before: int) -> int:
        """One turn of a conversation; the tokens of its prompt, 0 if it got no whole answer."""
        with self._lock:
            tally = self.phases[self._phase]
        outcome, words, usage = ask(self._gateway, messages)
        cached = ((usage or {}).get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        with self._lock:
            tally.outcomes[outcome] += 1
            if usage is None:
                return 0
            tally.prompt_tokens += usage["prompt_tokens"]
            tally.cached_tokens += cached
            if before:
                tally.later_turns += 1
                tally.landed += cached >= LANDED * before
        messages += [{"role": "assistant", "content": words}, {"role": "user", "content": "And after that?"}]
        return int(usage["prompt_tokens"])


def ask(gateway: str, messages: list[dict[str, Any]]) -> tuple[str, str, dict[str, Any] | None]:
    """What came of one request: ``answered``, ``cut`` after its first word, ``failed`` before, or ``silent``."""
    body = {"model": "local", "messages": messages, "max_tokens": MAX_TOKENS, "stream": True}
    words, usage, error, done = "", None, None, False
    try:
        with httpx.stream(
            "POST",
            f"{gateway}/v1/chat/completions",
            json={**body, "stream_options": {"include_usage": True}},
            timeout=RECOVERY_S,
        ) as stream:
            if stream.status_code != 200:
                code = json.loads(stream.read())["error"].get("code")
                return f"failed ({stream.status_code} {code})", "", None
            for line in stream.iter_lines():
                data = line.removeprefix("data: ")
                done = done or data == "[DONE]"
                if data == line or done:
                    continue
                event = json.loads(data)
                error = error or event.get("error")
                usage = event.get("usage") or usage
                for choice in event.get("choices", ()):
                    words += choice["delta"].get("content") or ""
    except httpx.HTTPError as exc:
        return f"silent ({type(exc).__name__})", words, None
    if done and not error:
        return "answered", words, usage
    if error is None:
        return "silent", words, None
    return "cut" if words else f"failed (in the stream: {error.get('code')})", words, None


@contextmanager
def running_all(model: Path) -> Iterator[tuple[RayCluster, Command]]:
    """The cluster with one replica, and a gateway that has it as its local side."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_cluster(
            [1, 1, 1],
            {},
            model_path=str(model),
            engine={"n_ctx": 2048, "n_cells": 8192},
            num_cpus=1,
            max_sequences=MAX_SEQUENCES,
            max_queue=2,
            max_replicas=MAX_REPLICAS,
            upscale_delay_s=2,
            look_back_period_s=3,
        ) as cluster,
        running_command(
            state_dir=Path(folder), SLIMGATE_LOCAL__BASE_URL=f"{cluster.url}/v1", SLIMGATE_LOCAL__API_KEY=KEY
        ) as gateway,
    ):
        yield cluster, gateway


def run(cluster: RayCluster, gateway: Command) -> Drill:
    drill = Drill(gateway.url, cluster)

    def busiest() -> str:
        return str(max(cluster.told(), key=lambda row: row["running"])["id"])

    def are_up(count: int) -> bool:
        return len(cluster.told()) == count and sorted(row["id"] for row in cluster.told()) == sorted(
            cluster.replicas()
        )

    drill.begin(f"{FEW} callers")
    drill.add_callers(FEW)
    time.sleep(8)
    drill.begin(f"{MANY} callers")
    drill.add_callers(MANY - FEW)
    drill.wait_for(f"scaled out to {MAX_REPLICAS}", lambda: are_up(MAX_REPLICAS))
    time.sleep(10)
    drill.begin("kill -9 of an engine process")
    pid = cluster.replicas()[victim := busiest()]["pid"]
    (engine,) = engines_of(pid)
    cluster.kill(engine)
    drill.say(f"   killed the engine of {victim}")
    drill.wait_for("its engine is back", lambda: are_up(MAX_REPLICAS) and bool(engines_of(pid)))
    time.sleep(8)
    drill.begin("kill -9 of a replica's process")
    cluster.kill(cluster.replicas()[victim := busiest()]["pid"])
    drill.say(f"   killed {victim}")
    drill.wait_for("replaced", lambda: victim not in cluster.replicas() and are_up(MAX_REPLICAS))
    time.sleep(8)
    drill.begin("kill -9 of a node")
    node = cluster.replicas()[victim := busiest()]["node"]
    cluster.kill_node(node)
    drill.say(f"   killed the node with {victim}")
    drill.wait_for("the others answer", lambda: victim not in cluster.replicas() and are_up(MAX_REPLICAS - 1))
    time.sleep(8)
    drill.begin("a new node")
    cluster.add_node(1)
    drill.wait_for("a replica on it", lambda: are_up(MAX_REPLICAS))
    time.sleep(8)
    drill.stop()
    drill.begin("afterwards, one by one")
    for number in range(6):
        drill._turn([{"role": "user", "content": f"Question {number}: what is a harbour?"}], 0)
    return drill


def report(phases: dict[str, Tally]) -> bool:
    """Print what came of the answers; whether nothing was lost in silence, and all was well in the end."""
    print(
        f"\n{'phase':32}{'sent':>6}{'answered':>10}{'cut':>6}{'failed':>8}{'silent':>8}   prefix found   tokens cached"
    )
    silent = 0
    for name, tally in phases.items():
        sums: Counter[str] = Counter()
        for outcome, count in tally.outcomes.items():
            sums[outcome.partition(" ")[0]] += count
        silent += sums["silent"]
        found = f"{tally.landed} of {tally.later_turns}"
        cached = f"{tally.cached_tokens / max(1, tally.prompt_tokens):.0%} of {tally.prompt_tokens}"
        columns = "".join(f"{sums[kind]:{width}}" for kind, width in (("answered", 10), ("cut", 6), ("failed", 8)))
        print(f"{name:32}{sums.total():6}{columns}{sums['silent']:8}{found:>15}{cached:>16}")
        for outcome in sorted(set(tally.outcomes) - {"answered", "cut"}):
            print(f"    {tally.outcomes[outcome]} x {outcome}")
    last = [*phases.values()][-1].outcomes
    return not silent and set(last) == {"answered"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="GGUF file (default: the bundled model)")
    model = parser.parse_args().model or bundled_model_path()
    with running_all(model) as (cluster, gateway):
        drill = run(cluster, gateway)
        if not report(drill.phases):
            sys.exit("answers were lost, or requests still fail")


if __name__ == "__main__":
    main()
