"""Documentation under test: what exists is documented, and what is documented exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from gateway.app import create_app
from gateway.cli import app
from gateway.config.sections import PriceSettings
from gateway.config.settings import Settings, setting_keys, variable_name
from gateway.http.errors import ERROR_SHAPES
from gateway.record.metrics import Metrics
from router.decision import Reason

ROOT = Path(__file__).parent.parent
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")


def paths(settings: Settings) -> set[str]:
    return set(create_app(settings).openapi()["paths"])


def test_every_setting_is_in_the_reference() -> None:
    assert [name for key in setting_keys() if f"`{(name := variable_name(key))}`" not in REFERENCE] == []


def test_every_price_is_in_the_reference() -> None:
    assert [name for name in PriceSettings.model_fields if f"`{name}`" not in REFERENCE] == []


def test_the_reference_invents_no_setting() -> None:
    known = {variable_name(key) for key in setting_keys()} | {"SLIMGATE_CONFIG"}
    assert set(re.findall(r"`(SLIMGATE_\w+)`", REFERENCE)) <= known


def test_every_metric_is_in_the_reference() -> None:
    families = re.findall(r"# TYPE (\w+)", Metrics().exposition().decode())
    assert [name for name in families if not name.endswith("_created") and f"`{name}`" not in REFERENCE] == []


def test_every_endpoint_is_in_the_reference(tmp_path: Path) -> None:
    served = paths(Settings(state_dir=tmp_path, cloud={"base_url": "http://127.0.0.1:9/v1"}, local={"enabled": False}))
    assert [path for path in served if f"`{path}`" not in REFERENCE] == []


@pytest.mark.parametrize("code", sorted({shape.code for shape in ERROR_SHAPES.values() if shape.code}))
def test_every_error_code_is_in_the_reference(code: str) -> None:
    assert f"`{code}`" in REFERENCE


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_in_the_reference(reason: Reason) -> None:
    assert f"`{reason}`" in REFERENCE


def test_every_file_that_the_architecture_names_exists() -> None:
    named = set(re.findall(r"`((?:gateway|router|models|tests)/[\w/.]+)`", ARCHITECTURE))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_command_is_in_the_readme() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in commands if f"`slimgate {name}" not in readme] == []
