"""One gateway in front of one provider for all tests of a module: starting anew for each test is most of its time."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from gateway.config.settings import Settings
from tests import answers as _more_that_a_provider_does  # noqa: F401
from tests import natively as _still_more  # noqa: F401
from tests.live import Gateway, running_gateway
from tests.provider import Provider, running_provider


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    """What the shared gateway is told beyond what it needs. Modules that share another define their own."""
    return {}


@pytest.fixture(scope="module")
def _cloud_only(
    tmp_path_factory: pytest.TempPathFactory, more_settings: dict[str, Any]
) -> Iterator[tuple[Gateway, Provider]]:
    with running_provider() as provider:
        # No retries and no breaker: a test sees what its own fault does, and none that another test caused.
        cloud = {"base_url": provider.base_url, "retries": 0, "breaker_failures": 1_000_000}
        limits = {"first_byte_timeout_s": 1, "chunk_timeout_s": 0.5, "total_timeout_s": 5}
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("cloud"),
            local={"enabled": False},
            **{**more_settings, "cloud": {**cloud, **limits, **more_settings.get("cloud", {})}},
        )
        with running_gateway(settings) as gateway:
            yield gateway, provider


@pytest.fixture
def shared_gateway(_cloud_only: tuple[Gateway, Provider]) -> Gateway:
    """A gateway with nothing but a cloud; earlier tests have left rows in its ledger.

    Not for the fault `rate_limited`: the provider would be left alone for as long as it asks.
    """
    return _cloud_only[0]


@pytest.fixture
def shared_provider(_cloud_only: tuple[Gateway, Provider]) -> Iterator[Provider]:
    """Its provider, which behaves unless told otherwise, and has seen nothing yet."""
    provider = _cloud_only[1]
    for seen in (
        provider.requests,
        provider.bodies,
        provider.paths,
        provider.headers,
        provider.billed,
        provider.faults,
    ):
        seen.clear()
    provider.hung_up = 0
    yield provider
    provider.always, provider.pause_s = "none", 0.0


@pytest.fixture(scope="session")
def _postgres_url(worker_id: str) -> str:
    """The database that TEST_POSTGRES_URL names; a new one beside it for each of several processes of tests."""
    url = os.environ.get("TEST_POSTGRES_URL")
    if url is None:
        pytest.skip("TEST_POSTGRES_URL names no PostgreSQL database")
    if worker_id == "master":
        return url
    mine = make_url(url).set(database=f"{make_url(url).database}_{worker_id}")
    named = create_engine(_with_driver(url), isolation_level="AUTOCOMMIT")
    with named.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {mine.database} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {mine.database}"))
    named.dispose()
    return mine.render_as_string(hide_password=False)


def _with_driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def postgres(_postgres_url: str) -> Iterator[tuple[str, Engine]]:
    """An empty PostgreSQL database: its URL as users write it, and an engine. Without one the test is skipped."""
    url = _postgres_url
    engine = create_engine(_with_driver(url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    yield url, engine
    engine.dispose()
