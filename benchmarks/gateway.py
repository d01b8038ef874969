"""What slimgate adds to a call, beside a direct call, a naive gateway and LiteLLM, in one run.

    python benchmarks/gateway.py [--litellm path/to/venv/bin/python]

A provider that answers at once (`upstream.py`) stands behind each; `wrk` drives them in turn, round by round, so that
the machine's moods meet all alike. Each gateway has one core, load and provider the other. slimgate runs as its users
run it: key, decision, ledger and metrics included. Beside it runs one whose caller has a key of its own with limits on
requests, tokens, places and money, all of them far away: what they cost. LiteLLM comes from a virtual environment of
its own (``pip install 'litellm[proxy]==1.106.10'``).
"""

import argparse
import json
import math
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

HERE = Path(__file__).parent
KEY = "sk-bench"
LOAD_CPU, GATEWAY_CPU = "0", "1"
PROMPT = "Summarise the notes above in one short paragraph, and say which station is the most northern one."
NOTES = "".join(f"Fact {i}: the river bends north near station {i * 7 % 13}. " for i in range(12))
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Target:
    """One thing to drive: where it listens, what its model is called, its process (None: not measured), and the key."""

    name: str
    port: int
    model: str
    pid: int | None
    key: str = KEY


@dataclass(frozen=True)
class Sample:
    """What one burst of load showed."""

    rps: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    errors: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--litellm", metavar="PYTHON", help="a Python that has litellm[proxy]; left out otherwise")
    parser.add_argument("--callers", default="1,16,64,256", help="how many at a time (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=3, help="length of each burst (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="bursts for each figure (default: %(default)s)")
    parser.add_argument("--upstream-ms", type=float, default=0, help="the provider's own time (default: %(default)s)")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk drives the load and is not here: apt-get install wrk")
    with ExitStack() as stack:
        targets = stack.enter_context(running_targets(options.litellm, options.upstream_ms))
        callers = [int(count) for count in options.callers.split(",")]
        for stream in (False, True):
            report(measure(targets, callers, options.rounds, options.seconds, stream), targets, callers, stream)


@contextmanager
def running_targets(litellm: str | None, upstream_ms: float = 0) -> Iterator[list[Target]]:
    """The provider, and every gateway in front of it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = free_port()
        start(
            stack, [sys.executable, str(HERE / "upstream.py"), str(provider), str(upstream_ms)], LOAD_CPU, provider, {}
        )
        url = f"http://127.0.0.1:{provider}/v1"
        targets = [Target("direct", provider, "bench", None)]
        targets.append(start_naive(stack, url))
        targets.append(start_slimgate(stack, url, folder))
        targets.append(start_limited(stack, url, folder))
        if litellm:
            targets.append(start_litellm(stack, litellm, url, folder))
        yield targets


def start_naive(stack: ExitStack, url: str) -> Target:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "naive:app", "--port", str(port), "--no-access-log"]
    command += ["--log-level", "error", "--app-dir", str(HERE)]
    return Target("naive", port, "bench", start(stack, command, GATEWAY_CPU, port, {"UPSTREAM": url}))


def start_slimgate(
    stack: ExitStack, url: str, folder: Path, name: str = "slimgate", cpu: str = GATEWAY_CPU, **more: str
) -> Target:
    port = free_port()
    environment = {
        "SLIMGATE_STATE_DIR": str(folder / name),
        "SLIMGATE_API_KEY": KEY,
        "SLIMGATE_LOCAL__ENABLED": "false",
        "SLIMGATE_CLOUD__BASE_URL": url,
        "SLIMGATE_CLOUD__MODEL": "bench",
        "SLIMGATE_CLOUD__MAX_CONCURRENT": "1000",
        **more,
    }
    command = [sys.executable, "-m", "gateway.cli", "serve", "--port", str(port), "--log-level", "warning"]
    return Target(name, port, "auto", start(stack, command, cpu, port, environment))


def start_limited(stack: ExitStack, url: str, folder: Path) -> Target:
    """A gateway whose caller has every limit that a key may have, and reaches none."""
    prices = {"bench": {"input_usd_per_mtok": "0.01", "output_usd_per_mtok": "0.01"}}
    budget = {"SLIMGATE_BUDGET__USD_PER_DAY": "1000000", "SLIMGATE_PRICES": json.dumps(prices)}
    target = start_slimgate(stack, url, folder, "limited", **budget)
    terms = {
        "requests_per_minute": 10**9,
        "tokens_per_minute": 10**12,
        "max_concurrent": 10**6,
        "max_tokens": 4096,
        "usd_per_month": "1000000",
    }
    made = httpx.post(
        f"http://127.0.0.1:{target.port}/v1/keys",
        json={"name": "bench", "team": "bench", "terms": terms},
        headers={"authorization": f"Bearer {KEY}"},
    )
    if made.status_code != 201:
        sys.exit(f"no key was made: {made.status_code} {made.text[:300]}")
    return replace(target, key=made.json()["secret"])


def start_litellm(stack: ExitStack, python: str, url: str, folder: Path) -> Target:
    port = free_port()
    params = {"model": "openai/bench", "api_base": url, "api_key": "unused"}
    config = {
        "model_list": [{"model_name": "bench", "litellm_params": params}],
        "general_settings": {"master_key": KEY},
    }
    (folder / "litellm.yaml").write_text(json.dumps(config))  # JSON is YAML
    command = [str(Path(python).with_name("litellm")), "--config", str(folder / "litellm.yaml"), "--port", str(port)]
    return Target("litellm", port, "bench", start(stack, command, GATEWAY_CPU, port, {"LITELLM_LOG": "ERROR"}, 120))


def start(
    stack: ExitStack, command: Sequence[str], cpu: str, port: int, extra: Mapping[str, str], timeout_s: float = 60
) -> int:
    """Start a process on one core and wait until its port is open; it ends with the run."""
    process = subprocess.Popen(
        ["taskset", "-c", cpu, *command],
        env={**os.environ, **extra},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process.pid
        time.sleep(0.1)
    sys.exit(f"did not come up: {' '.join(command)}")


def measure(
    targets: Sequence[Target], callers: Sequence[int], rounds: int, seconds: int, stream: bool
) -> dict[tuple[str, int], list[Sample]]:
    """Drive every target with every number of callers, `rounds` times over."""
    samples: dict[tuple[str, int], list[Sample]] = {}
    for number in range(rounds):
        for count in callers:
            for target in targets:
                samples.setdefault((target.name, count), []).append(burst(target, count, seconds, stream))
        print(f"{'streamed' if stream else 'plain'}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return samples


def burst(target: Target, callers: int, seconds: int, stream: bool) -> Sample:
    """One run of wrk."""
    check(target, stream)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f"wrk.method = 'POST'\nwrk.body = [==[{request_body(target, stream)}]==]\n"
            f"wrk.headers['content-type'] = 'application/json'\nwrk.headers['authorization'] = 'Bearer {target.key}'\n"
        )
        script.flush()
        url = f"http://127.0.0.1:{target.port}/v1/chat/completions"
        command = ["taskset", "-c", LOAD_CPU, "wrk", "-t1", f"-c{callers}", f"-d{seconds}s", "--latency"]
        before_s = cpu_s(target.pid)
        done = subprocess.run([*command, "-s", script.name, url], capture_output=True, text=True, check=True).stdout
    answered = int(found(r"(\d+) requests in", done))
    errors = sum(int(count) for count in re.findall(r"(?:connect|read|write|timeout) (\d+)", done))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    return Sample(
        rps=float(found(r"Requests/sec:\s+([\d.]+)", done)),
        p50_ms=milliseconds(found(r"\n +50% +(\S+)", done)),
        p99_ms=milliseconds(found(r"\n +99% +(\S+)", done)),
        cpu_us=(cpu_s(target.pid) - before_s) / max(1, answered) * 1e6,
        errors=errors + (int(refused[1]) if refused else 0),
    )


def check(target: Target, stream: bool) -> None:
    """One call must give the whole answer: a fast gateway that answers wrongly is not fast."""
    answer = httpx.post(
        f"http://127.0.0.1:{target.port}/v1/chat/completions",
        content=request_body(target, stream),
        headers={"content-type": "application/json", "authorization": f"Bearer {target.key}"},
        timeout=60,
    )
    wanted = "data: [DONE]" if stream else '"usage"'
    if answer.status_code != 200 or wanted not in answer.text:
        sys.exit(f"{target.name} answers wrongly: {answer.status_code} {answer.text[:300]}")


def request_body(target: Target, stream: bool) -> str:
    messages = [{"role": "system", "content": NOTES}, {"role": "user", "content": PROMPT}]
    body = {"model": target.model, "messages": messages, "temperature": 0.2, "max_tokens": 128}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body, separators=(",", ":"))


def report(
    samples: Mapping[tuple[str, int], Sequence[Sample]], targets: Sequence[Target], callers: Sequence[int], stream: bool
) -> None:
    """A Markdown table: medians, and the ratio to the naive gateway."""

    def median(name: str, count: int, figure: str) -> float:
        return float(statistics.median(getattr(sample, figure) for sample in samples[name, count]))

    print(f"\n### {'Streams of 36 events' if stream else 'Answers in one piece'}\n")
    heads = [f"{count} callers" for count in callers]
    print(f"| | {' | '.join(f'{head}: per second (x naive)' for head in heads)} ", end="")
    print(f"| {callers[0]} caller: p50 / p99 ms | {callers[-1]} callers: p50 / p99 ms | CPU us a call | errors |")
    print("|" + " --- |" * (len(callers) + 5))
    for target in targets:
        rates = [median(target.name, count, "rps") for count in callers]
        ratios = [rate / median("naive", count, "rps") for rate, count in zip(rates, callers, strict=True)]
        cells = [f"{rate:,.0f} ({ratio:.2f})" for rate, ratio in zip(rates, ratios, strict=True)]
        for count in (callers[0], callers[-1]):
            cells.append(f"{median(target.name, count, 'p50_ms'):.2f} / {median(target.name, count, 'p99_ms'):.2f}")
        busiest = max(count for count in callers if count <= 64)
        cells.append("–" if target.pid is None else f"{median(target.name, busiest, 'cpu_us'):,.0f}")
        cells.append(str(sum(sample.errors for count in callers for sample in samples[target.name, count])))
        print(f"| {target.name} | {' | '.join(cells)} |")


def cpu_s(pid: int | None) -> float:
    """Seconds of CPU that a process has used."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"wrk said something unexpected:\n{text}")
    return match[1]


def milliseconds(text: str) -> float:
    """Read wrk's ``12.34us``, ``1.23ms`` or ``1.23s``; NaN where no request ended at all."""
    if "nan" in text:
        return math.nan
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[unit]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
