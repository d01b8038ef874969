"""What an API shape is: it makes a chat request of a body, and the caller's JSON of the answer."""

from typing import Any, Protocol

from models.wire.backend import Completion
from models.wire.chat import ChatRequest

COMMENT = b": keep-alive\n\n"
"""A sign of life that every reader of server-sent events passes over."""


class Translator(Protocol):
    """Turns the events of one chat stream into those of an API shape; keeps what it must remember in between."""

    def event(self, event: bytes) -> bytes:
        """What the caller sees for one whole chat event (`DONE` at the end); empty for nothing."""
        ...

    def failed(self, exc: Exception, request_id: str, /) -> bytes:
        """How the stream ends that broke off after it had begun, for the request with this id."""
        ...


class Dialect(Protocol):
    """One API shape."""

    @property
    def endpoint(self) -> str:
        """Its name in ledger, log and metrics."""
        ...

    @property
    def sign_of_life(self) -> bytes:
        """What shows the caller of a stream that the answer is still being worked on, and means nothing else."""
        ...

    def request(self, body: Any) -> ChatRequest:
        """The chat request that a decoded JSON body stands for; raises `RequestError` naming the field at fault."""
        ...

    def completion(self, request: ChatRequest, completion: Completion) -> bytes:
        """A whole answer's JSON."""
        ...

    def translator(self, request: ChatRequest) -> Translator:
        """For a streamed answer."""
        ...

    def error(self, exc: Exception, request_id: str, /) -> Any:
        """The JSON object that tells the caller of the request with this id of `exc`."""
        ...
