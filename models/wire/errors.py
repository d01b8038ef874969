"""What can go wrong between a request and its answer.

    ModelError
    ├── RequestError            the request is at fault; the message names the field and the cure
    │   ├── ContextLengthError  prompt and answer together do not fit the context
    │   ├── ForbiddenError      whoever sends it: it is for somebody else, or a page of somebody else sent it
    │   ├── NotJsonError        its body is not declared to be JSON
    │   └── UnknownModelError   no such model here
    ├── ExtraMissingError       an optional package is not installed; the message says how to install it
    └── BackendError            the side that should answer did not
        ├── BackendUnavailable  not reachable, not ready, or refusing work for now
        │   ├── BackendBusy           turned away here, before anything was sent
        │   └── BackendMisconfigured  refuses what the gateway itself sends: key, model name, path
        ├── BackendTimeout      silent for longer than the limit
        ├── RateLimited         the provider asks for a pause
        ├── BackendRejected     the provider refuses the request (its status and body are kept)
        ├── InvalidResponse     answered, but not in the OpenAI wire format (HTML, empty body, bad JSON)
        │   └── AnswerCut             an answer in one piece that came in part
        └── StreamInterrupted   broke off after the first event

`str()` of each is our own words and may be logged. What a server said may quote the request: it is kept beside them.
Which HTTP status each becomes is decided at the HTTP face, not here.
"""

from typing import TYPE_CHECKING

from models.redaction.server_words import NOTHING, Told

if TYPE_CHECKING:
    from models.usage.usage import Usage


class ModelError(Exception):
    """Base of everything this package raises on purpose.

    Attributes
    ----------
    told : Told
        What somebody else said of it: for the caller, never for a log.
    """

    told = NOTHING

    @property
    def words(self) -> str:
        """All there is to say to the caller."""
        return f"{self}: {self.told.message}" if self.told.message else str(self)


class RequestError(ModelError):
    """The request cannot be served as it stands.

    Parameters
    ----------
    message : str
        Says what is wrong and how to mend it.
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


class ContextLengthError(RequestError):
    """Prompt and answer together exceed the context window; nothing is ever truncated to make them fit."""

    code = "context_length_exceeded"


class ForbiddenError(RequestError):
    """The request may not be made this way, whoever makes it."""

    code = "forbidden"


class NotJsonError(RequestError):
    """The body is not declared to be JSON, so that a form of any web page might have sent it."""

    code = "unsupported_media_type"


class UnknownModelError(RequestError):
    """The requested model name means nothing here; never answered by a silent substitute."""

    code = "model_not_found"


class ExtraMissingError(ModelError):
    """A feature needs a package that comes with an extra, and the extra is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra '{extra}': pip install 'slimgate[{extra}]'")


class BackendError(ModelError):
    """The backend named `backend` did not answer as it should.

    Parameters
    ----------
    message : str
        What happened, in our own words: no text of the server's, none of the caller's.
    told : Told, optional
        What the server said.

    Attributes
    ----------
    tried_again : bool
        Whether it has been asked more than once already.
    spent : Usage or None
        Tokens of the parts that were answered before this one failed.
    """

    tried_again = False
    spent: "Usage | None" = None

    def __init__(self, backend: str, message: str, *, told: Told = NOTHING) -> None:
        super().__init__(f"{backend}: {message}")
        self.backend = backend
        self.message = message
        self.told = told


class BackendUnavailable(BackendError):
    """Cannot be reached, is not ready yet, or is turning work away for now.

    Parameters
    ----------
    retry_after_s : float, optional
        Seconds until it is worth asking again, where that is known.
    """

    def __init__(self, backend: str, message: str, *, retry_after_s: float | None = None, told: Told = NOTHING) -> None:
        super().__init__(backend, message, told=told)
        self.retry_after_s = retry_after_s


class BackendBusy(BackendUnavailable):
    """Too much is going on, or too much went wrong lately: nothing was sent."""


class BackendMisconfigured(BackendUnavailable):
    """Refuses the gateway's own part of the request. Only the operator can mend that; never a 401 to the caller.

    Parameters
    ----------
    status : int
        What it was refused with.
    is_private : bool
        Whether what the server says of it is no business of the caller's: it is about the gateway's key, say.
    """

    def __init__(self, backend: str, message: str, *, status: int, told: Told, is_private: bool) -> None:
        super().__init__(backend, f"{message} (status {status}{told.kind})", told=told)
        self._private_words = f"{backend}: {message}" if is_private else None

    @property
    def words(self) -> str:
        return super().words if self._private_words is None else self._private_words


class BackendTimeout(BackendError):
    """Was silent for longer than the configured limit."""


class RateLimited(BackendError):
    """Asks for a pause (429).

    Parameters
    ----------
    retry_after_s : float, optional
        Seconds the provider asked to be left alone, where it said so.
    """

    def __init__(self, backend: str, message: str, *, retry_after_s: float | None = None, told: Told = NOTHING) -> None:
        super().__init__(backend, message, told=told)
        self.retry_after_s = retry_after_s


class BackendRejected(BackendError):
    """Refuses this request with a 4xx of its own, kept as `status`."""

    def __init__(self, backend: str, status: int, told: Told) -> None:
        super().__init__(backend, f"refused with status {status}{told.kind}", told=told)
        self.status = status

    @property
    def code(self) -> str | None:
        """The provider's machine-readable code, such as ``context_length_exceeded``."""
        return self.told.code


class InvalidResponse(BackendError):
    """Said something that is not an OpenAI response."""


class AnswerCut(InvalidResponse):
    """Broke off in the middle of an answer in one piece: no use to anybody, and paid for."""


class StreamInterrupted(BackendError):
    """Broke off after the answer had begun."""


def error_body(
    message: str, *, type_: str, param: str | None = None, code: str | None = None
) -> dict[str, dict[str, str | None]]:
    """OpenAI's error object. `code` is a string or null there, never a number."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}
