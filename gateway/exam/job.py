"""What the examining process is told: one line of JSON on its standard input."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.config.sections.exam import ExamSettings
from gateway.config.sections.local import LocalSettings
from gateway.dispatch.local import UNIX, LocalSide
from gateway.exam.examinee import Examinee
from router.decision import Feature
from router.exam.catalogue import FAMILIES

MOST_AT_ONCE = 4
"""Items that the built-in engine answers at the same time; a server elsewhere is asked one by one."""


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
    most_requests : int or None
        None for any number.
    log_json : bool
        Whether the lines of the log are JSON.
    """

    state_dir: str
    key: str
    local: dict[str, Any]
    api_key: str | None
    skipped: Sequence[str]
    logprobs: bool
    at_once: int
    most_items: int
    most_requests: int | None
    log_json: bool

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


def job_for(
    examinee: Examinee,
    local: LocalSide,
    settings: LocalSettings,
    exam: ExamSettings,
    state_dir: Path,
    *,
    log_json: bool = False,
) -> Job:
    """The examination of `examinee`, which `local` answers for."""
    capabilities = local.capabilities
    features = frozenset[Feature]() if capabilities is None else capabilities.features
    is_ours = local.socket_path is not None
    address = f"{UNIX}{local.socket_path}" if is_ours else settings.base_url
    server = settings.model_copy(update={"base_url": address, "model": local.model})
    return Job(
        state_dir=str(state_dir),
        key=examinee.key,
        local=server.model_dump(mode="json", exclude={"api_key"}),
        api_key=None if settings.api_key is None else settings.api_key.get_secret_value(),
        skipped=[] if Feature.TOOLS in features else with_tools(),
        logprobs=not is_ours and Feature.LOGPROBS in features,
        at_once=min(MOST_AT_ONCE, settings.max_sequences) if is_ours else 1,
        most_items=exam.max_items,
        most_requests=None if is_ours else exam.max_requests,
        log_json=log_json,
    )


def with_tools() -> list[str]:
    """The families whose items have tools."""
    return [name for name, family in FAMILIES.items() if family.item(1, family.languages[0], 0).tools]
