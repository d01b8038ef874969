"""The engine's errors that are not the request's fault.

ModelError
└── EngineError
    ├── ModelLoadError    the weights cannot be loaded; a retry does not help
    ├── TemplateError     the model's chat template is broken, unsafe or endless
    ├── EngineBusy        the queue is full or the engine is stopping; a retry may help
    │   └── GaveWay       a request that gives way was ended or refused, since callers are here
    ├── EngineFailed      the engine process does not start
    ├── GenerationFailed  a generation ended with an error
    └── DeadlineExceeded  the caller's time limit is exceeded
"""

from models.redaction.server_words import NO_WORDS, ServerWords
from models.wire.errors import ModelError


class EngineError(ModelError):
    """Base of the engine's own errors."""


class ModelLoadError(EngineError):
    """The weights cannot be loaded."""


class TemplateError(EngineError):
    """The model's chat template is at fault, not the request.

    Parameters
    ----------
    server_words : ServerWords, optional
        Jinja's message, which may quote the conversation.
    """

    def __init__(self, message: str, *, server_words: ServerWords = NO_WORDS) -> None:
        super().__init__(message)
        self.server_words = server_words


class EngineBusy(EngineError):
    """The engine takes no work at the moment.

    Parameters
    ----------
    message : str
        The reason.
    retry_after_s : int
        Seconds until a retry may help.
    """

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class GaveWay(EngineBusy):
    """Callers are here, and this request gives way to them: it was ended, or not begun. A later one may be answered."""

    def __init__(self) -> None:
        super().__init__("it answers callers, to whom this request gives way")


class EngineFailed(EngineError):
    """The engine process does not start, or not in time."""


class GenerationFailed(EngineError):
    """A generation ended before the answer was complete."""


class DeadlineExceeded(EngineError):
    """The answer took longer than the caller's time limit."""
