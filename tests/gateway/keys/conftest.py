"""Keys over a real ledger, without a gateway."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.audit.actions import Actor
from gateway.audit.chain import AuditChain
from gateway.config.settings import Settings
from gateway.keys.active import ActiveKeys
from gateway.keys.secrets import SecretHasher
from gateway.keys.store import KeyStore
from gateway.ledger import Ledger

ADA = Actor("key_0 (Ada)", "192.0.2.7")


@dataclass
class Keys:
    """A store, and what a gateway over the same database knows of it."""

    ledger: Ledger
    store: KeyStore
    hasher: SecretHasher
    settings: Settings

    def active(self, **settings: object) -> ActiveKeys:
        active = ActiveKeys(self.settings.model_copy(update=settings), self.ledger, self.hasher)
        active.refresh()
        return active


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    settings = Settings(state_dir=tmp_path)
    ledger = Ledger(settings.ledger_url, tmp_path / "spool")
    ledger.start()
    assert ledger.flush()
    hasher = SecretHasher([b"new" * 10, b"old" * 10])
    yield Keys(ledger, KeyStore(ledger, AuditChain(b"k" * 32), hasher), hasher, settings)
    ledger.close()
