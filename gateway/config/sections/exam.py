"""`[exam]`: the entrance exam of the local model, and what follows from its marks."""

from pydantic import Field

from gateway.config.sections.section import Section


class ExamSettings(Section):
    """The entrance exam: questions of our own with answers that a program can check."""

    enabled: bool = Field(
        True,
        description="Whether a local model that is new here is examined in the background, while nobody else uses it.",
    )
    idle_s: float = Field(
        10.0,
        ge=0,
        le=86_400,
        description="How long the local model must have had nothing to do before its exam begins by itself, in "
        "seconds.",
    )
    max_items: int = Field(500, ge=1, le=5000, description="The most questions that one model is asked.")
    max_minutes: float = Field(
        25.0,
        gt=0,
        le=10_000,
        description="The longest time that an exam may take, in minutes of answering; pauses for callers do not count.",
    )
    max_requests: int = Field(
        400,
        ge=1,
        le=100_000,
        description="The most requests that the exam may send to a server at `local.base_url`, repeated ones included.",
    )
    max_failure_rate: float = Field(
        0.10,
        gt=0,
        lt=1,
        description="The share of local answers that may fail, by the exam: the default threshold follows from it.",
    )
