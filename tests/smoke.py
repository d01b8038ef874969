"""A built wheel tried out: installed into an environment of its own, then asked and served from there.

``python -m tests.smoke dist/slimgate-….whl``; `make dist` does it. Nothing of this checkout is importable meanwhile,
and no extra is installed: what answers comes out of the wheel. Dependencies have the
versions that requirements/run.txt pins.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

UV = str(Path(sys.executable).parent / "uv")
START_LIMIT_S = 30


def main(wheel: str) -> None:
    """Install `wheel` and try what a user would try first. Any failure is an exception."""
    with tempfile.TemporaryDirectory(prefix="slimgate-smoke-") as folder:
        command = install(Path(wheel).resolve(), Path(folder))
        ask_version(command, wheel)
        ask_route(command, Path(folder))
        with serving(command, Path(folder)) as url:
            look_at_health(url)
            look_at_dashboard(url)


def install(wheel: Path, folder: Path) -> Path:
    """A new environment with `wheel` and what it depends on; gives the path of its command."""
    pinned = Path("requirements/run.txt").resolve()
    run([UV, "venv", "--quiet", "--python", sys.executable, "venv"], folder)
    run([UV, "pip", "install", "--quiet", "--python", "venv", "--constraints", str(pinned), str(wheel)], folder)
    where = run(["venv/bin/python", "-P", "-c", "import gateway, sys; print(gateway.__file__)"], folder).strip()
    assert where.startswith(str(folder)), where
    say(f"installed {wheel.name} without extras", where.removeprefix(str(folder)))
    return folder / "venv" / "bin" / "slimgate"


def ask_version(command: Path, wheel: str) -> None:
    """The command says the wheel's version, and lists what it can do."""
    version = run([str(command), "--version"], command.parent).strip()
    assert version == f"slimgate {Path(wheel).name.split('-')[1]}", version
    say("slimgate --version", version)
    listed = run([str(command), "--help"], command.parent)
    assert "serve" in listed, listed
    say("slimgate --help", f"{len(listed.splitlines())} lines")


def ask_route(command: Path, folder: Path) -> None:
    """The classifier that the wheel carries decides."""
    hard = folder / "requests.jsonl"
    hard.write_text(json.dumps({"id": "proof", "prompt": "Prove that the square root of 2 is irrational."}) + "\n")
    decision = json.loads(run([str(command), "route", "--jsonl", str(hard)], folder))
    assert 0 < decision["score"] < 1, decision
    say("slimgate route", f"score {decision['score']}, {decision['route']}")


@contextmanager
def serving(command: Path, folder: Path) -> Iterator[str]:
    """`slimgate serve` in front of a cloud that is never asked, with an empty state folder; gives its URL."""
    cloud = {"SLIMGATE_CLOUD__BASE_URL": "http://127.0.0.1:9/v1", "SLIMGATE_CLOUD__MODEL": "none"}
    environment = bare_environment(folder) | cloud | {"SLIMGATE_LOCAL__ENABLED": "false"}
    log = folder / "log"
    with log.open("wb") as output:
        arguments = [str(command), "serve", "--port", "0"]
        server = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield wait_for_url(server, log)
    finally:
        server.terminate()
        assert server.wait(START_LIMIT_S) == 0, log.read_text("utf-8")
    say("SIGTERM", "exit status 0")


def wait_for_url(server: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where the server says that it listens."""
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until and server.poll() is None:
        if found := re.search(r"listens at (http://[0-9.]+:[0-9]+)", log.read_text("utf-8")):
            say("slimgate serve, no local model", f"listens at {found[1]}")
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"it did not start: {log.read_text('utf-8')}")


def look_at_health(url: str) -> None:
    """It is alive."""
    answer = fetch(f"{url}/health/live")
    assert json.loads(answer) == {"status": "alive"}, answer
    say("GET /health/live", answer.decode())


def look_at_dashboard(url: str) -> None:
    """The page and every file that it names come out of the wheel."""
    page = fetch(f"{url}/dashboard").decode()
    names = sorted(set(re.findall(r'(?:src|href)="(dashboard/assets/[^"]+)"', page)))
    assert len(names) > 20, names
    sizes = [len(fetch(f"{url}/{name}")) for name in names]
    assert all(sizes), sizes
    say("GET /dashboard", f"{len(page)} bytes, and {len(names)} files with {sum(sizes)} bytes")


def run(command: list[str], folder: Path) -> str:
    """What `command` prints on stdout; what else it says goes to stderr, and a failure is an exception."""
    inherited = bare_environment(folder)
    return subprocess.run(command, cwd=folder, env=inherited, stdout=subprocess.PIPE, text=True, check=True).stdout


def bare_environment(folder: Path) -> dict[str, str]:
    """The environment here, without what would lead back to the checkout, or to anybody's settings and keys."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "PYTHONPATH"))}
    kept = {name: value for name, value in kept.items() if not name.startswith("SLIMGATE_")}
    return kept | {"SLIMGATE_STATE_DIR": str(folder / "state")}


def fetch(url: str) -> bytes:
    """The body at `url`; any status but 200 is an exception."""
    with urlopen(url, timeout=START_LIMIT_S) as answer:
        assert answer.status == 200, answer.status
        body: bytes = answer.read()
        return body


def say(what: str, came_of_it: str) -> None:
    """A line for whoever watches."""
    print(f"{what:50} {came_of_it}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
