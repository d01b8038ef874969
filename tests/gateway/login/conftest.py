"""A database for logins, and a provider for single sign-ons."""

from collections.abc import Iterator

import pytest

from gateway.ledger import Ledger
from tests.sign_on_provider import SignOnProvider, running_sign_on_provider


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}", folder / "spool")
    ledger.start()
    assert ledger.flush()
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def _sign_on_provider() -> Iterator[SignOnProvider]:
    with running_sign_on_provider() as provider:
        yield provider


@pytest.fixture
def provider(_sign_on_provider: SignOnProvider) -> SignOnProvider:
    """A provider that tells the truth unless told otherwise."""
    _sign_on_provider.reset()
    return _sign_on_provider
