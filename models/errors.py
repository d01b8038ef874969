"""What can go wrong between a request and its answer.

    ModelError
    ├── RequestError            the request is at fault; the message names the field and the cure
    │   ├── ContextLengthError  prompt and answer together do not fit the context
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

Which HTTP status each becomes is decided at the HTTP face, not here.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.usage import Usage


class ModelError(Exception):
    """Base of everything this package raises on purpose."""


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


class UnknownModelError(RequestError):
    """The requested model name means nothing here; never answered by a silent substitute."""

    code = "model_not_found"


class ExtraMissingError(ModelError):
    """A feature needs a package that comes with an extra, and the extra is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the extra '{extra}': pip install 'slimgate[{extra}]'")


class BackendError(ModelError):
    """The backend named `backend` did not answer as it should.

    Attributes
    ----------
    tried_again : bool
        Whether it has been asked more than once already.
    spent : Usage or None
        Tokens of the parts that were answered before this one failed.
    """

    tried_again = False
    spent: "Usage | None" = None

    def __init__(self, backend: str, message: str) -> None:
        super().__init__(f"{backend}: {message}")
        self.backend = backend


class BackendUnavailable(BackendError):
    """Cannot be reached, is not ready yet, or is turning work away for now.

    Parameters
    ----------
    retry_after_s : float, optional
        Seconds until it is worth asking again, where that is known.
    """

    def __init__(self, backend: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(backend, message)
        self.retry_after_s = retry_after_s


class BackendBusy(BackendUnavailable):
    """Too much is going on, or too much went wrong lately: nothing was sent."""


class BackendMisconfigured(BackendUnavailable):
    """Refuses the gateway's own part of the request. Only the operator can mend that; never a 401 to the caller."""


class BackendTimeout(BackendError):
    """Was silent for longer than the configured limit."""


class RateLimited(BackendError):
    """Asks for a pause (429).

    Parameters
    ----------
    retry_after_s : float, optional
        Seconds the provider asked to be left alone, where it said so.
    body : dict, optional
        The provider's error object, passed on to the caller when nobody else can answer.
    """

    def __init__(
        self,
        backend: str,
        message: str,
        *,
        retry_after_s: float | None = None,
        body: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backend, message)
        self.retry_after_s = retry_after_s
        self.body = body


class BackendRejected(BackendError):
    """Refuses this request with a 4xx of its own, kept as `status` and `body` (the inner error object)."""

    def __init__(self, backend: str, status: int, body: dict[str, Any]) -> None:
        super().__init__(backend, str(body.get("message") or f"refused with status {status}"))
        self.status = status
        self.body = body

    @property
    def code(self) -> str | None:
        """The provider's machine-readable code, such as ``context_length_exceeded``."""
        code = self.body.get("code")
        return None if code is None else str(code)


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
