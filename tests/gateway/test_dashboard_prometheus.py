"""Rules and the Grafana dashboard: valid, about series that there are, and fed by a real Prometheus."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import MakeGateway
from tests.live import Gateway, wait_for
from tests.provider import Provider

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "slimgate.rules.yml"
GRAFANA = json.loads((DEPLOY / "grafana" / "slimgate.json").read_text("utf-8"))
EXPRESSIONS = [target["expr"] for panel in GRAFANA["panels"] for target in panel["targets"]]
SUFFIXES = ("_total", "_bucket", "_count", "_sum")

# Only there while a local model is configured.
OF_THE_LOCAL_SIDE = {"slimgate_local_up", "slimgate_engine_restarts_total"}


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} found: apt-get install prometheus")
    return path


def promtool(*arguments: str) -> None:
    result = subprocess.run([tool("promtool"), *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_promtool_accepts_configuration_and_rules() -> None:
    promtool("check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))


def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", str(DEPLOY / "prometheus" / "slimgate.test.yml"))


def test_promtool_accepts_what_grafana_asks(tmp_path: Path) -> None:
    lines = ["groups:", "- name: grafana", "  rules:"]
    for number, expression in enumerate(EXPRESSIONS):
        asked = expression.replace("$__rate_interval", "5m").replace("$__range", "1d").replace("$job", ".*")
        lines += [f"  - record: panel:{number}", f"    expr: {json.dumps(asked)}"]
    path = tmp_path / "grafana.yml"
    path.write_text("\n".join(lines), "utf-8")
    promtool("check", "rules", str(path))


@pytest.fixture
def gateway(make_gateway: MakeGateway, provider: Provider) -> Gateway:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
    httpx.post(f"{gateway.url}/v1/chat/completions", json=body).raise_for_status()
    return gateway


def test_every_series_named_is_one_there_is(gateway: Gateway) -> None:
    exposition = httpx.get(f"{gateway.url}/metrics").text
    there = set(re.findall(r"^# TYPE (slimgate_\w+)", exposition, re.MULTILINE)) | OF_THE_LOCAL_SIDE
    named = set(re.findall(r"\bslimgate_\w+", RULES.read_text("utf-8") + "".join(EXPRESSIONS)))
    assert len(named) > 8
    for name in named:
        assert name in there or any(name.removesuffix(suffix) in there for suffix in SUFFIXES), name


@pytest.fixture
def prometheus(gateway: Gateway, tmp_path: Path) -> Iterator[str]:
    """A Prometheus that scrapes `gateway` with the shipped configuration, but faster."""
    config = (DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8")
    config = config.replace("127.0.0.1:8000", gateway.url.removeprefix("http://")).replace("15s", "200ms")
    (tmp_path / "prometheus.yml").write_text(config, "utf-8")
    shutil.copy(RULES, tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [tool("prometheus"), f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.mark.slow
def test_real_prometheus_scrapes_and_evaluates(prometheus: str) -> None:
    def value(query: str) -> float | None:
        try:
            answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}).raise_for_status()
        except httpx.HTTPError:  # it starts: refuses connections, then answers "Service Unavailable"
            return None
        found = answer.json()["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    wait_for(lambda: value('up{job="slimgate"}') == 1, timeout_s=30)
    wait_for(lambda: value('slimgate_requests_total{route="cloud",outcome="ok"}') == 1, timeout_s=10)
    assert value("slimgate_threshold") is not None
    wait_for(lambda: value("slimgate:requests:rate5m") is not None, timeout_s=10)
    rules = httpx.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
    assert [rule["name"] for group in rules for rule in group["rules"] if rule["health"] == "err"] == []
