"""The interface between the gateway and the servers that answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from models.wire.first_tokens import FirstTokens
from models.wire.notes import NO_NOTES, Notes
from models.wire.stream import ChatStream

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""The largest answer that is accepted, unless a setting says otherwise: 2,048 embeddings are half as large."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer that is not streamed: the JSON `body` as the backend sent it, the `model` it names, and its usage.

    `usage` is None if the backend reported none; `finish_reasons` has one for each choice that gives a reason; `notes`
    is told with it; `first_tokens` is how sure the model was of those of the first choice, None where that is not told.
    """

    body: bytes
    model: str
    usage: Usage | None
    finish_reasons: tuple[str, ...] = ()
    notes: Notes = NO_NOTES
    first_tokens: FirstTokens | None = None


class Answerer(Protocol):
    """Answers a chat request. Raises `models.wire.errors.BackendError`."""

    @property
    def model(self) -> str:
        """The server's name for the model that answers."""
        ...

    async def chat(self, request: ChatRequest) -> Completion:
        """Answer without streaming."""
        ...

    async def stream(self, request: ChatRequest) -> ChatStream:
        """Answer as a stream; returns when the first event has arrived, so that after a failure others can be tried."""
        ...


class Backend(Answerer, Protocol):
    """A server that answers chat requests. Raises `models.wire.errors.BackendError` and nothing else."""

    @property
    def name(self) -> str:
        """Short name for messages: ``local``, ``cloud``."""
        ...

    def takes(self, request: ChatRequest) -> bool:
        """Whether this backend can answer the request."""
        ...

    def sub_requests(self, request: ChatRequest) -> Sequence[ChatRequest]:
        """Requests to send one by one instead of this one; empty if the backend takes it as a whole."""
        ...

    async def embed(self, body: Mapping[str, Any]) -> Completion:
        """Compute embeddings: OpenAI's embeddings request and answer."""
        ...

    def speaks(self, path: str) -> bool:
        """Whether it supports the API shape at `path` itself."""
        ...

    async def forward(self, method: str, path: str, content: bytes | None, query: Mapping[str, str]) -> bytes:
        """Call it about something that it keeps; its answer as it came."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
