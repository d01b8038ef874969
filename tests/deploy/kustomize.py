"""What `kubectl kustomize` makes of a folder, as far as deploy/kubernetes uses it: no patches, components, names kept.

Where kubectl is at hand, it does it too, and the tests look at both.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

KUBECTL = shutil.which("kubectl")

KNOWN = {
    "apiVersion",
    "kind",
    "namespace",
    "resources",
    "components",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "images",
}

CLUSTER_WIDE = {"Namespace"}


def render(folder: Path) -> list[Manifest]:
    """All manifests of the kustomization in `folder`."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert not set(told) - KNOWN, f"{folder}: nothing here carries out {set(told) - KNOWN}"
    manifests: list[Manifest] = []
    for name in [*told.get("resources", ()), *told.get("components", ())]:
        path = folder / name
        manifests += render(path) if path.is_dir() else load(path)
    for kind, key in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator")):
        manifests += [_generated(kind, item, folder) for item in told.get(key, ())]
    for manifest in manifests:
        if "namespace" in told and manifest["kind"] not in CLUSTER_WIDE:
            manifest["metadata"]["namespace"] = told["namespace"]
    for image in told.get("images", ()):
        _name_image(manifests, image)
    return manifests


def render_by_kubectl(folder: Path) -> list[Manifest]:
    """The same by the real thing; hashes behind the names of generated objects are cut off."""
    assert KUBECTL is not None
    done = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, check=True)
    text, manifests = done.stdout, list(yaml.safe_load_all(done.stdout))
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap":
            name = manifest["metadata"]["name"]
            text = text.replace(name, name.rpartition("-")[0])
    return list(yaml.safe_load_all(text))


def load(path: Path) -> list[Manifest]:
    """The manifests in a file."""
    return list(yaml.safe_load_all(path.read_text()))


def _generated(kind: str, told: Manifest, folder: Path) -> Manifest:
    data = {name: (folder / name).read_text() for name in told.get("files", ())}
    for name in told.get("envs", ()):
        lines = [line for line in (folder / name).read_text().splitlines() if line and not line.startswith("#")]
        data |= {variable: value for variable, _, value in (line.partition("=") for line in lines)}
    field = "stringData" if kind == "Secret" else "data"
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": told["name"]}, field: data}


def _name_image(manifests: list[Manifest], image: Manifest) -> None:
    for manifest in manifests:
        for container in containers(manifest):
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"


def pod_of(manifest: Manifest) -> Manifest:
    """The specification of the pods that a workload makes; empty for all else."""
    found: Manifest = manifest.get("spec", {}).get("template", {}).get("spec", {})
    return found


def containers(manifest: Manifest) -> list[Manifest]:
    """All containers of its pods."""
    pod = pod_of(manifest)
    return [*pod.get("initContainers", ()), *pod.get("containers", ())]
