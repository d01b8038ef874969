"""Errors between a request and its answer.

    ModelError
    ├── RequestError            the request is at fault; the message names the field and the fix
    │   ├── ContextLengthError  prompt and answer together do not fit the context
    │   ├── LeftOut             the chat format lacks a part of it that it can do without
    │   ├── ForbiddenError      sent to another host name, or by a page of another web site
    │   ├── NotJsonError        its body is not declared to be JSON
    │   └── UnknownModelError   there is no such model
    ├── ExtraMissingError       an optional package is not installed; the message says how to install it
    └── BackendError            the backend did not answer as it should
        ├── BackendUnavailable  not reachable, not ready, or refusing work for now
        │   ├── BackendBusy           refused by this process, before anything was sent
        │   ├── BackendUnreached      the request never arrived there
        │   ├── BackendLost           the connection broke after the request had arrived, before any answer
        │   ├── LocalLost             the same of the local side, which may have died of the request
        │   └── BackendMisconfigured  refuses what the gateway adds: key, model name, path
        ├── BackendTimeout      silent for longer than the limit
        ├── RateLimited         the provider asks for a pause
        ├── BackendRejected     the provider refuses the request (its status and body are kept)
        ├── InvalidResponse     answered, but not in the OpenAI wire format (HTML, empty body, bad JSON)
        │   └── TruncatedAnswer       an answer without streaming that arrived in part
        └── StreamInterrupted   broke off after the first event

`str()` of each is our own text and may be logged. A server's words may quote the request; they are kept apart, in
`server_words`. The HTTP layer decides which status each error becomes.
"""

from typing import TYPE_CHECKING

from models.redaction.server_words import NO_WORDS, ServerWords
from models.wire.notes import NO_NOTES

if TYPE_CHECKING:
    from models.usage.usage import Usage


REPLICA_LOST = "replica_lost"
"""The code of an answer that was lost with the replica that gave it: the server itself is there, with others."""


class ModelError(Exception):
    """Base of all errors of this package.

    Attributes
    ----------
    server_words : ServerWords
        What the server said: for the caller, never for a log.
    """

    server_words = NO_WORDS

    @property
    def full_message(self) -> str:
        """The message for the caller: our own text and the server's words."""
        return f"{self}: {self.server_words.message}" if self.server_words.message else str(self)


class RequestError(ModelError):
    """The request cannot be served as it stands.

    Parameters
    ----------
    message : str
        Says what is wrong and how to fix it.
    param : str, optional
        The request field at fault, in OpenAI's notation (``messages[0].role``).
    code : str, optional
        OpenAI's machine-readable code, such as ``unsupported_parameter``.
    """

    code: str | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or self.code


class LeftOut(RequestError):
    """The chat format lacks something that a request can do without: tools that a provider runs, say.

    Parameters
    ----------
    what : str
        Its name, for the caller who is told that it was left out.
    """

    code = "unsupported_parameter"

    def __init__(self, message: str, *, param: str | None, what: str) -> None:
        super().__init__(message, param=param)
        self.what = what


class ContextLengthError(RequestError):
    """Prompt and answer together exceed the context window; neither is ever truncated."""

    code = "context_length_exceeded"


class ForbiddenError(RequestError):
    """The request came by a forbidden way (another host name, a page of another site), or its key may not make it."""

    code = "forbidden"


class NotJsonError(RequestError):
    """The body is not declared to be JSON: a form on any web page could have sent it."""

    code = "unsupported_media_type"


class UnknownModelError(RequestError):
    """The requested model does not exist here; another model never answers silently in its place."""

    code = "model_not_found"


