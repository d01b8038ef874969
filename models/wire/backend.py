"""The narrow seam between the gateway and whoever answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from models.wire.stream import ChatStream


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer: the JSON `body` as the backend sent it, the `model` it names, and what it took.

    `usage` is None where the backend did not say; `finish_reasons` tell why each choice ended, where it did say.
    """

    body: bytes
    model: str
    usage: Usage | None
    finish_reasons: tuple[str, ...] = ()


class Answerer(Protocol):
    """Answers a chat request. Raises `models.wire.errors.BackendError`."""

    @property
    def model(self) -> str:
        """The model that answers, by the name its server knows."""
        ...

    async def chat(self, request: ChatRequest) -> Completion:
        """Answer in one piece."""
        ...

    async def stream(self, request: ChatRequest) -> ChatStream:
        """Answer piece by piece; returns once the first event is there, so a failure until then can still be mended."""
        ...


class Backend(Answerer, Protocol):
    """A server that answers chat requests. Raises `models.wire.errors.BackendError` and nothing else."""

    @property
    def name(self) -> str:
        """Short name for messages: ``local``, ``cloud``."""
        ...

    def takes(self, request: ChatRequest) -> bool:
        """Whether the request can be put to it at all."""
        ...

    def parts(self, request: ChatRequest) -> Sequence[ChatRequest]:
        """Requests to ask one by one instead of this one, where it cannot be asked as a whole."""
        ...

    async def embed(self, body: Mapping[str, Any]) -> Completion:
        """Turn texts into vectors: OpenAI's embeddings request and answer."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
