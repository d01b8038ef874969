"""A gateway as its pod runs it: rows that PostgreSQL did not take outlive the pod, on its volume."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from tests.deploy.kustomize import render
from tests.deploy.pod import IS_ROOT, Pod, copy_with_secrets
from tests.gateway.conftest import _postgres_url, postgres  # noqa: F401
from tests.live import wait_for
from tests.provider import Provider
from tests.relay import relayed

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]


@dataclass
class Running:
    """A pod's container, as a process of this machine."""

    pod: Pod
    url: str
    process: subprocess.Popen[bytes]

    def probe(self, name: str) -> int:
        """The status that the probe `name` gets."""
        (container,) = self.pod.manifest["containers"]
        return httpx.get(self.url + container[f"{name}Probe"]["httpGet"]["path"]).status_code

    def ask(self) -> httpx.Response:
        """A request as a caller sends it."""
        body = {"model": "cloud", "messages": [{"role": "user", "content": "Say hello."}]}
        key = self.pod.secret("SLIMGATE_API_KEY_FILE").strip()
        headers = {"authorization": f"Bearer {key}"}
        return httpx.post(f"{self.url}/v1/chat/completions", json=body, headers=headers, timeout=30)

    def stop(self) -> int:
        """What the kubelet does: a signal, and patience."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(self.pod.manifest["terminationGracePeriodSeconds"])


@contextmanager
def running(pod: Pod, **environment: str) -> Iterator[Running]:
    """The pod's container, as its user, who may besides read everything: Python may lie in the home of root."""
    (container,) = pod.manifest["containers"]
    log = pod.root / "log"
    uid, gid = pod.manifest["securityContext"]["runAsUser"], pod.manifest["securityContext"]["fsGroup"]
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    as_user = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *reading) if IS_ROOT else ()
    told = {**pod.environment, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1", "SLIMGATE_PORT": "0"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*as_user, sys.executable, "-m", "gateway.cli", *container["args"]],
            env={"PATH": os.environ["PATH"], **told, **environment},
            cwd=pod.root / "var/lib/slimgate",
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: process.poll() is not None or "listens at" in log.read_text(), 60)
        found = re.search(r"listens at http://[^\s:]+:(\d+)", log.read_text())
        assert found, log.read_text()
        yield Running(pod, f"http://127.0.0.1:{found[1]}", process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def test_rows_outlive_a_pod_that_went_while_the_database_was_away(
    postgres: tuple[str, Engine],  # noqa: F811
    provider: Provider,
    tmp_path: Path,
) -> None:
    url, database = postgres
    for folder in (tmp_path, *tmp_path.parents[:2]):  # the pod's user must get in
        folder.chmod(0o755)
    with relayed(url) as (relayed_url, relay):
        tree = copy_with_secrets(tmp_path / "tree", ledger_url=relayed_url)
        manifests = render(tree / "overlays" / "cloud-only")
        (workload,) = [manifest for manifest in manifests if manifest["kind"] == "StatefulSet"]
        root = tmp_path / "root"
        told = {"SLIMGATE_CLOUD__BASE_URL": provider.base_url, "SLIMGATE_DRAIN_S": "0"}
        with running(Pod.of(manifests, workload, root), **told) as first:
            assert [first.probe(name) for name in ("startup", "readiness", "liveness")] == [200, 200, 200]
            assert httpx.post(f"{first.url}/v1/chat/completions", json={}).status_code == 401
            assert first.ask().status_code == 200
            wait_for(lambda: stored(database) == 1, 30)
            relay.cut()
            assert first.ask().status_code == 200
            assert first.probe("readiness") == 200, "rows wait, callers do not"
            assert first.stop() == 0
        assert stored(database) == 1
        relay.mend()
        assert written_outside_of_volumes(root) == []
        with running(Pod.of(manifests, workload, root), **told) as second:  # another pod, with the same claim
            wait_for(lambda: stored(database) == 2, 30)
            assert second.stop() == 0
    assert len(provider.requests) == 2


def stored(database: Engine) -> int:
    with database.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM requests WHERE outcome = 'ok'")).scalar_one())


def written_outside_of_volumes(root: Path) -> list[Path]:
    """What the pod's user wrote, where it could not have: the root of the container is read-only."""
    volumes = (root / "var/lib/slimgate", root / "tmp")
    return [
        path
        for path in root.rglob("*")
        if path.lstat().st_uid not in (0, os.geteuid()) and not any(path.is_relative_to(volume) for volume in volumes)
    ]
