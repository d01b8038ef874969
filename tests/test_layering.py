"""The import rules: packages keep apart, and within a package every folder uses only those below it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "models", "router")
FORBIDDEN = {"router": {"gateway", "models"}, "models": {"gateway", "router"}}
HEAVY = ("sklearn", "skops", "scipy", "llama_cpp", "llguidance", "pyarrow", "plotly", "llm", "openai", "ray")

FLOORS: dict[str, list[str]] = {
    "gateway": [
        "dashboard background config",
        "audit",
        "ledger marks",
        "keys shared",
        "conversations limits login scoring spending",
        "http",
        "dialects record",
        "access openapi dispatch",
        "exam",
        "reports",
        "reload",
        "endpoints parts",
        "app",
        "process",
        "cli",
    ],
    "models": ["redaction", "usage", "wire", "catalogue host remote", "engine", "ray_serve"],
    "models.engine": [
        "options errors keeping grammar",
        "native",
        "prompt",
        "request loading",
        "scheduling",
        "engine",
        "http",
        "process",
        "__main__",
    ],
    "router": [
        "decision confidence sensitive threshold",
        "errors text auto_terms",
        "policy classifier compiled exam family_match",
        "second_look",
        "export",
        "artifact",
        "training",
    ],
}
"""Of each package the folders and modules at its top, from the ground up. A room uses only rooms on floors below it."""


def imports(source: str) -> Iterator[str]:
    """Every module that a file imports, wherever in it; what is imported from a package may be a module too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str, package: str) -> str | None:
    """The folder or module at the top of `package` that `module` lies in; None where it is the package, or outside."""
    rest = module.removeprefix(f"{package}.")
    return None if rest == module else rest.partition(".")[0]


def climbs(package: str, module: str, source: str) -> list[str]:
    """The imports by which `module` reaches a room of `package` on its own floor or above."""
    floor = {room: number for number, rooms in enumerate(FLOORS[package]) for room in rooms.split()}
    own = room_of(module, package)
    assert own in floor, f"{package}.{own} stands on no floor: name it in FLOORS"
    rooms = {name: room_of(name, package) for name in imports(source)}
    return sorted(
        f"{module} imports {name}"
        for name, room in rooms.items()
        if room in floor and room != own and floor[room] >= floor[own]
    )


def modules_of(package: str) -> list[tuple[str, Path]]:
    """Name and file of every module in `package`, the package itself left out."""
    files = sorted((ROOT / package.replace(".", "/")).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]
    return [(name, path) for name, path in zip(names, files, strict=True) if name != package]


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_keep_apart(package: str) -> None:
    modules = modules_of(package)
    assert modules
    tops = {(name, top.partition(".")[0]) for name, path in modules for top in imports(path.read_text("utf-8"))}
    assert not {(name, top) for name, top in tops if top in FORBIDDEN[package]}


@pytest.mark.parametrize("package", FLOORS)
def test_every_room_uses_only_rooms_below_it(package: str) -> None:
    assert not [line for name, path in modules_of(package) for line in climbs(package, name, path.read_text("utf-8"))]


@pytest.mark.parametrize(
    "planted",
    [
        "from gateway.endpoints.chat import ChatDialect",
        "from gateway import app",
        "import gateway.cli.serve",
        "def f():\n    from gateway.scoring.active_threshold import ActiveThreshold",
    ],
)
def test_a_planted_import_is_found(planted: str) -> None:
    assert climbs("gateway", "gateway.ledger.row", planted)
    assert not climbs("gateway", "gateway.ledger.row", "from gateway.config.masking import mask_text")


@pytest.mark.slow
def test_serving_imports_nothing_heavy() -> None:
    """scikit-learn alone would cost 95 MB in every gateway process, and the core install lacks the rest."""
    code = f"import sys, gateway.app, gateway.cli; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_map_names_every_module() -> None:
    """ARCHITECTURE.md has a row for each folder, and in it each of its modules by name."""
    rows = {
        row.split("`")[1]: row for row in (ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines() if row[:3] == "| `"
    }
    missing = []
    for package in PACKAGES:
        for name, path in modules_of(package):
            if path.name in ("__init__.py", "__main__.py"):
                continue
            folder = f"{path.parent.relative_to(ROOT)}/"
            if f"`{path.stem}`" not in rows.get(folder, ""):
                missing.append(f"{folder}{path.name} ({name})")
    assert not missing