class ExtraMissingError(ModelError):
    """A feature needs an extra that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra '{extra}': pip install 'slimgate[{extra}]'")


class BackendError(ModelError):
    """The backend named `backend` did not answer as it should.

    Parameters
    ----------
    message : str
        What happened, in our own words: no text of the server, none of the caller.
    server_words : ServerWords, optional
        What the server said.

    Attributes
    ----------
    retried : bool
        Whether the backend was called more than once.
    spent : Usage or None
        The usage of sub-requests that were answered before this one failed.
    notes : Notes
        What is told with it.
    """

    retried = False
    spent: "Usage | None" = None
    notes = NO_NOTES

    def __init__(self, backend: str, message: str, *, server_words: ServerWords = NO_WORDS) -> None:
        super().__init__(f"{backend}: {message}")
        self.backend = backend
        self.message = message
        self.server_words = server_words


class BackendUnavailable(BackendError):
    """Cannot be reached, is not ready yet, or refuses work for now.

    Parameters
    ----------
    retry_after_s : float, optional
        Seconds until a retry may help, if known.
    """

    def __init__(
        self, backend: str, message: str, *, retry_after_s: float | None = None, server_words: ServerWords = NO_WORDS
    ) -> None:
        super().__init__(backend, message, server_words=server_words)
        self.retry_after_s = retry_after_s


class BackendBusy(BackendUnavailable):
    """Too many requests, or too many failures lately: this process did not send the request."""


class BackendUnreached(BackendUnavailable):
    """No connection, or one that broke before the whole request was read: nothing can have been done about it."""


class BackendLost(BackendUnavailable):
    """The connection broke before an answer came. The backend may have been at work on the request, or died of it."""


class LocalLost(BackendUnavailable):
    """The local side was lost while it worked on this request. It is not sent there again, since it may be the cause.

    Parameters
    ----------
    lost : BackendLost
        How that showed.
    """

    def __init__(self, lost: BackendLost) -> None:
        super().__init__(lost.backend, f"lost while it worked on this request, which is not sent again: {lost.message}")


class BackendMisconfigured(BackendUnavailable):
    """Refuses what the gateway adds to the request. Only the operator can fix that; the caller never gets a 401 for it.

    Parameters
    ----------
    status : int
        The server's status.
    is_private : bool
        Whether the server's words must not reach the caller, for example because they are about the gateway's key.
    """

    def __init__(self, backend: str, message: str, *, status: int, server_words: ServerWords, is_private: bool) -> None:
        super().__init__(backend, f"{message} (status {status}{server_words.kind})", server_words=server_words)
        self.status = status
        self._private_words = f"{backend}: {message}" if is_private else None

    @property
    def full_message(self) -> str:
        return super().full_message if self._private_words is None else self._private_words


class BackendTimeout(BackendError):
    """Was silent for longer than the configured limit."""


class RateLimited(BackendError):
    """Asks for a pause (429).

    Parameters
    ----------
    retry_after_s : float, optional
        The pause that the provider asked for, if it said one.
    """

    def __init__(
        self, backend: str, message: str, *, retry_after_s: float | None = None, server_words: ServerWords = NO_WORDS
    ) -> None:
        super().__init__(backend, message, server_words=server_words)
        self.retry_after_s = retry_after_s


class BackendRejected(BackendError):
    """Refuses this request with a 4xx of its own, kept as `status`."""

    def __init__(self, backend: str, status: int, server_words: ServerWords) -> None:
        super().__init__(backend, f"refused with status {status}{server_words.kind}", server_words=server_words)
        self.status = status

    @property
    def code(self) -> str | None:
        """The provider's machine-readable code, such as ``context_length_exceeded``."""
        return self.server_words.code


class InvalidResponse(BackendError):
    """The answer is not in the OpenAI wire format."""


class TruncatedAnswer(InvalidResponse):
    """An answer without streaming broke off: it is unusable, and must be paid for."""


class StreamInterrupted(BackendError):
    """The stream broke off after its first event."""


def error_body(
    message: str, *, type_: str, param: str | None = None, code: str | None = None
) -> dict[str, dict[str, str | None]]:
    """OpenAI's error object. `code` is a string or null there, never a number."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}
