"""Where the engine process is; what it reports to its parent."""

from enum import StrEnum


class Phase(StrEnum):
    """Where the process is: a death is understood by when it happened."""

    LOADING = "loading"
    TESTING = "testing"
    READY = "ready"
    REFUSED = "refused"
