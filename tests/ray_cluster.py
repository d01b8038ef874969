"""A Ray cluster of several node processes on this machine, with the engine's application, for tests and the drill.

Ray runs in a process of its own, `python -m tests.ray_cluster`, which is told what to do line by line: nothing of it is
imported by who uses `running_cluster`, and all of it ends with that process.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

KEY = "local-key"
OBJECT_STORE_BYTES = 100 * 1024 * 1024
START_S = 120.0


class RayCluster:
    """What runs, and what may happen to it."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}"

    def _do(self, action: str, **what: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"do": action, **what}), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)["result"]
        raise RuntimeError(f"the cluster has ended: {self._process.poll()}")

    def wait_up(self) -> None:
        """Until the application answers."""
        self._do("nothing")

    def replicas(self) -> dict[str, dict[str, Any]]:
        """By id the `pid` and the `node` of each replica that is alive."""
        found: dict[str, dict[str, Any]] = self._do("replicas")
        return found

    def add_node(self, num_cpus: float) -> None:
        self._do("add_node", num_cpus=num_cpus)

    def kill_node(self, node: str) -> int:
        """Kill -9 all processes of a node that is not the head; how many there were."""
        killed: int = self._do("kill_node", node=node)
        return killed

    @staticmethod
    def kill(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={"authorization": f"Bearer {KEY}"}, timeout=30)

    def told(self) -> list[dict[str, Any]]:
        """What each replica says of its load."""
        replicas: list[dict[str, Any]] = self.get("/health").json()["replicas"]
        return replicas


def engines_of(pid: int) -> list[int]:
    """The engine processes that are children of the process `pid`."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    pids = [int(child) for path in children for child in path.read_text("ascii").split()]
    return [child for child in pids if b"models.engine" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_alive(pid: int) -> bool:
    """Whether the process runs, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def running_cluster(nodes: Sequence[float], environment: Mapping[str, str], **arguments: Any) -> Iterator[RayCluster]:
    """A head node without CPUs for replicas, one node for each of the numbers of CPUs, and the application on them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="ray-")  # Ray's unix sockets are in it: their paths may have 107 bytes
    job = {"nodes": list(nodes), "port": port, "folder": folder, "arguments": arguments}
    quiet = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        "RAY_DEDUP_LOGS": "0",
        "SLIMGATE_LOCAL__API_KEY": KEY,
        **environment,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ray_cluster", json.dumps(job)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **quiet},
        text=True,
        start_new_session=True,
    )
    cluster = RayCluster(process, port)
    try:
        cluster.wait_up()
        yield cluster
    finally:
        try:
            process.communicate(timeout=60)  # closes its standard input, at which it ends
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Start everything, do what the lines of standard input say, and end with it."""
    import ray
    from ray import serve
    from ray.cluster_utils import Cluster

    from models.ray_serve.app import build
    from models.ray_serve.options import Arguments

    job = json.loads(sys.argv[1])
    small: dict[str, Any] = {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "temp_dir": job["folder"], **small})
    nodes = {}

    def add_node(num_cpus: float) -> None:
        node = cluster.add_node(num_cpus=num_cpus, **small)
        nodes[node.node_id] = node

    for num_cpus in job["nodes"]:
        add_node(num_cpus)
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": job["port"]}, proxy_location="HeadOnly")
    serve.run(build(Arguments(ingress_num_cpus=0, **job["arguments"])), route_prefix="/")
    for line in sys.stdin:
        asked = json.loads(line)
        result: Any = None
        if asked["do"] == "replicas":
            result = _replicas()
        elif asked["do"] == "add_node":
            add_node(asked["num_cpus"])
        elif asked["do"] == "kill_node":
            result = _kill_node(nodes[asked["node"]])
        print(json.dumps({"result": result}), flush=True)
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]


def _replicas() -> dict[str, dict[str, Any]]:
    from ray._private.state import actors

    return {
        actor["Name"].rpartition("#")[2]: {"pid": actor["Pid"], "node": actor["Address"]["NodeID"]}
        for actor in actors().values()
        if "#Engine#" in (actor["Name"] or "") and actor["State"] == "ALIVE"
    }


def _kill_node(node: Any) -> int:
    """Kill the raylet; its workers, and with them the engines, end when they miss it."""
    pids = [info.process.pid for infos in node.all_processes.values() for info in infos]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)


if __name__ == "__main__":
    main()
