"""Who calls: the keys that work now, and when they stop."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, select, update

from gateway.config.sections.keys import KeysSettings
from gateway.keys import active as active_module
from gateway.keys.api_key import ApiKey
from gateway.keys.details import KeyChange, NewKey
from gateway.keys.schema import API_KEYS, SECRETS
from gateway.keys.secrets import SecretHasher, new_secret
from gateway.keys.store import KeyStore, KeyUnchangeable
from gateway.keys.terms import KeyTerms, Role, Sees
from gateway.ledger import Ledger, LedgerUnavailable
from tests.gateway.keys.conftest import ADA, Keys

N = NewKey(name="n")
DAY_S = 86_400


def made(keys: Keys, wanted: NewKey = N) -> tuple[ApiKey, str]:
    return keys.store.create(wanted, ADA)


def test_a_secret_says_who_calls(keys: Keys) -> None:
    key, secret = made(keys, NewKey(name="n", team="t", tags=("x",), terms=KeyTerms(max_n=1)))
    caller = keys.active().caller_of_secret(secret)
    assert caller is not None
    assert (caller.id, caller.name, caller.role, caller.sees) == (key.id, "n", Role.CALLER, Sees.OWN)
    assert caller.terms.max_n == 1
    assert caller.accounts == ("all", f"key:{key.id}", "team:t", "tag:x")
    assert keys.active().caller_of_secret(secret.encode()) == keys.active().caller_of_key(key.id) == caller


def test_an_admin_sees_all(keys: Keys) -> None:
    key, _ = made(keys, NewKey(name="n", role=Role.ADMIN))
    caller = keys.active().caller_of_key(key.id)
    assert caller is not None
    assert caller.sees is Sees.ALL


@pytest.mark.parametrize("spoil", [str.upper, lambda s: s[:-1], lambda s: s + "A", lambda s: f" {s}", lambda s: s[3:]])
def test_nothing_but_the_secret_itself_will_do(keys: Keys, spoil: Callable[[str], str]) -> None:
    key, secret = made(keys)
    active = keys.active()
    with keys.ledger.access() as connection:
        kept = connection.execute(select(SECRETS.c.hash)).scalar_one()
    for wrong in (spoil(secret), kept, key.id, secret[:11], new_secret(), "", "\udcff", "sg-" + "ä" * 43):
        assert active.caller_of_secret(wrong) is None


def test_older_secrets_of_the_gateway_still_count_and_others_do_not(keys: Keys) -> None:
    older = KeyStore(keys.ledger, keys.store._chain, SecretHasher([b"old" * 10]))
    key, secret = older.create(N, ADA)
    caller = keys.active().caller_of_secret(secret)
    assert caller is not None
    assert caller.id == key.id
    keys.hasher.take([b"other" * 5])
    assert keys.active().caller_of_secret(secret) is None


def test_a_change_is_seen_by_the_next_look(keys: Keys) -> None:
    active = keys.active()
    key, secret = made(keys)
    assert active.caller_of_secret(secret) is None
    active.refresh()
    assert active.caller_of_secret(secret)
    keys.store.update(key.id, KeyChange(name="other"), ADA)
    active.refresh()
    caller = active.caller_of_secret(secret)
    assert caller is not None
    assert caller.name == "other"
    keys.store.revoke(key.id, ADA)
    active.refresh()
    assert active.caller_of_secret(secret) is active.caller_of_key(key.id) is None


def test_all_keys_are_read_only_when_one_has_changed(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    made(keys)
    active = keys.active()
    monkeypatch.setattr(active_module, "_read", lambda *_: pytest.fail("read without need"))
    active.refresh()
    assert active.trouble is None


def test_a_key_stops_when_it_expires(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret = made(keys)
    with keys.store._changing() as connection:
        connection.execute(update(API_KEYS).values(expires_ms=5_000))
    active = keys.active()
    for at_ms, works in ((4_999, True), (5_000, False)):
        monkeypatch.setattr(active_module, "now_ms", lambda at_ms=at_ms: at_ms)
        assert (active.caller_of_secret(secret) is not None) == works
        assert (active.caller_of_key(key.id) is not None) == works


def test_the_old_secret_works_for_its_grace_and_the_new_one_on(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    key, old = made(keys)
    rotated, new = keys.store.rotate(key.id, DAY_S, ADA)
    ends_ms = next(secret.expires_ms for secret in rotated.secrets if secret.expires_ms is not None)
    active = keys.active()
    monkeypatch.setattr(active_module, "now_ms", lambda: ends_ms - 1)
    assert active.caller_of_secret(old) == active.caller_of_secret(new) == active.caller_of_key(key.id)
    monkeypatch.setattr(active_module, "now_ms", lambda: ends_ms)
    assert active.caller_of_secret(old) is None
    assert active.caller_of_secret(new) is not None


def test_a_rotation_without_grace_stops_the_old_secret(keys: Keys) -> None:
    key, old = made(keys)
    _, new = keys.store.rotate(key.id, 0, ADA)
    active = keys.active()
    assert active.caller_of_secret(old) is None
    assert active.caller_of_secret(new) is not None


def test_a_damaged_key_does_not_work_and_the_others_do(keys: Keys, caplog: pytest.LogCaptureFixture) -> None:
    (bad, broken), (ok, good) = made(keys), made(keys)
    for column, value in (("terms", '{"of": "tomorrow"}'), ("role", "god"), ("tags", "5"), ("terms", "[")):
        with keys.store._changing() as connection:
            connection.execute(update(API_KEYS).where(API_KEYS.c.id == bad.id).values({column: value}))
        active = keys.active()
        assert active.caller_of_secret(broken) is None
        assert active.caller_of_secret(good) is not None
        assert bad.id in caplog.text
    assert [key.id for key in keys.store.list(10).keys] == [ok.id]
    with pytest.raises(KeyUnchangeable, match="damaged"):
        keys.store.find(bad.id)


def needs(keys: Keys, *, required: bool | None = None, api_key: str | None = None) -> bool | None:
    secret = None if api_key is None else SecretStr(api_key)
    return keys.active(keys=KeysSettings(required=required), api_key=secret).is_needed


def test_from_the_first_key_on_calls_need_one_for_good(keys: Keys) -> None:
    assert needs(keys) is False
    assert needs(keys, required=True) is True
    key, _ = made(keys)
    assert needs(keys) is True
    keys.store.revoke(key.id, ADA)
    assert needs(keys) is True
    assert needs(keys, required=False) is False
    assert needs(keys, required=False, api_key="sk") is True


def test_the_configured_key_is_an_administrators(keys: Keys) -> None:
    active = keys.active(api_key=SecretStr("sk-gate"))
    caller = active.caller_of_secret("sk-gate")
    assert caller is not None
    assert (caller.role, caller.sees, caller.name) == (Role.ADMIN, Sees.ALL, "SLIMGATE_API_KEY")
    assert active.caller_of_key(caller.id) == caller
    active.configure(keys.settings.model_copy(update={"api_key": SecretStr("sk-new")}))
    assert active.caller_of_secret("sk-gate") is active.caller_of_key(caller.id) is None
    assert active.caller_of_secret("sk-new") is not None
    active.configure(keys.settings)
    assert active.is_needed, "a gateway does not open because its key is gone"


def test_with_the_database_away_what_is_known_counts(
    keys: Keys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, secret = made(keys)
    active = keys.active()

    @contextmanager
    def away(self: Ledger) -> Iterator[Connection]:
        raise LedgerUnavailable("the database is away")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "access", away)
        active.refresh()
        active.refresh()
        assert active.trouble is None, "it was read a moment ago"
        patch.setattr(active_module, "STALE_S", 0.0)
        assert active.trouble == "the database is away"
        assert active.caller_of_secret(secret) is not None
    active.refresh()
    assert active.trouble is None
    assert caplog.text.count("changes are not seen") == 1


def test_before_the_database_has_answered_a_gateway_without_keys_goes_on(keys: Keys) -> None:
    active = active_module.ActiveKeys(keys.settings, keys.ledger, keys.hasher)
    assert not active.is_known
    assert active.is_needed is False
    active.refresh()
    assert active.is_known


def test_before_the_database_has_answered_one_that_has_seen_a_key_waits(keys: Keys) -> None:
    made(keys)
    keys.active()
    restarted = active_module.ActiveKeys(keys.settings, keys.ledger, keys.hasher)
    assert restarted.is_needed is None
    restarted.refresh()
    assert restarted.is_needed is True
