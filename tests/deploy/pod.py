"""A pod's volumes and environment as the kubelet makes them, below a folder of this machine."""

import base64
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.kustomize import Manifest, pod_of

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
IS_ROOT = os.geteuid() == 0


def copy_with_secrets(tree: Path, **contents: str) -> Path:
    """Copy deploy/kubernetes to `tree`, with the files that its generators of secrets want; returns `tree`."""
    shutil.copytree(FOLDER, tree)
    for name in ("secret", "responses-key", "api-key", "openai-key", "ledger-url", "engine/local-key"):
        planted = f"planted-{name.replace('/', '-')}-{'0' * 32}"
        (tree / "secrets" / name).write_text(contents.get(name.replace("-", "_"), planted) + "\n")
    return tree


@dataclass
class Pod:
    """One pod of a workload.

    Attributes
    ----------
    root : Path
        Stands for ``/``.
    environment : dict of str to str
        Of its container, with paths below `root`.
    """

    manifest: Manifest
    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    _mounts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, manifests: list[Manifest], workload: Manifest, root: Path) -> "Pod":
        """A new one; a volume of a claim that is in `root` already stays as it is, all others are made anew."""
        pod = cls(pod_of(workload), root)
        (container,) = pod.manifest["containers"]
        data = {(one["kind"], one["metadata"]["name"]): one for one in manifests}
        volumes = {volume["name"]: volume for volume in pod.manifest["volumes"]}
        pod._mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        for mount in container["volumeMounts"]:
            pod._mount(mount, volumes.get(mount["name"]), data)
        for source in container.get("envFrom", ()):
            told = data["ConfigMap", source["configMapRef"]["name"]]["data"]
            pod.environment |= {name: pod.here(value) for name, value in told.items()}
        pod.environment |= {one["name"]: pod.here(one["value"]) for one in container["env"]}
        return pod

    def here(self, text: str) -> str:
        """`text` with the paths of mounted volumes where they are here."""
        return re.sub("|".join(map(re.escape, self._mounts)), lambda found: f"{self.root}{found[0]}", text)

    def secret(self, variable: str) -> str:
        """What the file holds that `variable` names."""
        return Path(self.environment[variable]).read_text()

    def _mount(self, mount: Manifest, volume: Manifest | None, data: dict[tuple[str, str], Manifest]) -> None:
        path = self.root / mount["mountPath"][1:]
        if volume is None:  # a claim
            self._directory(path)
            return
        shutil.rmtree(path, ignore_errors=True)
        self._directory(path)
        if "configMap" in volume:
            files = data["ConfigMap", volume["configMap"]["name"]]["data"]
            self._put(path, {name: self.here(text) for name, text in files.items()}, 0o644)
        elif "projected" in volume:
            told = volume["projected"]
            keys = [("Secret", source["secret"]["name"]) for source in told["sources"]]
            self._put(path, _contents([data[key] for key in keys if key in data]), told["defaultMode"])
        elif "secret" in volume:
            told = volume["secret"]
            self._put(path, _contents([data["Secret", told["secretName"]]]), told["defaultMode"])
        else:
            assert "emptyDir" in volume

    def _directory(self, path: Path) -> None:
        """One of root's, in which the group of the pod may write."""
        path.mkdir(parents=True, exist_ok=True)
        if IS_ROOT:
            os.chown(path, 0, self.manifest["securityContext"]["fsGroup"])
            path.chmod(0o2775)

    def _put(self, path: Path, files: dict[str, str], mode: int) -> None:
        """Files behind two links, as the kubelet swaps them."""
        (path / "..version").mkdir()
        (path / "..data").symlink_to("..version")
        for name, text in files.items():
            file = path / "..version" / name
            file.write_text(text)
            if IS_ROOT:
                os.chown(file, 0, self.manifest["securityContext"]["fsGroup"])
                file.chmod(mode)
            (path / name).symlink_to(f"..data/{name}")


def _contents(secrets: list[Manifest]) -> dict[str, str]:
    """Of our own renderer, which leaves them readable, or of kubectl, which does not."""
    contents: dict[str, str] = {}
    for secret in secrets:
        contents |= secret.get("stringData", {})
        contents |= {name: base64.b64decode(value).decode() for name, value in secret.get("data", {}).items()}
    return contents
