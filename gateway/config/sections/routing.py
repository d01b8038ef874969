"""`[router]`, its second look, and `[privacy]`: where a request goes, and what keeps it here."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from gateway.config.sections.section import Section
from router.auto_terms import AUTO_AT, LONGEST_FIRST_TOKEN_S, auto_terms
from router.sensitive import Sensitive
from router.threshold import HIGHEST_THRESHOLD

PINS = ("auto", "local", "cloud")
"""Model names whose meaning is fixed."""


class SecondLookSettings(Section):
    """The second look (a cascade): the local model begins, and its confidence decides which side answers."""

    band: float | None = Field(
        None,
        ge=0,
        le=1,
        description="How far below the threshold a score gets a second look; 0 turns it off. Default: half of the "
        "threshold if the exam of the local model showed that second looks pay, else 0.",
    )
    n_tokens: int = Field(
        8, ge=1, le=256, description="Tokens of the local answer that are held back; each delays the first byte."
    )
    least_confidence: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="The cloud answers if the confidence of those tokens is lower. 0 only measures: "
        "`slimgate second-look` then shows the effect of a value. Default: the score of the answer that has begun, "
        "which the exam taught, is compared with the threshold; without an exam it only measures.",
    )


class RouterSettings(Section):
    """How requests are divided between local and cloud."""

    threshold: float | None = Field(
        None,
        ge=0,
        le=HIGHEST_THRESHOLD,
        description="Requests with a score at or above it go to the cloud: 0 sends all of them there, "
        "1.0001 none. Default: the artifact's own.",
    )
    artifact: Path | None = Field(None, description="Folder made by `slimgate train`. Default: the shipped one.")
    threshold_for: str | None = Field(
        None,
        description="The version of the classifier for which `threshold` was chosen (`slimgate calibrate` "
        "prints it); any other is refused. Default: `threshold` applies to every classifier.",
    )
    labels: Path | None = Field(
        None,
        description="File with your own labels, as for `slimgate train --labels`. The tuner measures the "
        "failure rate on them.",
    )
    answer_reserve_tokens: int = Field(
        256, ge=1, description="Tokens of the local context reserved for the answer if the request sets no max_tokens."
    )
    max_first_token_s: float = Field(
        10.0,
        gt=0,
        le=LONGEST_FIRST_TOKEN_S,
        description="Longest time until the local model's first token, in seconds: the queue, then the part of the "
        "prompt that it has not read yet. If the estimate is longer, the cloud answers.",
    )
    hosted_tools: Literal["drop", "refuse"] = Field(
        "drop",
        description="What happens to tools that a provider runs (web_search) if /v1/responses is answered by a "
        "model that has none: drop leaves them out and says so in x-slimgate-warning, refuse is a 400.",
    )
    second_look: SecondLookSettings = SecondLookSettings()
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description="Model names that clients send, and their meaning: auto, auto with its own threshold, its own "
        'limit on the time to the first token, or both, local, or cloud. {"gpt-4o": "auto", "gpt-4o-mini": '
        '"auto:0.8", "quick": "auto:2s", "quick-mini": "auto:0.8:2s", "claude-*": "auto"}.',
    )

    @field_validator("aliases")
    @classmethod
    def _mean_something(cls, aliases: dict[str, str]) -> dict[str, str]:
        for alias, meaning in aliases.items():
            if alias in PINS or alias.startswith(AUTO_AT):
                raise ValueError(f"{alias!r} has a meaning of its own, so it cannot be an alias")
            if meaning not in PINS and (not meaning.startswith(AUTO_AT) or auto_terms(meaning) is None):
                raise ValueError(
                    f"{meaning!r} must be auto, auto:THRESHOLD such as auto:0.4, auto:SECONDSs such as auto:5s, both "
                    "(auto:0.4:5s), local, or cloud"
                )
        return aliases

    @model_validator(mode="after")
    def _what_is_for_it(self) -> Self:
        if self.threshold_for is not None and self.threshold is None:
            raise ValueError("threshold_for is set, but threshold is not")
        return self


class PrivacySettings(Section):
    """Requests that may not leave this machine: the local model answers them, or they are refused."""

    local_only: bool = Field(False, description="Whether no request at all may leave this machine.")
    detect: list[Sensitive] = Field(
        default_factory=list,
        description="Private data that keep a request on this machine if they are found in it: "
        + ", ".join(Sensitive)
        + ". The detector misses names and stories, so it is no guarantee. Default: nothing.",
    )
    media_may_leave: bool = Field(
        False,
        description="Whether images, audio, files and token numbers may leave although the detector cannot "
        "read them. Default: if a detector is configured, they stay.",
    )
