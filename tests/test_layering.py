"""The import rule: `gateway` imports both others, `router` and `models` import neither it nor each other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {"router": {"gateway", "models"}, "models": {"gateway", "router"}}
HEAVY = ("sklearn", "skops", "scipy", "llama_cpp", "pyarrow", "plotly", "llm", "openai")


def imported_packages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_keep_apart(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    found = {(str(path), name) for path in files for name in imported_packages(path) if name in FORBIDDEN[package]}
    assert not found


def test_serving_imports_nothing_heavy() -> None:
    """scikit-learn alone would cost 95 MB in every gateway process, and the core install lacks the rest."""
    code = f"import sys, gateway.app, gateway.cli; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
