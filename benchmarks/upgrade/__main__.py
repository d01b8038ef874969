"""The upgrade drill: two gateways behind nginx are replaced by another version one at a time, and back again.

    python -m benchmarks.upgrade --old v1.0
    python -m benchmarks.upgrade --old /opt/slimgate-1.0/bin/slimgate --new /opt/slimgate-1.1/bin/slimgate

A version is a commit of this repository, a folder with the source, or the path of an installed `slimgate`. The gateways
share a scratch PostgreSQL; nginx has the shipped configuration; the provider is a local one that streams slowly and
counts what it is owed. Callers stream through nginx all the time. At the end a table says what held; the exit code is
1 if anything did not. Needs PostgreSQL's programs and nginx, no network; a minute for versions that start in seconds.
"""

import argparse
import asyncio
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.gateway import free_port
from benchmarks.servers import running_postgres
from benchmarks.upgrade import counting
from benchmarks.upgrade.callers import Callers
from benchmarks.upgrade.gateway import DrillError, Gateway
from benchmarks.upgrade.invariants import Finding, Row, findings
from benchmarks.upgrade.versions import Version, VersionError, version
from tests.deploy.reverse_proxies import running_nginx
from tests.provider import Provider, running_provider

ADMIN = "sk-drill-administrator"
NAMES = ("A", "B")
GRACE_S = 200
"""For answers that began before a gateway was told to stop, and one more on the connection of each."""

SETTLE_S = 30.0
"""Longest wait for the last rows."""

console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)


