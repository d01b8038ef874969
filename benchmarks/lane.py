"""Proof that what must stay on this machine stays: zero bytes reach a provider that captures all that arrives.

    python -m benchmarks.lane

A gateway under uvicorn, real sockets, and in the cloud's place a server that counts connections and bytes. Controls
must arrive, with the very bytes whose SHA-256 the audit chain recorded. Exits with 1 if a single byte is out of place.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.lane import Result
from tests.lane_cases import STAGES

WIDTH = 120


def main() -> None:
    """Run every case, print a table."""
    table = Table("private", "case", "status", "connections", "bytes", "", box=None, header_style="dim")
    results: list[Result] = []
    for stage in STAGES:
        with tempfile.TemporaryDirectory() as folder:
            for result in stage.results(Path(folder) / "state"):
                results.append(result)
                verdict = f"[red]{result.fault}" if result.fault else "[green]ok"
                counts = (str(result.status), str(result.connections), str(result.n_bytes))
                table.add_row(stage.name, result.case.name, *counts, verdict)
    console = Console(width=WIDTH)
    console.print(table)
    stayed = [result for result in results if not result.case.leaves]
    leaked = sum(result.n_bytes for result in stayed)
    console.print(f"{len(stayed)} private requests: {leaked} bytes left; {len(results) - len(stayed)} controls")
    sys.exit(any(result.fault for result in results))


if __name__ == "__main__":
    main()
