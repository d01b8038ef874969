"""The arguments of the application in a Serve configuration, and the engine's options that follow from them."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from models.catalogue.bundled import bundled_model_path
from models.engine.options import MAX_SEQUENCES, EngineOptions

BUSY_SHARE = 0.75
"""How full an engine is, on the average, before Ray starts another replica."""


class Arguments(BaseModel):
    """``args`` of the application; every name that is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    model_path: Path | None = Field(
        None, description="GGUF file, under the same path on each node. Default: the bundled SmolLM2-135M-Instruct."
    )
    engine: dict[str, Any] = Field(
        default_factory=dict, description="Other options of the engine, as `EngineOptions` names them: n_ctx, …"
    )
    max_sequences: int = Field(8, ge=1, le=MAX_SEQUENCES, description="Answers that a replica generates together.")
    max_queue: int = Field(
        8,
        ge=0,
        description="Requests that may wait at a replica; more wait at the ingress, for the first place anywhere.",
    )
    max_waiting: int = Field(64, ge=1, description="Requests that may wait at an ingress; more get a 503.")
    min_replicas: int = Field(1, ge=1)
    max_replicas: int = Field(4, ge=1)
    target_ongoing_requests: float | None = Field(
        None, gt=0, description="Requests in hand at each replica that Ray aims at. Default: 3/4 of max_sequences."
    )
    upscale_delay_s: float = Field(5.0, ge=0)
    downscale_delay_s: float = Field(300.0, ge=0)
    look_back_period_s: float = Field(15.0, gt=0, description="Ray takes the average of so many seconds.")
    num_cpus: float = Field(2.0, ge=0, description="CPUs that Ray sets aside for a replica; the engine's threads.")
    num_gpus: float = Field(0.0, ge=0, description="GPUs that Ray sets aside for a replica.")
    ready_timeout_s: float = Field(600.0, gt=0, description="How long an engine may take to load its model.")
    drain_s: float = Field(300.0, ge=0, description="How long a replica that is stopped may finish its answers.")
    ingress_replicas: int = Field(1, ge=1)
    ingress_num_cpus: float = Field(0.5, ge=0)
    allow_anonymous: bool = Field(False, description="Serve without a key.")
    allowed_hosts: list[str] = Field(
        default_factory=list, description="Host names that callers use where there is no key; addresses always may."
    )

    @property
    def ongoing_target(self) -> float:
        """Requests in hand at each replica that Ray aims at."""
        return self.target_ongoing_requests or max(1.0, BUSY_SHARE * self.max_sequences)

    @property
    def engine_values(self) -> dict[str, Any]:
        """Values for `engine_options`, which a replica makes of them on its own node."""
        own = {"max_sequences": self.max_sequences, "max_queue": self.max_queue}
        path = {} if self.model_path is None else {"model_path": str(self.model_path)}
        return {"n_threads": max(1, round(self.num_cpus)), **self.engine, **own, **path}


def engine_options(values: Mapping[str, Any]) -> EngineOptions:
    """The options of an engine on this machine.

    Raises
    ------
    ValueError
        Naming the option that is not known, or has a wrong value.
    ExtraMissingError
        If the bundled model is wanted and not installed.

    >>> engine_options({"model_path": "phi.gguf", "n_context": 5})
    Traceback (most recent call last):
    ValueError: args.engine has no option n_context
    """
    names = {field.name for field in fields(EngineOptions)}
    if unknown := sorted(values.keys() - names):
        raise ValueError(f"args.engine has no option {', '.join(unknown)}")
    path = values.get("model_path") or bundled_model_path()
    return TypeAdapter(EngineOptions).validate_python({**values, "model_path": path})
