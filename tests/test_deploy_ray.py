"""The Serve configuration in deploy/ray: Ray accepts it, and the application takes its arguments."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from models.ray_serve.options import Arguments, engine_options

FOLDER = Path(__file__).parent.parent / "deploy" / "ray"

CHECK = """
import sys, warnings
warnings.simplefilter("ignore")
import yaml
from ray.serve.schema import ServeDeploySchema
from models.ray_serve.app import build
from models.ray_serve.options import Arguments
config = ServeDeploySchema.model_validate(yaml.safe_load(open(sys.argv[1])))
(application,) = config.applications
assert application.import_path == "models.ray_serve.app:build"
build(Arguments.model_validate(application.args))
"""


@pytest.mark.slow
@pytest.mark.parametrize("uncommented", [False, True])
def test_ray_and_the_application_take_the_configuration(tmp_path: Path, uncommented: bool) -> None:
    text = (FOLDER / "serve.yaml").read_text("utf-8")
    if uncommented:
        text = re.sub(r"^(      )# (?=model_path|engine|  n_ctx)", r"\1", text, flags=re.MULTILINE)
        assert "\n      engine:" in text
    path = tmp_path / "serve.yaml"
    path.write_text(text, "utf-8")
    done = subprocess.run([sys.executable, "-c", CHECK, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_readme_tells_of_every_argument_with_its_default() -> None:
    rows = [row.split("|") for row in (FOLDER / "README.md").read_text("utf-8").splitlines() if row.startswith("| `")]
    told = {
        name: value
        for _, names, values, *_ in rows
        for name, value in zip(re.findall(r"`(\w+)`", names), values.split(","), strict=False)
    }
    assert told.keys() | {"engine"} == Arguments.model_fields.keys()
    for name, field in Arguments.model_fields.items():
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert float(told[name]) == field.default, name
    assert engine_options({"model_path": "m.gguf", **Arguments().engine_values}).n_threads == 2
