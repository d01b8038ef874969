"""What the engine is told, and what it tells about itself. Plain values that travel between two processes as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

MAX_SEQUENCES = 128
"""llama.cpp numbers 256 sequences; half of them are left for what is kept for reuse."""

WEIGHTS = "weights"
"""Folder of a state directory in which `EngineOptions.weights_dir` is."""


class FlashAttention(StrEnum):
    """Whether attention is computed in one pass, without writing its scores down: less memory, mostly faster."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class KvCacheType(StrEnum):
    """How numbers of the context are kept: fewer bits, more tokens in the same memory, and a little less exactness."""

    F16 = "f16"
    BF16 = "bf16"
    F32 = "f32"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"

    @property
    def quantised(self) -> bool:
        """Whether numbers are kept in blocks with a common scale, which only flash attention reads."""
        return self in (KvCacheType.Q8_0, KvCacheType.Q4_0)


def check_cache(flash_attention: FlashAttention, kv_cache_type: KvCacheType) -> None:
    """Refuse a pair that llama.cpp cannot compute.

    Raises
    ------
    ValueError
        With the cure.
    """
    if kv_cache_type.quantised and flash_attention is FlashAttention.OFF:
        raise ValueError(
            f"kv_cache_type {kv_cache_type} needs flash attention, and flash_attention is off: "
            "set flash_attention to auto, or kv_cache_type to f16"
        )


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to run one model.

    Attributes
    ----------
    model_path : Path
        GGUF file (the first, where it is split).
    n_ctx : int, optional
        Most tokens that one request may use, prompt and answer together. Default: what the model was trained for, at
        most 8192.
    n_cells : int, optional
        Tokens that all requests together may occupy. Default: as many whole contexts as fit half a gibibyte, at least
        one and at most `max_sequences`.
    n_threads : int, optional
        Threads that compute. Default: the processor's cores that this process may use.
    n_gpu_layers : int, optional
        Layers on the GPU, negative for all. Default: all where llama.cpp was built with a GPU and they fit.
    flash_attention : FlashAttention
        `AUTO` leaves it to llama.cpp, which uses it wherever the model and the device can.
    kv_cache_type : KvCacheType
        How the context is kept; a quantised one needs flash attention.
    max_sequences : int
        Answers generated at the same time.
    max_queue : int
        Answers that may wait for their turn; beyond that callers are told to come back later.
    model_name : str, optional
        The name to serve it under. Default: the file's, without its ending.
    chat_template : Path, optional
        Jinja file to use instead of the template that came with the model.
    max_body_bytes : int
        Largest request accepted.
    step_timeout_s : float
        A step of the model that takes longer is taken for dead, and the process with it.
    prefix_cache : bool
        Keep what was computed, so that requests which begin alike need not compute it again.
    weights_dir : Path, optional
        Where a small model's weights may be kept in an encoding that the processor computes faster (`reencode`).
        Default: they are computed as they are.
    """

    model_path: Path
    n_ctx: int | None = None
    n_cells: int | None = None
    n_threads: int | None = None
    n_gpu_layers: int | None = None
    flash_attention: FlashAttention = FlashAttention.AUTO
    kv_cache_type: KvCacheType = KvCacheType.F16
    max_sequences: int = 8
    max_queue: int = 64
    model_name: str | None = None
    chat_template: Path | None = None
    max_body_bytes: int = 32 * 1024 * 1024
    step_timeout_s: float = 120.0
    prefix_cache: bool = True
    weights_dir: Path | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_sequences <= MAX_SEQUENCES:
            raise ValueError(f"max_sequences must be between 1 and {MAX_SEQUENCES}, got {self.max_sequences}")
        if self.n_ctx is not None and self.n_ctx < 1:
            raise ValueError(f"n_ctx must be positive, got {self.n_ctx}")
        check_cache(self.flash_attention, self.kv_cache_type)

    @property
    def name(self) -> str:
        """What the model is served under."""
        return self.model_name or _stem(self.model_path)

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "EngineOptions":
        """What `to_json` gave."""
        names = ("model_path", "chat_template", "weights_dir")
        paths = {name: Path(values[name]) for name in names if values.get(name)}
        cache = {
            "flash_attention": FlashAttention(values["flash_attention"]),
            "kv_cache_type": KvCacheType(values["kv_cache_type"]),
        }
        return cls(**{**values, **paths, **cache})


def _stem(path: Path) -> str:
    """A file's name without ending, and without the count of a split file.

    >>> _stem(Path("models/phi-4-Q4_K_M-00001-of-00002.gguf"))
    'phi-4-Q4_K_M'
    """
    name, _, count = path.stem.rpartition("-of-")
    return name.rpartition("-")[0] if name and count.isdecimal() else path.stem


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the running engine found out about itself and its model, most of it by trying.

    Attributes
    ----------
    model : str
        The name it is served under.
    n_ctx : int
        Most tokens that one request may use.
    features : frozenset of str
        What requests may ask beyond text: the values of the router's `Feature`.
    probed : bool
        Whether `features` are all; else some are still being tried, while requests are served.
    n_cells : int
        Tokens that all requests together may occupy.
    cells_bytes : int
        Memory that these take, about.
    use_extra_bufts : bool
        Whether weights are repacked for the processor.
    system_info : str
        The build of llama.cpp and the instruction sets it uses.
    """

    model: str
    n_ctx: int
    features: frozenset[str] = field(default_factory=frozenset)
    probed: bool = True
    n_cells: int = 0
    cells_bytes: int = 0
    flash_attention: str = FlashAttention.AUTO
    kv_cache_type: str = KvCacheType.F16
    max_sequences: int = 1
    n_params: int = 0
    size_bytes: int = 0
    n_ctx_train: int = 0
    architecture: str = ""
    n_threads: int = 0
    n_gpu_layers: int = 0
    use_extra_bufts: bool = True
    system_info: str = ""

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        return {**asdict(self), "features": sorted(self.features)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "EngineInfo":
        """What `to_json` gave; keys of another version are left out."""
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        return cls(**{**known, "features": frozenset(values.get("features", ()))})
