"""Documentation under test: what exists is documented, and what is documented exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from gateway.app import create_app
from gateway.cli import app
from gateway.config.sections.spending import PriceSettings
from gateway.config.settings import Settings, read_at_start, setting_fields, setting_keys, variable_name
from gateway.http.errors import ERROR_SHAPES
from gateway.record.metrics import Metrics
from router.decision import Reason

ROOT = Path(__file__).parent.parent
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]

# A path of the repository, not the end of a longer one or of a URL.
_PATH = re.compile(r"(?<![\w/.~-])(?:gateway|router|models|tests|benchmarks|deploy|docs)/[\w./-]*[\w/]")
_MODULE = re.compile(r"python\s+-m ((?:gateway|models|benchmarks|docs)[\w.]*\w)")


def paths(settings: Settings) -> set[str]:
    return set(create_app(settings).openapi()["paths"])


def paths_in(text: str) -> set[str]:
    """Files and folders that `text` names, modules that it runs among them."""
    return {*_PATH.findall(text), *map(file_of, _MODULE.findall(text))}


def file_of(module: str) -> str:
    """What ``python -m`` runs: a file, or that of a folder."""
    path = module.replace(".", "/")
    return f"{path}/__main__.py" if (ROOT / path / "__main__.py").is_file() else f"{path}.py"


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of `text`."""
    titles = re.findall(r"^#+ (.+)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_setting_is_in_the_reference() -> None:
    assert [name for key in setting_keys() if f"`{(name := variable_name(key))}`" not in REFERENCE] == []


def test_the_reference_says_of_each_setting_what_config_show_says() -> None:
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", REFERENCE)  # links
    rows = {".".join(key): f"`{variable_name(key)}` | {field.description}" for key, field in setting_fields()}
    assert [key for key, row in rows.items() if f"| `{key}` | {row}" not in text] == []


def test_the_reference_names_what_needs_a_restart() -> None:
    (sentence,) = re.findall(r"These need a restart: ([^.]+)\.", REFERENCE)
    assert re.findall(r"`(\w+)`", sentence) == sorted(read_at_start())


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in paths_in(page.read_text("utf-8")) if not (ROOT / path).exists()] == []


def test_paths_are_found_where_they_stand() -> None:
    text = "`gateway/app.py`, [rules](deploy/gone.yml), `python -m benchmarks.gone`, /v1/models/x, ~/models/y.gguf."
    assert paths_in(text) == {"gateway/app.py", "deploy/gone.yml", "benchmarks/gone.py"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text("utf-8"))
    targets = [(page.parent / path if path else page, anchor) for path, anchor in links]
    assert [path for path, _ in targets if not path.exists()] == []
    assert [anchor for path, anchor in targets if anchor and anchor not in anchors(path.read_text("utf-8"))] == []


def test_the_glossary_is_alphabetical_and_defines_each_term_once() -> None:
    terms = [term.lower() for term in re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY, re.MULTILINE)]
    assert len(terms) >= 24
    assert terms == sorted(set(terms))


def test_the_glossary_invents_no_setting() -> None:
    settings = {".".join(key) for key in setting_keys()}
    lists = re.findall(r"settings? ((?:`[\w.]+`(?:, )?)+)", GLOSSARY)
    named = {name for names in lists for name in names.split("`")[1::2]}
    assert named
    assert [name for name in named if not any(key == name or key.startswith(f"{name}.") for key in settings)] == []


def test_every_command_is_in_the_readme() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in commands if f"`slimgate {name}" not in readme] == []
