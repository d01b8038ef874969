"""Why a login fails.

LoginError
├── LoginRefused      the key is wrong, or may not look at the page
├── LoginThrottled    too many failures from this address
├── SessionNotFound   there is no such session to end
└── SignOnFailed      the single sign-on did not lead to anybody who may log in
"""

from enum import StrEnum


class LoginError(Exception):
    """Base of all of them."""


class LoginRefused(LoginError):
    """The key is none of this gateway's."""


class LoginThrottled(LoginError):
    """Too many logins failed from one address; the right key waits too.

    Parameters
    ----------
    retry_after_s : float
        When the next attempt is looked at, in seconds from now.
    """

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"Too many logins failed from your address. Try again in {retry_after_s:.0f} seconds.")
        self.retry_after_s = retry_after_s


class SessionNotFound(LoginError):
    """There is no such session, or it is somebody else's."""


class Refusal(StrEnum):
    """Why a single sign-on failed, as the login page tells it."""

    DENIED = "denied"  # the provider says so, or the user turned back
    STALE = "stale"  # it was begun elsewhere or too long ago, or was used already
    PROVIDER = "provider"  # the provider does not answer as it should
    TOKEN = "token"  # the ID token proves nothing
    NOBODY = "nobody"  # this person is not on the lists
    THROTTLED = "throttled"


class SignOnFailed(LoginError):
    """The single sign-on did not lead to anybody who may log in.

    Parameters
    ----------
    refusal : Refusal
        What the person is told.
    details : str
        For the log: our own words, nothing that a provider or a browser sent.
    """

    def __init__(self, refusal: Refusal, details: str) -> None:
        super().__init__(details)
        self.refusal = refusal
