"""Carries out a Dockerfile without a container engine: its own steps, with the image's folders in a scratch place."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]

FOLDERS = ("/opt", "/build", "/models", "/etc/slimgate", "/var/lib/slimgate", "/tmp/pulling")
"""Those of the image that the steps name."""


@dataclass
class Image:
    """The result.

    Attributes
    ----------
    root : Path
        Stands for ``/``.
    packages : list of str
        System packages that the steps install; they are not installed here.
    """

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)
    user: str = ""
    folder: str = "/"
    healthcheck: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def here(self, text: str) -> str:
        """`text` with the image's folders where they are here."""
        for name in FOLDERS:
            text = text.replace(f"{name}/", f"{self.root}{name}/").replace(f"{name} ", f"{self.root}{name} ")
            text = text.removesuffix(name) + f"{self.root}{name}" if text.endswith(name) else text
        return text


def build(path: Path, root: Path, arguments: Mapping[str, str] | None = None) -> Image:
    """Carry out the steps of all stages of the Dockerfile at `path`, one after the other, into one `root`."""
    image, values = Image(root), {"HOME": os.environ["HOME"], "PATH": os.environ["PATH"], **(arguments or {})}
    given = dict(arguments or {})
    for instruction, value in _instructions(path):
        _carry_out(image, instruction, value, values, given)
    return image


def _instructions(path: Path) -> Iterator[tuple[str, str]]:
    with path.open("rb") as file:
        for step in DockerfileParser(fileobj=file).structure:
            if step["instruction"] != "COMMENT":
                yield step["instruction"], step["value"]


def _carry_out(image: Image, instruction: str, value: str, values: dict[str, str], given: Mapping[str, str]) -> None:
    expanded = Template(value).safe_substitute(values)
    match instruction:
        case "FROM":
            image.folder = "/"
        case "ARG":
            name, _, default = expanded.partition("=")
            values[name] = given.get(name, default.strip('"'))
        case "ENV":
            pairs = dict(part.split("=", 1) for part in shlex.split(expanded))
            values |= {name: image.here(text) for name, text in pairs.items()}
            image.environment |= {name: values[name] for name in pairs}
        case "WORKDIR":
            image.folder = expanded
            (image.root / expanded[1:]).mkdir(parents=True, exist_ok=True)
        case "COPY":
            _copy(image, shlex.split(expanded))
        case "RUN":
            _run(image, value, values)
        case "USER":
            image.user = expanded
        case "HEALTHCHECK":
            image.healthcheck = _json_list(expanded.partition("CMD")[2])
        case "ENTRYPOINT" | "CMD":
            image.command += _json_list(expanded)
        case "LABEL" | "EXPOSE" | "VOLUME" | "STOPSIGNAL":
            pass
        case _:
            raise AssertionError(f"nothing here carries out {instruction}")


def _copy(image: Image, words: list[str]) -> None:
    if words[0].startswith("--from="):
        assert words[1] == words[2], "stages share one root here"
        return
    *sources, target = words
    to = image.root / image.folder[1:] / target if not target.startswith("/") else image.root / target[1:]
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            into = to / Path(source).name if target.endswith("/") else to
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, into)


def _run(image: Image, value: str, values: Mapping[str, str]) -> None:
    words = [word for word in value.split() if not word.startswith("--mount=")]
    script = " ".join(words)
    if script.startswith("apt-get"):
        steps = [step for step in script.split(" && ") if "apt-get" not in step and "/var/lib/apt" not in step]
        install = next(step for step in script.split(" && ") if "apt-get install" in step)
        image.packages += [word for word in Template(install).safe_substitute(values).split()[2:] if word[0] != "-"]
        script = " && ".join(steps)
    if os.geteuid() != 0:
        script = script.replace("--owner=10001", "").replace("--group=10001", "")
    if script:
        folder = image.root / image.folder[1:]
        subprocess.run(["/bin/sh", "-ec", image.here(script)], check=True, cwd=folder, env=dict(values))


def _json_list(text: str) -> list[str]:
    words: list[str] = json.loads(text)
    return words
