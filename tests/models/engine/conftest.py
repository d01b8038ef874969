"""One engine for all tests that do not change it."""

from collections.abc import Iterator

import pytest

from models.catalogue.bundled import bundled_model_path
from tests.models.engine.live import LiveEngine, running_engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    """The bundled model, four sequences of 2,048 tokens."""
    with running_engine(tmp_path_factory.mktemp("engine"), probe=True, model_path=bundled_model_path()) as engine:
        engine.ready()
        yield engine