@dataclass
class Drill:
    """One run.

    Attributes
    ----------
    phase_s : float
        How long the callers go on between two replacements.
    served : list of Finding
        What each version answered in each place.
    """

    postgres: str
    gateways: Sequence[Gateway]
    callers: Callers
    phase_s: float
    served: list[Finding] = field(default_factory=list)
    _began_s: float = field(default_factory=time.monotonic)

    async def run(self, old: Version, new: Version) -> None:
        """Serve by `old`, by `new` and by `old` again, and wait for the last rows."""
        self._note(f"callers begin: {self.callers.count}; schema {self.schema_version()}")
        async with self._calling():
            await asyncio.sleep(self.phase_s)
            for wanted in (new, old):
                for gateway in self.gateways:
                    await self._replace(gateway, wanted)
            self._note("callers are told to stop, and finish what they have in hand")
        await asyncio.to_thread(self._settle)
        for gateway in self.gateways:
            self._count(gateway)

    @contextlib.asynccontextmanager
    async def _calling(self) -> AsyncIterator[None]:
        calling = asyncio.create_task(self.callers.run())
        try:
            yield
        finally:
            self.callers.stop()
            await calling

    async def _replace(self, gateway: Gateway, wanted: Version) -> None:
        """Another version in that place, under load, and a phase with it."""
        in_hand, schema = list(self.callers.in_hand), self.schema_version()
        self._note(f"{gateway.name} is told to stop; {len(in_hand)} streams are on their way")
        told_s = time.monotonic()
        await asyncio.to_thread(gateway.stop, lambda: self._note(f"{gateway.name} is not ready any more", told_s))
        self._count(gateway)
        self._note(f"{gateway.name} has ended by itself; {self.served[-1].detail}", told_s)
        started_s = time.monotonic()
        await asyncio.to_thread(gateway.start, wanted)
        changed = "" if self.schema_version() == schema else f"; schema {schema} → {self.schema_version()}"
        self._note(f"{gateway.name} is ready with {wanted.name}{changed}", started_s)
        await asyncio.sleep(self.phase_s)

    def _count(self, gateway: Gateway) -> None:
        """Note how much a version that has ended, or does so now, has answered in that place."""
        assert gateway.version is not None
        n_answered = gateway.n_answered()
        name = f"{gateway.version.name} serves as {gateway.name}"
        self.served.append(Finding(name, n_answered > 0, f"it has answered {n_answered:,}"))

    def _settle(self) -> None:
        """Wait until the ledger has as many rows as there were answers; blocks."""
        deadline = time.monotonic() + SETTLE_S
        while len(self.rows()) < self.callers.n_answered and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)  # for what would be one too many
        self._note(f"{len(self.rows())} rows are in the database; schema {self.schema_version()}")

    def rows(self) -> list[Row]:
        with psycopg.connect(self.postgres) as connection:
            found = connection.execute("SELECT id, outcome, prompt_tokens, completion_tokens, cost_nusd FROM requests")
            return [Row(*row) for row in found]

    def schema_version(self) -> int:
        with psycopg.connect(self.postgres) as connection:
            row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
            return int(row[0]) if row else 0

    def _note(self, text: str, since_s: float | None = None) -> None:
        now_s = time.monotonic()
        took = "" if since_s is None else f", {now_s - since_s:.1f} s later"
        console.print(f"{now_s - self._began_s:6.1f} s  {escape(text)}{took}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", required=True, metavar="VERSION", help="what serves first, and at the end again")
    parser.add_argument("--new", default=".", metavar="VERSION", help="what comes in its place (default: this folder)")
    parser.add_argument("--callers", type=int, default=32, help="how many ask at once (default: %(default)s)")
    parser.add_argument("--phase", type=float, default=6, metavar="S", help="seconds between two replacements (6)")
    parser.add_argument("--drain", type=float, default=5, metavar="S", help="the gateways' drain_s (5)")
    parser.add_argument("--pause", type=float, default=0.1, metavar="S", help="the provider's between two words (0.1)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="slimgate-upgrade-"))
    try:
        found = drill(folder, options)
    except (DrillError, VersionError) as exc:
        sys.exit(f"benchmarks.upgrade: {exc}")
    console.print(as_table(found))
    if not all(finding.passed for finding in found):
        sys.exit(f"the gateways' logs are in {folder}")
    shutil.rmtree(folder)


def drill(folder: Path, options: argparse.Namespace) -> list[Finding]:
    """Run it in that empty folder; what must hold, and whether it did.

    Raises
    ------
    DrillError, VersionError
        If it cannot go on.
    """
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(version(options.old, folder / "old"))
        new = stack.enter_context(version(options.new, folder / "new"))
        postgres = stack.enter_context(running_postgres())
        provider = stack.enter_context(running_provider())
        provider.always, provider.pause_s = counting.NAME, options.pause
        both = settings(provider, postgres.url, options.drain)
        gateways = [Gateway(name, free_port(), folder / name, both) for name in NAMES]
        for gateway in gateways:
            stack.callback(gateway.kill)
            gateway.start(old)
            console.print(f"          {gateway.name} is ready with {escape(old.name)}")
        (folder / "nginx").mkdir()
        url = stack.enter_context(running_nginx(folder / "nginx", [gateway.port for gateway in gateways]))
        run = Drill(postgres.url, gateways, Callers(url, key_of_old(gateways), options.callers), options.phase)
        asyncio.run(run.run(old, new))
        found = findings(run.callers.answers, run.rows(), provider.billed)
        return [*run.served, *found, audit_chain(new, gateways[0]), quiet(gateways)]


def settings(provider: Provider, postgres: str, drain_s: float) -> dict[str, str]:
    """The environment of both gateways."""
    return {
        "SLIMGATE_API_KEY": ADMIN,
        "SLIMGATE_SECRET": "one secret for all gateways over a database",
        "SLIMGATE_LEDGER__URL": postgres,
        "SLIMGATE_LOCAL__ENABLED": "false",
        "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
        "SLIMGATE_CLOUD__API_KEY": "sk-drill-provider",
        "SLIMGATE_CLOUD__MODEL": "gpt-4.1",
        "SLIMGATE_DRAIN_S": str(drain_s),
        "SLIMGATE_GRACE_S": str(GRACE_S),
        "SLIMGATE_LOG__FORMAT": "text",
    }


def key_of_old(gateways: Sequence[Gateway]) -> str:
    """A caller's key that the old version makes; all versions must know it."""
    asked = {"name": "callers of the drill"}
    made = httpx.post(f"{gateways[0].url}/v1/keys", json=asked, headers=bearer(ADMIN), timeout=30)
    if made.status_code != 201:
        raise DrillError(f"no key could be made: {made.text[:200]}")
    key = str(made.json()["secret"])
    for gateway in gateways:  # the others hear of it within a second
        while httpx.get(f"{gateway.url}/v1/models", headers=bearer(key), timeout=30).status_code == 401:
            time.sleep(0.1)
    return key


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def audit_chain(new: Version, gateway: Gateway) -> Finding:
    """All seals of what left, which both versions wrote, agree with each other and with the rows."""
    done = subprocess.run(
        [*new.command, "audit", "verify"],
        env={**new.environment(), **gateway.environment},
        cwd=new.source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Finding("the audit chain is whole", done.returncode == 0, done.stdout.strip().partition("\n")[0])


def quiet(gateways: Sequence[Gateway]) -> Finding:
    """Nothing to complain of in the logs."""
    complaints = [f"{gateway.name}: {line}" for gateway in gateways for line in gateway.complaints()]
    return Finding("nothing to complain of in the logs", not complaints, "; ".join(complaints[:3]) or "no warnings")


def as_table(found: Sequence[Finding]) -> Table:
    table = Table("must hold", "", "seen")
    for finding in found:
        table.add_row(escape(finding.name), "yes" if finding.passed else "[bold red]NO[/]", escape(finding.detail))
    return table


if __name__ == "__main__":
    main()
