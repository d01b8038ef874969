"""What can go wrong inside the engine, beyond what is the request's own fault.

ModelError
└── EngineError
    ├── ModelLoadError    the weights cannot be loaded; trying again changes nothing
    ├── TemplateError     the model's chat template is broken, unsafe or endless
    ├── EngineBusy        the queue is full or the engine is stopping; worth trying again
    ├── EngineFailed      the engine process does not come up
    ├── GenerationFailed  a generation broke off
    └── DeadlineExceeded  the caller's time ran out
"""

from models.redaction.server_words import NOTHING, Told
from models.wire.errors import ModelError


class EngineError(ModelError):
    """Base of the engine's own errors."""


class ModelLoadError(EngineError):
    """The weights cannot be loaded."""


class TemplateError(EngineError):
    """The chat template that came with the model is at fault, not the request.

    Parameters
    ----------
    told : Told, optional
        What the template's language says of it, which may quote the conversation.
    """

    def __init__(self, message: str, *, told: Told = NOTHING) -> None:
        super().__init__(message)
        self.told = told


class EngineBusy(EngineError):
    """No work is taken right now.

    Parameters
    ----------
    message : str
        Why.
    retry_after_s : int
        When it is worth trying again.
    """

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineFailed(EngineError):
    """The engine process does not come up, or not in time."""


class GenerationFailed(EngineError):
    """A generation broke off before its end."""


class DeadlineExceeded(EngineError):
    """The caller set a time, and it ran out."""
