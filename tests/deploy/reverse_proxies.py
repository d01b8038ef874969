"""The shipped configurations of nginx and HAProxy, run in front of real gateways."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live import wait_for

DEPLOY = Path(__file__).parents[2] / "deploy"

NGINX = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/slimgate.conf;
}}
"""


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"no {name} found: apt-get install {name}")
    return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def with_ports(text: str, port: int, gateways: Sequence[int], listens: str) -> str:
    """The configuration with ports of this test; there must be the places for them."""
    text, n_listening = re.subn(rf"(?m)^(\s*{listens})80\b", rf"\g<1>{port}", text)
    assert n_listening == 1
    for place, own in zip(("8001", "8002"), gateways, strict=True):
        assert f"127.0.0.1:{place}" in text
        text = text.replace(f"127.0.0.1:{place}", f"127.0.0.1:{own}")
    return text


@contextmanager
def running_nginx(folder: Path, gateways: Sequence[int]) -> Iterator[str]:
    """Nginx with the shipped configuration; its URL."""
    port = free_port()
    shipped = (DEPLOY / "nginx" / "slimgate.conf").read_text("utf-8")
    assert shipped.count("/etc/nginx/slimgate/") == 1
    shipped = shipped.replace("/etc/nginx/slimgate/", f"{DEPLOY}/nginx/")
    (folder / "slimgate.conf").write_text(with_ports(shipped, port, gateways, "listen "), "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # whoever may read the folder
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user), "utf-8")
    with _running([program("nginx"), "-c", str(folder / "nginx.conf")], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_haproxy(folder: Path, gateways: Sequence[int]) -> Iterator[str]:
    """HAProxy with the shipped configuration; its URL."""
    port = free_port()
    shipped = (DEPLOY / "haproxy" / "haproxy.cfg").read_text("utf-8")
    (folder / "haproxy.cfg").write_text(with_ports(shipped, port, gateways, "bind :"), "utf-8")
    with _running([program("haproxy"), "-f", str(folder / "haproxy.cfg")], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: process.poll() is not None or _answers(port), 20)
        assert process.poll() is None, f"{command[0]} has ended with {process.returncode}"
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


RUNNING = {"nginx": running_nginx, "haproxy": running_haproxy}
