"""Several gateways over one PostgreSQL: one threshold, one classifier, one exam, also after the database was away."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select, text

from gateway.audit.chain import AuditChain
from gateway.config.settings import Settings
from gateway.ledger import Ledger
from gateway.marks.examinee import examinee_of
from gateway.marks.record import ExamFolder
from gateway.scoring.active_threshold import ActiveThreshold, ThresholdChanged
from gateway.shared.files import CLASSIFIER_IN_USE, THRESHOLD, SharedFiles
from gateway.shared.lease import Lease
from gateway.shared.schema import LEASES, SHARED_FILES
from tests import command
from tests.classifiers import ALL_CLOUD, make_classifier
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import Provider
from tests.relay import relayed

pytestmark = pytest.mark.slow

Postgres = tuple[str, Engine]

SECRET = "one secret for all gateways over a database"


def settings(url: str, folder: Path, provider: Provider, **more: Any) -> Settings:
    folder.mkdir(exist_ok=True)
    sides = {"local": {"enabled": False}, "cloud": {"base_url": provider.base_url}}
    return Settings(state_dir=folder, ledger={"url": url}, **{"secret": SECRET, **sides, **more})


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.shared.peers.BEAT_S", 0.1)


@pytest.fixture
def two(postgres: Postgres, provider: Provider, tmp_path: Path) -> Iterator[tuple[Gateway, Gateway]]:
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(running_gateway(settings(postgres[0], tmp_path / name, provider)))
            for name in ("one", "other")
        )
        yield one, other


@contextmanager
def shared(url: str, folder: Path) -> Iterator[SharedFiles]:
    """The shared files of a gateway whose state directory is `folder`."""
    folder.mkdir(exist_ok=True)
    ledger = Ledger(url, folder / "spool", chain=AuditChain(b"k" * 32))
    ledger.start()
    ledger.flush()  # which makes the tables
    try:
        yield SharedFiles(ledger, folder)
    finally:
        ledger.close()


def threshold(gateway: Gateway) -> float:
    return float(httpx.get(f"{gateway.url}/v1/threshold").json()["threshold"])


def move(gateway: Gateway, value: float | None) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/threshold", json={"threshold": value}, timeout=30)


def test_a_threshold_is_in_force_in_all(two: tuple[Gateway, Gateway]) -> None:
    one, other = two
    assert move(one, 0.9).status_code == 200
    wait_for(lambda: threshold(other) == 0.9)
    assert move(other, 0.2).status_code == 200
    wait_for(lambda: threshold(one) == 0.2)
    histories = [httpx.get(f"{gateway.url}/v1/threshold").json()["history"] for gateway in two]
    assert histories[0] == histories[1]
    assert [change["threshold"] for change in histories[0]] == [0.2, 0.9]


def test_of_many_who_move_it_at_once_nobody_is_lost(postgres: Postgres, tmp_path: Path) -> None:
    with shared(postgres[0], tmp_path / "a") as first, shared(postgres[0], tmp_path / "b") as second:
        first.pull()
        second.pull()
        lines = [
            ActiveThreshold(tmp_path / name / THRESHOLD, 0.5, "v1", files)
            for name, files in (("a", first), ("b", second))
        ]
        refused = []

        def move_ten_times(line: ActiveThreshold, number: int) -> None:
            for step in range(10):
                line.apply(number + step / 100, by=f"mover {number}")
            try:
                line.apply(0.7, by="one who is late", expected=0.123)
            except ThresholdChanged:
                refused.append(number)

        movers = [threading.Thread(target=move_ten_times, args=(line, number)) for number, line in enumerate(lines)]
        for mover in movers:
            mover.start()
        for mover in movers:
            mover.join(60)
        first.pull()
        second.pull()
        told = [[(change.by, change.threshold, change.before) for change in line.history()] for line in lines]
    assert told[0] == told[1]
    assert len(told[0]) == 20
    assert all(older[1] == newer[2] for newer, older in zip(told[0], told[0][1:], strict=False)), (
        "each saw the one before"
    )
    assert sorted(refused) == [0, 1]


def test_a_classifier_put_in_use_anywhere_decides_everywhere(
    two: tuple[Gateway, Gateway], postgres: Postgres, tmp_path: Path
) -> None:
    version = make_classifier(tmp_path / "one", ALL_CLOUD)
    variables = {
        "SLIMGATE_STATE_DIR": str(tmp_path / "one"),
        "SLIMGATE_LEDGER__URL": postgres[0],
        "SLIMGATE_SECRET": SECRET,
    }
    done = command.run("artifacts", "use", version, cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    for gateway in two:
        wait_for(lambda gateway=gateway: httpx.get(f"{gateway.url}/v1/status").json()["artifact"] == version)
    command.run("artifacts", "use", "shipped", cwd=tmp_path, **variables)
    for gateway in two:
        wait_for(lambda gateway=gateway: httpx.get(f"{gateway.url}/v1/status").json()["artifact"] != version)


def test_a_classifier_that_is_missing_is_refused_by_name(two: tuple[Gateway, Gateway], postgres: Postgres) -> None:
    before = httpx.get(f"{two[0].url}/v1/status").json()["artifact"]
    with postgres[1].begin() as connection:
        connection.execute(
            SHARED_FILES.update()
            .where(SHARED_FILES.c.name == CLASSIFIER_IN_USE)
            .values(content=b"0123456789ab\n", version=2)
        )
    wait_for(lambda: httpx.get(f"{two[1].url}/v1/status").json()["artifact_trouble"])
    assert httpx.get(f"{two[1].url}/v1/status").json()["artifact"] == before


def test_nothing_outside_the_shared_names_is_written(postgres: Postgres, tmp_path: Path) -> None:
    with shared(postgres[0], tmp_path / "a") as files:
        files.pull()
        with postgres[1].begin() as connection:
            for name in ("secret.key", "../escaped", "artifacts/../../escaped", "exam/.x", "artifacts"):
                connection.execute(
                    SHARED_FILES.insert(), {"name": name, "version": 1, "changed_ms": 1, "content": b"x"}
                )
        assert files.pull() == []
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "a" / "secret.key").exists()


def test_without_the_database_what_was_known_counts_also_after_a_restart(
    postgres: Postgres, provider: Provider, tmp_path: Path
) -> None:
    with relayed(postgres[0]) as (url, relay):
        own = settings(f"{url}?connect_timeout=1", tmp_path / "one", provider)
        with running_gateway(own) as gateway:
            assert move(gateway, 0.9).status_code == 200
            relay.cut()
            refused = move(gateway, 0.1)
            assert refused.status_code == 503
            assert "does not answer" in refused.json()["error"]["message"]
            assert _decided_at(gateway) == "0.9000"
        with running_gateway(own) as again:
            assert _decided_at(again) == "0.9000"
            with shared(postgres[0], tmp_path / "other") as files:
                files.pull()
                files.replace(THRESHOLD, lambda content: content.replace(b"0.9", b"0.3"))
            relay.mend()
            wait_for(lambda: _decided_at(again) == "0.3000", 20)


def _decided_at(gateway: Gateway) -> str:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30)
    return answer.headers["x-slimgate-threshold"]


def test_the_first_gateway_brings_in_what_it_has_and_later_ones_have_no_say(postgres: Postgres, tmp_path: Path) -> None:
    for name, value in (("first", 0.3), ("later", 0.8)):
        ActiveThreshold(tmp_path / name / THRESHOLD, 0.5, "v1").apply(value, by=name)
    version = make_classifier(tmp_path / "first", ALL_CLOUD)
    with shared(postgres[0], tmp_path / "first") as files:
        files.pull()
    with shared(postgres[0], tmp_path / "later") as files:
        assert set(files.pull()) == {THRESHOLD, CLASSIFIER_IN_USE, f"artifacts/{version}"}
    assert ActiveThreshold(tmp_path / "later" / THRESHOLD, 0.5, "v1").value == 0.3
    assert (tmp_path / "later" / "artifacts" / version / "card.json").is_file()


def test_one_gateway_examines_and_all_have_its_marks(postgres: Postgres, provider: Provider, tmp_path: Path) -> None:
    own = {
        "local": {"base_url": provider.base_url, "model": "gpt-4.1-2025-04-14"},
        "exam": {"enabled": True, "idle_s": 0.1, "max_items": 6},
        "cloud": {},
    }
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(running_gateway(settings(postgres[0], tmp_path / name, provider, **own)))
            for name in ("one", "other")
        )
        for gateway in (one, other):
            wait_for(lambda gateway=gateway: gateway.get("/v1/status").json()["exam"]["state"] == "done", 60)
        examinee = examinee_of(one.settings.local, None)
        assert examinee is not None
        records = [ExamFolder(gateway.settings.state_dir).record(examinee.key) for gateway in (one, other)]
        assert len(records[0].answers()) == 6
        assert records[0].answers() == records[1].answers()


def test_of_two_processes_one_has_the_lease_until_it_expires(postgres: Postgres, tmp_path: Path) -> None:
    with shared(postgres[0], tmp_path / "a") as one, shared(postgres[0], tmp_path / "b") as other:
        one.pull()
        mine, theirs = Lease(one._ledger, "exam/x"), Lease(other._ledger, "exam/x")
        assert (mine.take(), theirs.take(), mine.take()) == (True, False, True)
        mine.release()
        assert (theirs.take(), mine.take()) == (True, False)
        with postgres[1].begin() as connection:
            connection.execute(LEASES.update().values(expires_ms=1))
        assert mine.take()
        theirs.release()
        with postgres[1].begin() as connection:
            assert connection.execute(select(LEASES.c.name)).scalars().all() == ["exam/x"], "it was not theirs any more"


def test_many_that_start_together_on_an_empty_database_all_serve(postgres: Postgres, tmp_path: Path) -> None:
    ledgers = [Ledger(postgres[0], tmp_path / str(number)) for number in range(8)]
    for ledger in ledgers:
        ledger.start()
    try:
        assert all(ledger.flush(10) for ledger in ledgers)
        assert [ledger.trouble for ledger in ledgers] == [None] * 8
    finally:
        for ledger in ledgers:
            ledger.close()
    with postgres[1].begin() as connection:
        versions = connection.execute(text("SELECT version FROM schema_version ORDER BY version")).scalars().all()
    assert versions == list(range(1, len(versions) + 1))


def test_gateways_know_each_other_and_a_foreign_secret_is_told(
    two: tuple[Gateway, Gateway],
    postgres: Postgres,
    provider: Provider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.shared.peers.BEAT_S", 0.1)

    def told(gateway: Gateway) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{gateway.url}/v1/status").json()["gateway"]
        return found

    for gateway in two:
        wait_for(lambda gateway=gateway: len(told(gateway)["others"]) == 1)
        assert told(gateway)["trouble"] is None
    rotating = settings(postgres[0], tmp_path / "new", provider, secret=f"{'n' * 40}\n{SECRET}")
    with running_gateway(rotating) as third:
        wait_for(lambda: len(told(third)["others"]) == 2)
        assert told(third)["trouble"] is None, "the old secret stands in its second line"
    wait_for(lambda: len(told(two[0])["others"]) == 1)
    with running_gateway(settings(postgres[0], tmp_path / "foreign", provider, secret="x" * 40)) as foreign:
        wait_for(lambda: told(foreign)["trouble"] is not None)
        wait_for(lambda: told(two[0])["trouble"] is not None)
        assert "Give all gateways and commands the same SLIMGATE_SECRET" in told(foreign)["trouble"]
        refused = httpx.post(f"{foreign.url}/v1/keys", json={"name": "n", "role": "admin"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "key_unchangeable")
        assert "slimgate_secret_differs 1.0" in httpx.get(f"{foreign.url}/metrics").text
    wait_for(lambda: told(two[0])["trouble"] is None)


def test_a_gateway_that_cannot_know_its_keys_gets_nothing(
    postgres: Postgres, provider: Provider, tmp_path: Path
) -> None:
    with relayed(postgres[0]) as (url, relay):
        own = settings(f"{url}?connect_timeout=1", tmp_path / "one", provider)
        with running_gateway(own) as gateway:
            assert gateway.get("/health/ready").status_code == 200
            httpx.post(f"{gateway.url}/v1/keys", json={"name": "n", "role": "admin"}).raise_for_status()
            relay.cut()
            assert gateway.get("/health/ready").status_code == 200, "those known still count"
        with running_gateway(own) as again:
            told = again.get("/health/ready")
            assert (told.status_code, told.json()["status"]) == (503, "keys unknown")
            relay.mend()
            wait_for(lambda: again.get("/health/ready").status_code == 200, 20)
