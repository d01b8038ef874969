"""What model names mean."""

import pytest

from gateway.names import ModelNames
from models.errors import UnknownModelError
from router.decision import Route

NAMES = ModelNames({"gpt-4o": "auto", "small": "local"}, local_model="phi-3-mini", cloud_model="gpt-4.1")


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("auto", None),
        ("local", Route.LOCAL),
        ("cloud", Route.CLOUD),
        ("phi-3-mini", Route.LOCAL),
        ("gpt-4.1", Route.CLOUD),
        ("gpt-4o", None),
        ("small", Route.LOCAL),
    ],
)
def test_names_pin_or_route(name: str, route: Route | None) -> None:
    assert NAMES.pin(name) is route


def test_an_unknown_name_is_never_replaced() -> None:
    with pytest.raises(UnknownModelError, match="use one of: auto, local, phi-3-mini, cloud"):
        NAMES.pin("gpt-5")


def test_a_side_that_is_not_there_has_no_names() -> None:
    with pytest.raises(UnknownModelError):
        ModelNames({}, local_model="phi-3-mini", cloud_model=None).pin("cloud")
