"""The phases of the engine process, as it reports them to its parent."""

from enum import StrEnum


class Phase(StrEnum):
    """What the process is doing. The supervisor reacts to a crash by the phase in which it happened."""

    LOADING = "loading"
    TESTING = "testing"
    READY = "ready"
    REFUSED = "refused"
