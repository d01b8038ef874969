"""What the examining process is told: one line of JSON on its standard input."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.config.sections.local import LocalSettings

EXIT_DONE, EXIT_FAILED, EXIT_STOPPED = 0, 1, 5
"""How the process ends: the exam is at its end; the model does not answer; `slimgate exam --stop`."""


@dataclass(frozen=True, slots=True)
class Job:
    """One examination.

    Attributes
    ----------
    state_dir : str
    key : str
        The examinee's.
    local : dict
        The settings of the local model, with the address and the model's name in any case, and without its key.
    api_key : str or None
        The key of its server.
    skipped : sequence of str
        Families that this model cannot do.
    logprobs : bool
        Whether to ask for the probabilities of tokens.
    at_once : int
        Items that are asked at the same time.
    most_items : int
    most_minutes : float
        Of answering.
    most_requests : int or None
        None for any number.
    max_failure_rate : float
        The share of local answers that may fail.
    log_json : bool
        Whether the lines of the log are JSON.
    limits : dict
        The settings that it goes by, to be kept with its progress.
    """

    state_dir: str
    key: str
    local: dict[str, Any]
    api_key: str | None
    skipped: Sequence[str]
    logprobs: bool
    at_once: int
    most_items: int
    most_minutes: float
    most_requests: int | None
    max_failure_rate: float
    log_json: bool
    limits: dict[str, float]

    def to_line(self) -> bytes:
        """As one line; `from_line` gives an equal value back."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: str) -> "Job":
        """Read what `to_line` made."""
        return cls(**json.loads(line))

    @property
    def server(self) -> LocalSettings:
        """How to reach the model."""
        return LocalSettings.model_validate({**self.local, "api_key": self.api_key})
