"""What systemd hands to a service, and what a service tells it: sd_listen_fds(3) and sd_notify(3)."""

import contextlib
import os
import socket

from gateway.config.settings import SettingsError

FIRST_FD = 3
"""Of the sockets that systemd passes on."""


def inherited_listener() -> socket.socket | None:
    """The port that systemd has opened for this service; None if it has not.

    Its environment variables are gone afterwards: they are not for child processes.

    Raises
    ------
    SettingsError
        If it passed on something else than one listening TCP socket.
    """
    pid, n_sockets = os.environ.pop("LISTEN_PID", None), os.environ.pop("LISTEN_FDS", "0")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or n_sockets == "0":
        return None
    if n_sockets != "1":
        raise SettingsError(f"systemd passes on {n_sockets} sockets: leave one ListenStream= in slimgate.socket")
    os.set_inheritable(FIRST_FD, False)
    listener = socket.socket(fileno=FIRST_FD)
    is_tcp = listener.family in (socket.AF_INET, socket.AF_INET6) and listener.type == socket.SOCK_STREAM
    if not is_tcp or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise SettingsError(
            "the socket that systemd passes on is no TCP port: ListenStream=127.0.0.1:8000, for example"
        )
    return listener


def notify(state: str) -> None:
    """Tell systemd of a change, such as ``READY=1``; nothing is said where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, contextlib.suppress(OSError):
        told.connect("\0" + address[1:] if address[0] == "@" else address)
        told.send(state.encode())
