"""Keys in the database: what is kept, what a change changes, and what of it is recorded."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from sqlalchemy import select

from gateway.audit.schema import AUDIT
from gateway.keys.details import KeyChange, NewKey
from gateway.keys.schema import ACCESS_VERSION, API_KEYS, SECRETS
from gateway.keys.store import KeyNotFound, KeyUnchangeable
from gateway.keys.terms import KeyTerms, Role, Sees
from tests.gateway.keys.conftest import ADA, Keys

DAY_S = 86_400
SHOP = NewKey(name="shop", team="web", tags=("a", "b"), terms=KeyTerms(max_n=2, usd_per_day="0.5"))


def everything(keys: Keys) -> str:
    """All that the database says of keys."""
    with keys.ledger.read() as connection:
        return str([connection.execute(select(table)).all() for table in (API_KEYS, SECRETS, AUDIT)])


def version(keys: Keys) -> int:
    with keys.ledger.access() as connection:
        return int(connection.execute(select(ACCESS_VERSION.c.version)).scalar_one())


def test_of_a_secret_only_its_beginning_and_a_hash_are_kept(keys: Keys) -> None:
    key, secret = keys.store.create(SHOP, ADA)
    assert re.fullmatch(r"sg-[A-Za-z0-9_-]{43}", secret)
    assert re.fullmatch(r"key_[0-9a-f]{12}", key.id)
    assert [shown.prefix for shown in key.secrets] == [secret[:11]]
    assert secret[:12] not in everything(keys)
    assert "hash" not in str(key.to_json(0))


def test_a_key_is_read_as_it_was_made(keys: Keys) -> None:
    key, _ = keys.store.create(SHOP, ADA)
    found = keys.store.find(key.id)
    assert found == key
    assert (found.name, found.team, found.tags, found.role, found.sees) == ("shop", "web", ("a", "b"), "caller", "own")
    assert found.terms == SHOP.terms
    assert found.expires_ms is found.revoked_ms is None


def test_keys_of_one_name_are_two(keys: Keys) -> None:
    (one, first), (other, second) = keys.store.create(SHOP, ADA), keys.store.create(SHOP, ADA)
    assert one.id != other.id
    assert first != second


def test_pages_have_every_key_once_newest_first(keys: Keys) -> None:
    made = [keys.store.create(NewKey(name=f"n{n}"), ADA)[0] for n in range(5)]
    keys.store.revoke(made[2].id, ADA)
    seen: list[str] = []
    after = None
    while True:
        page = keys.store.list(2, after)
        seen += [key.id for key in page.keys]
        if (after := page.next) is None:
            break
    newest_first = sorted((key for key in made if key is not made[2]), key=lambda key: (-key.created_ms, key.id))
    assert sorted(seen) == sorted(key.id for key in newest_first)
    assert seen == sorted(seen, key=lambda id: -keys.store.find(id).created_ms)
    assert len(keys.store.list(200, with_revoked=True).keys) == 5
    with pytest.raises(KeyNotFound):
        keys.store.list(2, "key_of_nobody")


def test_a_change_changes_what_it_names(keys: Keys) -> None:
    key, _ = keys.store.create(SHOP, ADA)
    changed = keys.store.update(key.id, KeyChange(name="store", terms=KeyTerms(max_n=None, max_tokens=9)), ADA)
    assert (changed.name, changed.team, changed.tags) == ("store", "web", ("a", "b"))
    assert changed.terms == SHOP.terms.model_copy(update={"max_n": None, "max_tokens": 9})
    assert keys.store.find(key.id) == changed
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert keys.store.update(key.id, KeyChange(expires=tomorrow), ADA).expires_ms
    assert keys.store.update(key.id, KeyChange(role=Role.VIEWER), ADA).expires_ms
    assert keys.store.update(key.id, KeyChange(expires=None), ADA).expires_ms is None


def test_a_change_that_does_not_fit_changes_nothing(keys: Keys) -> None:
    key, _ = keys.store.create(NewKey(name="n"), ADA)
    before = everything(keys), version(keys)
    with pytest.raises(KeyUnchangeable, match="team is empty"):
        keys.store.update(key.id, KeyChange(sees=Sees.TEAM), ADA)
    assert (everything(keys), version(keys)) == before


def test_what_is_revoked_stays_revoked(keys: Keys) -> None:
    key, _ = keys.store.create(SHOP, ADA)
    revoked = keys.store.revoke(key.id, ADA)
    assert revoked.status(0) == "revoked"
    assert not revoked.secrets
    assert keys.store.revoke(key.id, ADA) == revoked
    for change in (lambda: keys.store.rotate(key.id, 0, ADA), lambda: keys.store.update(key.id, KeyChange(), ADA)):
        with pytest.raises(KeyUnchangeable, match="revoked"):
            change()


def test_a_key_that_is_not_there(keys: Keys) -> None:
    for call in (
        lambda: keys.store.find("key_x"),
        lambda: keys.store.revoke("key_x", ADA),
        lambda: keys.store.rotate("key_x", 0, ADA),
        lambda: keys.store.update("key_x", KeyChange(), ADA),
    ):
        with pytest.raises(KeyNotFound, match="key_x"):
            call()


def test_a_rotation_never_prolongs_an_old_secret(keys: Keys) -> None:
    key, _ = keys.store.create(SHOP, ADA)
    first, _ = keys.store.rotate(key.id, 60, ADA)
    second, _ = keys.store.rotate(key.id, DAY_S, ADA)
    ends = {secret.prefix: secret.expires_ms for secret in second.secrets}
    (oldest,) = [secret.expires_ms for secret in first.secrets if secret.expires_ms is not None]
    assert oldest in ends.values()
    assert list(ends.values()).count(None) == 1
    assert len(keys.store.rotate(key.id, 0, ADA)[0].secrets) == 1


def test_each_change_is_in_the_audit_chain_without_any_secret(keys: Keys) -> None:
    key, secret = keys.store.create(SHOP, ADA)
    keys.store.update(key.id, KeyChange(owner="Ada"), ADA)
    _, second = keys.store.rotate(key.id, 60, ADA)
    keys.store.revoke(key.id, ADA)
    keys.store.revoke(key.id, ADA)
    with keys.ledger.read() as connection:
        bodies = [orjson.loads(row.body) for row in connection.execute(select(AUDIT).order_by(AUDIT.c.seq))]
    assert [body["action"] for body in bodies] == ["key created", "key changed", "key rotated", "key revoked"]
    assert {(body["who"], body["where"], body["key_id"]) for body in bodies} == {(ADA.who, ADA.where, key.id)}
    assert bodies[0]["details"]["terms"] == {"max_n": 2, "usd_per_day": "0.5"}
    assert bodies[1]["details"] == {"owner": "Ada"}
    assert secret not in str(bodies)
    assert second not in str(bodies)


def test_each_change_moves_the_counter(keys: Keys) -> None:
    seen = [version(keys)]
    key, _ = keys.store.create(SHOP, ADA)
    seen.append(version(keys))
    for change in (
        lambda: keys.store.update(key.id, KeyChange(owner="x"), ADA),
        lambda: keys.store.rotate(key.id, 0, ADA),
        lambda: keys.store.revoke(key.id, ADA),
    ):
        change()
        seen.append(version(keys))
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"name": " a"},
        {"name": "a\u202eb"},
        {"owner": "x" * 101},
        {"team": "a b"},
        {"team": "x" * 51},
        {"team": "a\n"},
        {"tags": ["ok", "not ok"]},
        {"tags": ["ok", "a\n"]},
        {"tags": [f"t{n}" for n in range(11)]},
        {"role": "boss"},
        {"sees": "team"},
        {"expires": "2020-01-01T00:00:00Z"},
        {"expires": "2999-01-01T00:00:00"},
        {"terms": {"requests_per_minute": 0}},
        {"terms": {"unheard": 1}},
        {"unheard": 1},
    ],
)
def test_what_no_key_can_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as no:
        NewKey.model_validate({"name": "n", **wrong})
    assert next(iter(wrong)) in str(no.value)
