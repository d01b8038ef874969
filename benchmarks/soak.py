"""Whether the gateway's memory stays flat: many requests, plain, streamed and hung up on, RSS all the while.

python benchmarks/soak.py [--requests 100000]
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp

from benchmarks.gateway import KEY, Target, free_port, request_body, start, start_slimgate

CALLERS = 32
HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000, help="how many in all (default: %(default)s)")
    parser.add_argument("--readings", type=int, default=20, help="looks at the memory (default: %(default)s)")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = free_port()
        start(stack, [sys.executable, str(HERE / "upstream.py"), str(provider)], "0", provider, {})
        gateway = start_slimgate(stack, f"http://127.0.0.1:{provider}/v1", folder)
        readings = asyncio.run(soak(gateway, options.requests, options.readings))
    settled = readings[len(readings) // 4 :]
    growth_kib = (settled[-1] - settled[0]) / 1024
    print(f"RSS grew by {growth_kib:,.0f} KiB over the last {3 * options.requests // 4:,} requests")


async def soak(gateway: Target, requests: int, readings: int) -> list[int]:
    """Send them in `readings` parts; the RSS in bytes after each."""
    found: list[int] = []
    url = f"http://127.0.0.1:{gateway.port}/v1/chat/completions"
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    bodies = [request_body(gateway, stream) for stream in (False, True)]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        for part in range(readings):
            numbers = iter(range(requests // readings))
            workers = [_work(session, url, bodies, numbers) for _ in range(CALLERS)]
            failures = sum(await asyncio.gather(*workers))
            found.append(rss_bytes(gateway.pid))
            sent = (part + 1) * (requests // readings)
            print(f"{sent:>8,} requests  {found[-1] / 2**20:7.1f} MiB  {failures} failed", flush=True)
    return found


async def _work(session: aiohttp.ClientSession, url: str, bodies: list[str], numbers: Iterator[int]) -> int:
    """Every second request streams, and every fourth is hung up on in mid-answer."""
    failures = 0
    for number in numbers:
        async with session.post(url, data=bodies[number % 2]) as response:
            failures += response.status != 200
            if number % 4 == 3:
                await response.content.readany()
                response.close()
            else:
                await response.read()
    return failures


def rss_bytes(pid: int | None) -> int:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
