"""What model names mean."""

import pytest

from gateway.dispatch.model_names import Meaning, ModelNames
from models.wire.errors import UnknownModelError
from router.decision import Route

NAMES = ModelNames(
    {
        "gpt-4o-mini": "auto:0.8",
        "gpt-4o": "auto",
        "quick": "auto:0.8:2s",
        "small": "local",
        "claude-local": "local",
        "claude-*": "auto",
        "mistral-*": "local",
    },
    local_model="phi-3-mini",
    cloud_models=("gpt-4.1", "mistral-large"),
)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("auto", Meaning(None)),
        ("local", Meaning(Route.LOCAL)),
        ("cloud", Meaning(Route.CLOUD)),
        ("phi-3-mini", Meaning(Route.LOCAL)),
        ("gpt-4.1", Meaning(Route.CLOUD, "gpt-4.1")),
        ("mistral-large", Meaning(Route.CLOUD, "mistral-large")),
        ("gpt-4o", Meaning(None)),
        ("claude-sonnet-4-5", Meaning(None)),
        ("claude-local", Meaning(Route.LOCAL)),
        ("small", Meaning(Route.LOCAL)),
        ("auto:0.4", Meaning(None, threshold=0.4)),
        ("auto:0", Meaning(None, threshold=0.0)),
        ("auto:1.0001", Meaning(None, threshold=1.0001)),
        ("gpt-4o-mini", Meaning(None, threshold=0.8)),
        ("auto:2.5s", Meaning(None, max_first_token_s=2.5)),
        ("auto:0.4:5s", Meaning(None, threshold=0.4, max_first_token_s=5.0)),
        ("quick", Meaning(None, threshold=0.8, max_first_token_s=2.0)),
    ],
)
def test_names_pin_or_route(name: str, meaning: Meaning) -> None:
    assert NAMES.meaning(name) == meaning


def test_an_unknown_name_is_never_replaced() -> None:
    with pytest.raises(UnknownModelError, match="use one of: auto, local, phi-3-mini, cloud"):
        NAMES.meaning("gpt-5")


def test_the_cure_for_an_unknown_name_is_an_alias() -> None:
    with pytest.raises(UnknownModelError, match=r"""SLIMGATE_ROUTER__ALIASES='{"gpt-5": "auto"}'"""):
        NAMES.meaning("gpt-5")


@pytest.mark.parametrize(
    "name",
    [
        "auto:",
        "auto:a lot",
        "auto:nan",
        "auto:-1",
        "auto:1.1",
        "local:0.4",
        "auto:0s",
        "auto:5s:0.4",
        "auto:infs",
        "auto: 5s",
        "auto:٥s",
    ],
)
def test_a_threshold_in_a_name_is_a_number(name: str) -> None:
    with pytest.raises(UnknownModelError, match=r"'auto:0\.4'" if name.startswith("auto") else "use one of"):
        NAMES.meaning(name)


def test_patterns_are_no_names() -> None:
    assert [name for name in NAMES.all() if "*" in name] == []
    assert {"small", "claude-local"} <= set(NAMES.all())


def test_a_side_that_is_not_there_has_no_names() -> None:
    with pytest.raises(UnknownModelError):
        ModelNames({}, local_model="phi-3-mini", cloud_models=()).meaning("cloud")
