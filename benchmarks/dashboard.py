"""How fast the dashboard is over a large ledger: each endpoint, and the page in a real Chromium.

    python -m benchmarks.dashboard [--rows 1000000] [--days 90] [--keep FOLDER]

Targets: each view within a second from the server, the page usable within two.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from gateway.config.settings import Settings
from gateway.ledger import LedgerRow
from tests.gateway import seed
from tests.gateway.browser import running_browser
from tests.live import running_gateway

ROUNDS = 5
SPANS = {"all time": None, "30 days": 30, "7 days": 7, "24 hours": 1}
PATHS = ("savings", "savings/timeline", "latency", "decisions", "threshold/curve")
KINDS = ("key", "team", "tag", "session")
RARE = {"outcome": "lost"}
KEYS = 20
TEAMS = 5
REQUESTS_OF_A_SESSION = 20
VIEWS = {"overview": "#tile-requests b", "tuner": "#presets button", "decisions": ".decisions tbody tr"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--days", type=float, default=90)
    parser.add_argument("--keep", type=Path, help="folder for the ledger; one that is there already is used again")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as temporary:
        state_dir = options.keep or Path(temporary)
        ledger = state_dir / "ledger.db"
        if not ledger.exists():
            state_dir.mkdir(parents=True, exist_ok=True)
            with console.status(f"making {options.rows:,} rows"):
                seed.write(ledger, owned(seed.traffic(options.rows, time.time_ns() // 1_000_000, days=options.days)))
        console.print(f"{options.rows:,} rows, {ledger.stat().st_size / 1e6:,.0f} MB; medians of {ROUNDS} in ms")
        settings = Settings(state_dir=state_dir, local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
        with running_gateway(settings) as gateway:
            console.print(endpoints(gateway.url))
            console.print(pages(gateway.url))


def owned(rows: Iterable[LedgerRow]) -> Iterator[LedgerRow]:
    """The rows by turns of `KEYS` keys in `TEAMS` teams, three of four in a session."""
    for number, row in enumerate(rows):
        key = number % KEYS
        session = f"session {number // REQUESTS_OF_A_SESSION}" if number % 4 else None
        tags = f'["production","project {key % 3}"]'
        yield replace(row, key_id=f"key {key}", team=f"team {key % TEAMS}", tags=tags, session_id=session)


def endpoints(url: str) -> Table:
    """Milliseconds from the server, by endpoint and span."""
    table = Table("endpoint", *SPANS)
    with httpx.Client(base_url=url, timeout=60) as client:
        for path in PATHS:
            table.add_row(f"/v1/{path}", *(timed(ask(client, path, days)) for days in SPANS.values()))
        for kind in KINDS:
            table.add_row(
                f"/v1/usage by {kind}", *(timed(ask(client, "usage", days, by=kind)) for days in SPANS.values())
            )
        table.add_row(
            "/v1/decisions, a rare filter", *(timed(ask(client, "decisions", days, **RARE)) for days in SPANS.values())
        )
        table.add_row(
            "/v1/threshold/flips",
            *(timed(ask(client, "threshold/flips", days, candidate="0.3")) for days in SPANS.values()),
        )
    return table


def ask(client: httpx.Client, path: str, days: float | None, **more: str) -> Callable[[], object]:
    since = {} if days is None else {"since": (datetime.now(UTC) - timedelta(days=days)).isoformat()}
    tz = {"tz": "Europe/Stockholm"} if path in ("savings/timeline", "latency") else {}
    return lambda: client.get(f"/v1/{path}", params={**since, **tz, **more}).raise_for_status()


def timed(call: Callable[[], object]) -> str:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return f"{statistics.median(times):.0f}"


def pages(url: str) -> Table:
    """Milliseconds from the first request to figures on the screen, all time, with nothing in the browser's cache."""
    table = Table("page", "figures shown")
    with running_browser() as browser:
        for view, sign in VIEWS.items():
            times = []
            for _ in range(ROUNDS):
                context = browser.new_context()
                context.add_init_script("localStorage.setItem('slimgate-range', 'all')")
                page = context.new_page()
                started = time.perf_counter()
                page.goto(f"{url}/dashboard#{view}", wait_until="commit")
                page.locator(sign).first.wait_for()
                times.append((time.perf_counter() - started) * 1000)
                context.close()
            table.add_row(view, f"{statistics.median(times):.0f}")
    return table


if __name__ == "__main__":
    main()
