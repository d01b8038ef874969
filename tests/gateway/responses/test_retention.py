"""Kept responses in their database: how long, how many, with which key; in SQLite and in PostgreSQL."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from gateway.config.settings import Settings, SettingsError
from gateway.conversations import store as store_module
from gateway.conversations.cipher import Cipher, UnreadableError, cipher_keys
from gateway.conversations.conversations import make_conversations
from gateway.conversations.schema import METADATA
from gateway.conversations.store import ConversationTooLong, KeptResponse, ResponseStore, ResponsesUnavailable
from gateway.ledger.units import now_ms
from tests.conftest import MakeGateway
from tests.live import wait_for
from tests.provider import Provider

DAY_MS = 24 * 3600 * 1000
MUCH = 1_000_000


def kept(id: str, previous_id: str | None = None, text: str = "hi", owner: str = "") -> KeptResponse:
    item = {"id": f"msg_of_{id}", "type": "message", "role": "user", "content": text}
    output = {"id": f"out_of_{id}", "type": "message", "role": "assistant", "content": []}
    response = {"id": id, "output": [output]}
    return KeptResponse(id, owner, previous_id, "local", "m", False, None, [item], response)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'responses.db'}"


@pytest.fixture
def make(url: str) -> Iterator[Any]:
    stores: list[ResponseStore] = []

    def make_store(keep_days: float = 30, keep_mb: float = 1, key: bytes = bytes(32)) -> ResponseStore:
        stores.append(ResponseStore(url, Cipher(key), keep_days, keep_mb))
        return stores[-1]

    yield make_store
    for store in stores:
        store.close()


def set_clock(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    later = now_ms() + round(days * DAY_MS)
    monkeypatch.setattr(store_module, "now_ms", lambda: later)
    monkeypatch.setattr(store_module, "days_ago_ms", lambda ago: later - round(ago * DAY_MS))


def test_a_conversation_lives_for_as_long_as_it_is_used(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make(keep_days=30)
    for one in (kept("a"), kept("b", "a"), kept("left")):
        store.keep(one)
    set_clock(monkeypatch, 20)
    turns, lost = store.turns("", "b", MUCH)
    assert ([turn.id for turn in turns], lost) == (["a", "b"], None)
    set_clock(monkeypatch, 40)
    store.sweep()
    assert store.find("", "left") is None
    assert store.holders("", ["msg_of_left", "out_of_b"], MUCH).keys() == {"out_of_b"}
    set_clock(monkeypatch, 80)
    store.sweep()
    assert store.find("", "a") is store.find("", "b") is None


def test_the_longest_unused_go_where_there_is_no_room(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make(keep_mb=1)
    for number in range(30):  # 100 kB each; nobody has to sweep
        set_clock(monkeypatch, number / 1000)
        store.keep(kept(f"r{number}", text="x" * 100_000))
    left = [number for number in range(30) if store.find("", f"r{number}") is not None]
    assert left == list(range(left[0], 30))
    assert 8 <= len(left) <= 10
    store.keep(kept("huge", text="x" * 1_100_000))
    assert store.find("", "huge") is None
    assert store.find("", "r29") is not None


def test_what_is_referred_to_is_bounded(make: Any) -> None:
    store = make(keep_mb=10)
    store.keep(kept("a", text="x" * 60_000))
    store.keep(kept("b", "a", text="x" * 60_000))
    assert len(store.turns("", "b", 200_000)[0]) == 2
    with pytest.raises(ConversationTooLong):
        store.turns("", "b", 100_000)
    with pytest.raises(ConversationTooLong):
        store.holders("", ["msg_of_a", "msg_of_b"], 100_000)


def test_many_turns_and_many_references_are_bounded(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_TURNS", 3)
    monkeypatch.setattr(store_module, "BATCH", 2)
    store = make()
    for number in range(4):
        store.keep(kept(f"r{number}", f"r{number - 1}" if number else None))
    assert len(store.turns("", "r2", MUCH)[0]) == 3
    with pytest.raises(ConversationTooLong, match="more than 3 turns"):
        store.turns("", "r3", MUCH)
    wanted = [f"msg_of_r{number}" for number in range(9)]
    assert list(store.holders("", wanted, MUCH)) == wanted[:4]


def test_a_circle_ends(make: Any) -> None:
    store = make()
    store.keep(kept("a", "b"))
    store.keep(kept("b", "a"))
    assert [turn.id for turn in store.turns("", "b", MUCH)[0]] == ["a", "b"]


def test_owners_are_kept_apart(make: Any) -> None:
    store = make()
    store.keep(kept("a", owner="one"))
    assert store.find("two", "a") is None
    assert store.foreign("two", ["a", "msg_of_a", "z"]) == {"a", "msg_of_a"}
    assert store.foreign("one", ["a", "msg_of_a", "z"]) == set()
    assert store.holders("two", ["msg_of_a"], MUCH) == {}
    store.delete("two", "a")
    store.keep(kept("a", text="mine", owner="two"))  # as a provider might give an id twice
    assert store.find("one", "a").input[0]["content"] == "hi"


def test_processes_share_one_file(make: Any) -> None:
    stores = [make() for _ in range(4)]

    def work(number: int) -> None:
        for turn in range(25):
            stores[number].keep(kept(f"r{number}-{turn}", f"r{number}-{turn - 1}" if turn else None))
            stores[number].turns("", f"r{number}-{turn}", MUCH)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(stores[0].turns("", f"r{number}-24", MUCH)[0]) for number in range(4)] == [25] * 4


def test_another_key_reads_nothing(make: Any) -> None:
    make().keep(kept("a"))
    other = make(key=b"x" * 32)
    assert other.find("", "a") is None
    assert other.turns("", "a", MUCH) == ([], "a")
    assert make().find("", "a") is not None


def cipher_of(folder: Path, secret: str | None = None) -> Cipher:
    return Cipher(*cipher_keys(Settings(state_dir=folder, responses={"encryption_key": secret})))


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """Workers that start together agree on one."""
    ciphers: list[Cipher] = []
    threads = [threading.Thread(target=lambda: ciphers.append(cipher_of(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = ciphers[0].seal(b"text", "place")
    assert {cipher.open(sealed, "place") for cipher in [*ciphers, cipher_of(tmp_path)]} == {b"text"}
    assert [path.name for path in tmp_path.iterdir()] == ["responses.key"]
    assert (tmp_path / "responses.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "responses.key").write_bytes(b"short")
    with pytest.raises(SettingsError, match="no key of 32 bytes"):
        cipher_of(tmp_path)
    assert cipher_of(tmp_path, "a" * 32).open(cipher_of(tmp_path, "a" * 32).seal(b"x", "p"), "p") == b"x"


def test_an_older_key_still_opens(tmp_path: Path) -> None:
    """A rotated key: the first line seals, all lines open."""
    old, new = "o" * 32, "n" * 32
    before, rotated = cipher_of(tmp_path, old), cipher_of(tmp_path, f"{new}\n{old}\n")
    assert rotated.open(before.seal(b"text", "p"), "p") == b"text"
    assert cipher_of(tmp_path, new).open(rotated.seal(b"text", "p"), "p") == b"text"
    with pytest.raises(UnreadableError):
        before.open(rotated.seal(b"text", "p"), "p")


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    store = ResponseStore(f"sqlite:///{tmp_path / 'nowhere' / 'responses.db'}", Cipher(bytes(32)), 30, 1)
    with pytest.raises(ResponsesUnavailable):
        store.find("", "a")
    store.close()


def test_a_gateway_deletes_the_old_by_itself(
    make_gateway: MakeGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "SWEEP_EVERY_S", 0.05)
    gateway = make_gateway(
        local={"enabled": False}, cloud={"base_url": provider.base_url}, responses={"keep_days": 0.3 / 86_400}
    )
    client = gateway.client()
    first = client.responses.create(model="auto", input="hi")
    assert client.responses.retrieve(first.id).id == first.id

    def is_gone() -> bool:
        return gateway.get(f"/v1/responses/{first.id}").status_code == 404

    wait_for(is_gone)
    database = (gateway.settings.state_dir / "responses.db").absolute()
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM kept_responses").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM kept_items").fetchone() == (0,)


def test_postgresql_keeps_them_beside_the_ledger(postgres: tuple[str, Engine], tmp_path: Path) -> None:
    url, engine = postgres
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {', '.join(METADATA.tables)}"))
    settings = Settings(state_dir=tmp_path, ledger={"url": url}, responses={"encryption_key": "k" * 32})
    conversations = [make_conversations(settings) for _ in range(2)]
    stores = [one.store for one in conversations if one.store is not None]
    threads = [threading.Thread(target=store.keep, args=(kept("a"),)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stores[0].keep(kept("b", "a"))
    assert [turn.id for turn in stores[1].turns("", "b", MUCH)[0]] == ["a", "b"]
    stores[1].sweep()
    stores[1].delete("", "a")
    assert stores[0].turns("", "b", MUCH)[1] == "a"
    for store in stores:
        store.close()
    assert not list(tmp_path.iterdir())
