"""Another classifier while requests come in: none fails, all change over, a broken one is refused; the way back."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from gateway.cli import app
from gateway.config.settings import SettingsError, load_settings
from gateway.ledger import LedgerRow
from gateway.reports.tuning import flips, read_traffic
from gateway.scoring.artifact_store import SHIPPED, ArtifactStore
from models.usage.usage import Usage
from router.artifact import load_artifact
from tests.classifiers import ALL_CLOUD, ALL_LOCAL, make_classifier
from tests.conftest import MakeGateway
from tests.gateway import seed
from tests.live import wait_for
from tests.process import Command, running_command
from tests.provider import Provider, running_provider

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Say hello to my aunt."}]}


@dataclass
class Callers:
    """What callers were told who never stop asking, each time on a connection of its own."""

    url: str
    answers: list[tuple[int, str, bool]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, stream: bool) -> None:
        while not self.stop.is_set():
            answer = httpx.post(f"{self.url}/v1/chat/completions", json={**HELLO, "stream": stream}, timeout=60)
            whole = "[DONE]" in answer.text if stream else "choices" in answer.json()
            self.answers.append((answer.status_code, answer.headers.get("x-slimgate-route", ""), whole))

    def wait_for_all(self, route: str) -> None:
        """Until thirty answers in a row came from there: from more workers than one."""
        wait_for(lambda: {where for _, where, _ in self.answers[-30:]} == {route}, 30)


@contextmanager
def callers(command: Command) -> Iterator[Callers]:
    found = Callers(command.url)
    threads = [threading.Thread(target=found.ask, args=(stream,)) for stream in (False, True, False)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.stop.set()
        for thread in threads:
            thread.join(60)


@pytest.fixture
def local() -> Iterator[Provider]:
    """Stands in for a local server."""
    with running_provider() as provider:
        yield provider


def sides(local: Provider, cloud: Provider) -> dict[str, str]:
    return {"SLIMGATE_LOCAL__BASE_URL": local.base_url, "SLIMGATE_CLOUD__BASE_URL": cloud.base_url}


def use(state_dir: Path, version: str) -> str:
    found = CliRunner().invoke(app, ["artifacts", "use", version], env={"SLIMGATE_STATE_DIR": str(state_dir)})
    assert found.exit_code == 0, found.output
    return found.output


def status(command: Command) -> dict[str, Any]:
    found: dict[str, Any] = command.get("/v1/status").json()
    return found


@pytest.mark.slow
def test_swapped_under_load_and_back(local: Provider, provider: Provider, tmp_path: Path) -> None:
    hard, easy = make_classifier(tmp_path, ALL_CLOUD), make_classifier(tmp_path, ALL_LOCAL)
    shipped = load_artifact().version
    with running_command("--workers", "2", state_dir=tmp_path, **sides(local, provider)) as command:
        wait_for(lambda: command.output.count(f"the classifier {shipped} decides") == 2, 30)
        wait_for(lambda: command.get("/health/ready").json()["local"] == "up", 30)
        with callers(command) as asking:
            for version, route in ((hard, "cloud"), (easy, "local"), (hard, "cloud"), (easy, "local")):
                n_before = command.output.count(f"the classifier {version} decides from here on")
                use(tmp_path, version)
                asking.wait_for_all(route)
                loaded = f"the classifier {version} decides from here on", n_before + 2
                wait_for(lambda loaded=loaded: command.output.count(loaded[0]) == loaded[1])
            use(tmp_path, SHIPPED)
            wait_for(lambda: status(command)["artifact"] == shipped)
        assert {(code, whole) for code, _, whole in asking.answers} == {(200, True)}
        assert command.output.count(f"the classifier {hard} decides from here on, and {shipped} no longer") == 2
        rows = command.get("/v1/decisions?limit=1000").json()["data"]
        assert {(row["artifact"], row["route"]) for row in rows} <= {
            (hard, "cloud"), (easy, "local"), (shipped, "local"), (shipped, "cloud")
        }  # fmt: skip
        assert {row["artifact"] for row in rows} >= {hard, easy}


@pytest.mark.slow
def test_broken_one_is_refused_said_and_left_behind(local: Provider, provider: Provider, tmp_path: Path) -> None:
    hard = make_classifier(tmp_path, ALL_CLOUD)
    store = ArtifactStore(tmp_path / "artifacts")
    store.use(hard)
    config = tmp_path / "slimgate.toml"
    config.write_text("")
    arguments = ("--config", str(config))
    with running_command(*arguments, state_dir=tmp_path, **sides(local, provider)) as command:
        broken = make_classifier(tmp_path, ALL_LOCAL)
        (store.path(broken) / "weights.json").write_text("{}")
        (tmp_path / "artifacts" / "in-use").write_text(broken)  # the command would refuse it
        wait_for(lambda: status(command)["artifact_trouble"])
        assert status(command)["artifact"] == hard
        assert "copy artifacts as whole folders" in status(command)["artifact_trouble"]
        assert f"the classifier stays {hard}" in command.output
        assert "slimgate_classifier_refused 1.0" in command.get("/metrics").text
        config.write_text("[router]\nthreshold = 0.75\n")
        command.signal(signal.SIGHUP)
        wait_for(lambda: "the configuration is not reloaded" in command.output)
        assert status(command)["threshold"] != 0.75
        store.use(SHIPPED)
        wait_for(lambda: status(command)["artifact_trouble"] is None)
        assert status(command)["artifact"] == load_artifact().version
        command.signal(signal.SIGHUP)
        wait_for(lambda: status(command)["threshold"] == 0.75)


@pytest.mark.slow
def test_hup_takes_over_artifact_and_labels_and_refuses_a_threshold_for_another(
    local: Provider, provider: Provider, tmp_path: Path
) -> None:
    hard = make_classifier(tmp_path, ALL_CLOUD)
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\n".join(json.dumps({"prompt": f"Hello {n}", "local_ok": True}) for n in range(40)))
    config = tmp_path / "slimgate.toml"
    config.write_text("")
    arguments = ("--config", str(config))
    with running_command(*arguments, state_dir=tmp_path / "state", **sides(local, provider)) as command:

        def measured() -> dict[str, Any]:
            found: dict[str, Any] = command.get("/v1/threshold/curve").json()["failure_rates"]
            return found

        assert measured()["source"] == "feedback"
        folder = tmp_path / "artifacts" / hard
        config.write_text(f"[router]\nartifact = '{folder}'\nlabels = '{labels}'\nthreshold = 0.4\n")
        command.signal(signal.SIGHUP)
        wait_for(lambda: status(command)["artifact"] == hard)
        found = measured()
        assert (found["source"], found["labels"]) == ("file", 40)
        assert found["points"][0]["n_local"] == 0  # all score as hard now
        assert "router.threshold 0.4 was kept; was it chosen for this classifier?" in command.output
        config.write_text("[router]\nthreshold = 0.3\nthreshold_for = 'somebody'\n")
        command.signal(signal.SIGHUP)
        wait_for(lambda: "is for the classifier somebody" in command.output)
        assert (status(command)["artifact"], status(command)["threshold"]) == (hard, 0.4)
        config.write_text(f"[router]\nthreshold = 0.3\nthreshold_for = '{load_artifact().version}'\n")
        command.signal(signal.SIGHUP)
        wait_for(lambda: status(command)["threshold"] == 0.3)
        assert status(command)["artifact"] == load_artifact().version


@pytest.mark.slow
def test_applied_threshold_stays_with_its_classifier(
    make_gateway: MakeGateway, provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    state_dir, shipped = gateway.settings.state_dir, load_artifact()
    hard = make_classifier(state_dir, ALL_CLOUD)

    def line() -> dict[str, Any]:
        found: dict[str, Any] = gateway.get("/v1/threshold").json()
        return found

    def move(threshold: float) -> None:
        httpx.post(f"{gateway.url}/v1/threshold", json={"threshold": threshold}).raise_for_status()

    move(0.3)
    use(state_dir, hard)
    wait_for(lambda: gateway.get("/v1/status").json()["artifact"] == hard)
    assert (line()["threshold"], line()["outdated"], line()["applied"]) == (shipped.threshold, True, False)
    assert "the threshold is 0.45 now, the default; before the change it was 0.3" in caplog.text
    move(0.6)
    assert (line()["threshold"], line()["outdated"]) == (0.6, False)
    use(state_dir, SHIPPED)
    wait_for(lambda: gateway.get("/v1/status").json()["artifact"] == shipped.version)
    assert (line()["threshold"], line()["outdated"], line()["applied"]) == (0.3, True, True)
    assert [change["artifact"] for change in line()["history"]] == [hard, shipped.version]


def test_use_refuses_one_that_the_threshold_is_not_for(tmp_path: Path) -> None:
    hard = make_classifier(tmp_path, ALL_CLOUD)
    environment = {
        "SLIMGATE_STATE_DIR": str(tmp_path),
        "SLIMGATE_ROUTER__THRESHOLD": "0.4",
        "SLIMGATE_ROUTER__THRESHOLD_FOR": load_artifact().version,
    }
    found = CliRunner().invoke(app, ["artifacts", "use", hard], env=environment)
    assert "router.threshold_for" in str(found.exception)
    assert ArtifactStore(tmp_path / "artifacts").version_in_use == SHIPPED


def test_threshold_for_needs_a_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_ROUTER__THRESHOLD_FOR", "9d15ec1bab11")
    with pytest.raises(SettingsError, match="threshold_for is set, but threshold is not"):
        load_settings()


def price(usage: Usage) -> int:
    return usage.prompt_tokens * 2000 + usage.completion_tokens * 8000


def by_turns(rows: list[LedgerRow]) -> list[LedgerRow]:
    """Every fourth was scored by another classifier, which found all of them hard."""
    return [replace(row, artifact="another", score=0.99) if n % 4 == 0 else row for n, row in enumerate(rows)]


def test_scores_of_two_classifiers_are_not_mixed(tmp_path: Path) -> None:
    end_ms = 1_790_000_000_000
    rows = by_turns(list(seed.traffic(2000, end_ms, days=10)))
    seed.write(tmp_path / "ledger.db", rows)
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect() as connection:
        traffic = read_traffic(connection, 0, end_ms + 1, price, seed.ARTIFACT)
        found = flips(connection, 1.0, 0.98, 0, end_ms + 1, seed.ARTIFACT, limit=5)
    engine.dispose()
    mine = [row for row in rows if row.completion_tokens and row.artifact == seed.ARTIFACT]
    others = [row for row in rows if row.completion_tokens and row.artifact != seed.ARTIFACT]
    assert (traffic.requests, traffic.others) == (len(mine), len(others))
    assert 0.99 not in traffic.scores
    assert found["count"] == sum(row.reason in ("score", "failover") and 0.98 <= row.score < 1.0 for row in mine)
    spent_nusd = sum(
        row.baseline_nusd or 0 for row in mine if row.reason in ("score", "failover") or row.route == "cloud"
    )
    all_cloud = traffic.points((0.0,), span_ms=10 * seed.DAY_MS)[0]
    expected_usd = spent_nusd * (len(mine) + len(others)) / len(mine) * 3 / 1e9
    assert float(all_cloud["usd_per_30_days"]) == pytest.approx(expected_usd)
