"""Who may call the ingress: who has the key, or where none is meant to be set, who calls it by a name of its own."""

from collections.abc import Sequence

from models.engine.http.access_check import AccessCheck
from models.engine.http.server import Handler
from models.host.api_keys import key_from_environment
from models.host.host_check import ANY_NAME, normalise_name

KEY_VARIABLE = "SLIMGATE_LOCAL__API_KEY"
"""The gateway sends it, and the ingress requires it, as `slimgate engine` does."""


def with_access_check(app: Handler, allow_anonymous: bool, allowed_hosts: Sequence[str]) -> Handler:
    """`app` behind the key in the environment, or else behind a check of the host name, against pages of other sites.

    Raises
    ------
    ValueError
        If there is no key, and `allow_anonymous` does not say that this is meant.
    """
    key = key_from_environment(KEY_VARIABLE)
    if key is None and not allow_anonymous:
        raise ValueError(
            f"no key is set: give the ingress' nodes {KEY_VARIABLE} or {KEY_VARIABLE}_FILE before `ray start`, "
            "or set args.allow_anonymous if anyone who reaches them may use the model"
        )
    names = [normalise_name(name) for name in allowed_hosts]
    return AccessCheck(app, [ANY_NAME] if key is not None and not names else names, key)
