"""The Dockerfile's own steps work, and what they make serves as the user that the image names."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.dockerfile import Image, build
from tests.live import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.engine]

DOCKERFILE = Path(__file__).parents[2] / "deploy" / "docker" / "Dockerfile"
IS_ROOT = os.geteuid() == 0
PORT = 8000
KEY = "sk-of-the-administrator"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    root = tmp_path_factory.mktemp("image", numbered=True)
    for folder in (root, root.parent, root.parent.parent):  # the image's user must get in
        folder.chmod(0o755)
    yield build(DOCKERFILE, root)
    shutil.rmtree(root)


def run_as_user(image: Image, *command: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start a command of the image as its user, in its folder and environment.

    The user may read everything, since this machine's Python may lie in the home directory of root.
    """
    uid, _, gid = image.user.partition(":")
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    as_user = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *reading) if IS_ROOT else ()
    folder = image.root / image.folder[1:]
    return subprocess.Popen([*as_user, *command], env={**image.environment, **environment}, cwd=folder)


def test_it_serves_as_a_user_who_can_write_only_to_the_volume(image: Image, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    for folder in (key, *key.parents[:3]):
        folder.chmod(0o755)
    environment = {
        "SLIMGATE_API_KEY_FILE": str(key),
        "SLIMGATE_STATE_DIR": image.here("/var/lib/slimgate"),
        "SLIMGATE_PORT": str(PORT + os.getpid() % 20000 + 1),
        "SLIMGATE_DRAIN_S": "0",
    }
    image.environment["SLIMGATE_CONFIG"] = image.here("/etc/slimgate/slimgate.toml")
    url = f"http://127.0.0.1:{environment['SLIMGATE_PORT']}"
    healthcheck = [word.replace(f":{PORT}", f":{environment['SLIMGATE_PORT']}") for word in image.healthcheck]
    assert run_as_user(image, *healthcheck).wait(30) != 0, "nothing serves yet"
    gateway = run_as_user(image, *image.command, **environment)
    try:
        wait_for(lambda: gateway.poll() is not None or _is_ready(url), 60)
        assert run_as_user(image, *healthcheck).wait(30) == 0
        body = {"model": "auto", "max_tokens": 4, "messages": [{"role": "user", "content": "Say hello."}]}
        answer = httpx.post(
            f"{url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-slimgate-route"] == "local"
        assert httpx.post(f"{url}/v1/chat/completions", json=body).status_code == 401
    finally:
        gateway.terminate()
        assert gateway.wait(60) == 0
    if IS_ROOT:
        volume, uid = image.root / "var/lib/slimgate", int(image.user.partition(":")[0])
        its_own = {path for path in image.root.rglob("*") if path.lstat().st_uid == uid}
        assert its_own == {volume, *volume.rglob("*")}


def _is_ready(url: str) -> bool:
    try:
        return bool(httpx.get(f"{url}/health/ready").json()["local"] == "up")
    except httpx.HTTPError:
        return False


def test_it_refuses_to_serve_the_world_without_a_key(image: Image) -> None:
    image.environment["SLIMGATE_CONFIG"] = image.here("/etc/slimgate/slimgate.toml")
    gateway = run_as_user(image, *image.command, SLIMGATE_STATE_DIR=image.here("/var/lib/slimgate"))
    assert gateway.wait(30) == 2


def test_no_tool_that_builds_is_left_in_it(image: Image) -> None:
    there = {path.name for path in (image.root / "opt/slimgate/bin").iterdir()}
    assert "slimgate" in there
    assert not there & {"pip", "pip3", "uv", "pytest", "hatchling"}


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt-get here")
def test_its_packages_are_packages_of_debian(image: Image) -> None:
    assert image.packages == ["build-essential", "cmake", "python3-dev", "python3-venv", "libgomp1"]
    names = subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True, check=True).stdout.split()
    if not names:
        pytest.skip("apt knows no packages: apt-get update")
    assert set(image.packages) <= set(names)
