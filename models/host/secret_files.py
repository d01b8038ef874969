"""Secrets in files, as Docker, Kubernetes and systemd hand them over: ``NAME_FILE`` names the file of ``NAME``."""

import os

from models.host.home import expand_home

SUFFIX = "_FILE"
"""What a variable is called whose value names a file that holds the secret."""

MAX_BYTES = 64 * 1024


def secret_in_file(variable: str) -> str | None:
    """What the file holds that ``variable_FILE`` names, without surrounding whitespace; None where it is not set.

    Raises
    ------
    ValueError
        Naming the variable, if the file cannot be read, is empty or too large, or if `variable` is set as well.
    """
    named = os.environ.get(variable + SUFFIX)
    if named is None:
        return None
    if os.environ.get(variable):
        raise ValueError(f"the environment variables {variable} and {variable}{SUFFIX} are both set: set one of them")
    try:
        with expand_home(named).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except ValueError as exc:
        raise ValueError(f"{variable}{SUFFIX}: {exc}") from None
    except OSError as exc:
        raise ValueError(f"{variable}{SUFFIX}: {named!r} cannot be read: {exc.strerror or exc}") from None
    if len(content) > MAX_BYTES:
        raise ValueError(f"{variable}{SUFFIX}: {named!r} holds more than {MAX_BYTES} bytes, which is no secret")
    return _text(content, f"{variable}{SUFFIX}: {named!r}")


def _text(content: bytes, where: str) -> str:
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise ValueError(f"{where} holds bytes that are not UTF-8, which is no secret") from None
    if not text:
        raise ValueError(f"{where} is empty: write the secret into it, or unset the variable")
    return text
