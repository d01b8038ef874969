"""What goes between the ingress and a replica: a request, the head of its answer, and the loss of an engine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """A request for the engine's HTTP server, as it came to the ingress.

    Attributes
    ----------
    path : str
        Such as ``/v1/chat/completions``.
    headers : tuple of (str, str)
        Those that the engine reads.
    body : bytes
        JSON.
    """

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer: its status, and the headers that belong to its body."""

    status: int
    headers: tuple[tuple[str, str], ...]


class EngineLost(Exception):
    """The replica's engine process ended, or its connection broke, before the answer's end."""
