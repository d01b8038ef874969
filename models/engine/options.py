"""The engine's options, and what it reports about itself: plain values that two processes exchange as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

MAX_SEQUENCES = 128
"""llama.cpp allows 256 sequences; half of them are left to the prefix cache."""

DEFAULT_MAX_GAP_S = 1.0

WEIGHTS = "weights"
"""The folder of a state directory that is used as `EngineOptions.weights_dir`."""


class FlashAttention(StrEnum):
    """Whether attention is computed in one pass, without storing its scores: less memory, mostly faster."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class PromptLookup(StrEnum):
    """Whether tokens that an answer may copy from its prompt are computed ahead, several in a step."""

    AUTO = "auto"
    OFF = "off"


class KvCacheType(StrEnum):
    """The type of numbers in the KV cache: fewer bits hold more tokens in the same memory, a little less exactly."""

    F16 = "f16"
    BF16 = "bf16"
    F32 = "f32"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"

    @property
    def quantised(self) -> bool:
        """Whether numbers are stored in blocks with a common scale, which only flash attention can read."""
        return self in (KvCacheType.Q8_0, KvCacheType.Q4_0)


def check_cache(flash_attention: FlashAttention, kv_cache_type: KvCacheType) -> None:
    """Refuse a combination that llama.cpp cannot compute.

    Raises
    ------
    ValueError
        The message says how to fix it.
    """
    if kv_cache_type.quantised and flash_attention is FlashAttention.OFF:
        raise ValueError(
            f"kv_cache_type {kv_cache_type} needs flash attention, and flash_attention is off: "
            "set flash_attention to auto, or kv_cache_type to f16"
        )


def check_deterministic(flash_attention: FlashAttention, n_gpu_layers: int | None) -> None:
    """Refuse what makes the order of a sum depend on other requests.

    Raises
    ------
    ValueError
        The message says how to fix it.
    """
    if flash_attention is FlashAttention.OFF:
        raise ValueError("deterministic needs flash attention, and flash_attention is off: set it to auto")
    if n_gpu_layers:
        raise ValueError("deterministic holds on the processor only: leave n_gpu_layers out, or set it to 0")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to run one model.

    Attributes
    ----------
    model_path : Path
        GGUF file; of a split model, the first.
    n_ctx : int, optional
        Most tokens of one request, prompt and answer together. Default: what the model was trained for, at most 8192.
    n_cells : int, optional
        KV cells for all requests together. Default: at least one whole context, more by the memory that is free
        (`loading.memory`).
    n_threads : int, optional
        Threads that compute. Default: what tuning found best, else the cores that this process may use.
    n_ubatch : int, optional
        Tokens that llama.cpp computes at once. Default: what tuning found best.
    repack : bool, optional
        Whether weights are repacked for the processor, in a second copy. Default: what tuning found best, else yes,
        unless that crashes on this machine.
    tune : bool
        Whether a large model's settings that are left open are chosen by trying them, once (`process.tuning`).
    n_gpu_layers : int, optional
        Layers on the GPU, negative for all. Default: all, if llama.cpp was built for a GPU and they fit.
    flash_attention : FlashAttention
        `AUTO` is what tuning found best, else llama.cpp uses it if the model and the device can.
    kv_cache_type : KvCacheType
        The type of numbers in the KV cache; a quantised one needs flash attention.
    deterministic : bool
        Give each answer KV cells of its own, in order, so that equal requests get equal answers whatever ran before or
        beside them. No prefix is reused, `max_sequences` falls to what has room, and the processor computes.
    max_sequences : int
        Answers generated at the same time.
    max_queue : int
        Answers that may wait; further requests are refused as busy.
    model_name : str, optional
        The name that the model is served under. Default: the file's, without its extension.
    chat_template : Path, optional
        Jinja file to use instead of the model's own template.
    max_body_bytes : int
        Largest request accepted.
    step_timeout_s : float
        If a step of the model takes longer, the process is stuck and is ended.
    max_gap_s : float
        Longest that an answer may wait for its next token while prompts are read, in seconds.
    prompt_lookup : PromptLookup
        `AUTO` computes tokens ahead where it pays and the model's memory can be cut back; not with `deterministic`.
    prefix_cache : bool
        Keep the KV cells of finished answers for requests with the same prefix.
    reads_per_s, writes_per_s : float
        Tokens a second that tuning measured, of a prompt and of an answer; 0 where it did not. They are what the engine
        says of its speed before it has measured it.
    weights_dir : Path, optional
        The folder for a small model's weights in an encoding that the processor computes faster (`reencode`). Default:
        the weights are used as they are.
    """

    model_path: Path
    n_ctx: int | None = None
    n_cells: int | None = None
    n_threads: int | None = None
    n_ubatch: int | None = None
    repack: bool | None = None
    tune: bool = True
    n_gpu_layers: int | None = None
    flash_attention: FlashAttention = FlashAttention.AUTO
    kv_cache_type: KvCacheType = KvCacheType.F16
    deterministic: bool = False
    max_sequences: int = 8
    max_queue: int = 64
    model_name: str | None = None
    chat_template: Path | None = None
    max_body_bytes: int = 32 * 1024 * 1024
    step_timeout_s: float = 120.0
    max_gap_s: float = DEFAULT_MAX_GAP_S
    prompt_lookup: PromptLookup = PromptLookup.AUTO
    prefix_cache: bool = True
    reads_per_s: float = 0.0
    writes_per_s: float = 0.0
    weights_dir: Path | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_sequences <= MAX_SEQUENCES:
            raise ValueError(f"max_sequences must be between 1 and {MAX_SEQUENCES}, got {self.max_sequences}")
        if self.n_ctx is not None and self.n_ctx < 1:
            raise ValueError(f"n_ctx must be positive, got {self.n_ctx}")
        check_cache(self.flash_attention, self.kv_cache_type)
        if self.deterministic:
            check_deterministic(self.flash_attention, self.n_gpu_layers)

    @property
    def name(self) -> str:
        """The name that the model is served under."""
        return self.model_name or _stem(self.model_path)

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for another process."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "EngineOptions":
        """The options of which `to_json` was called."""
        names = ("model_path", "chat_template", "weights_dir")
        paths = {name: Path(values[name]) for name in names if values.get(name)}
        choices = {
            "flash_attention": FlashAttention(values["flash_attention"]),
            "kv_cache_type": KvCacheType(values["kv_cache_type"]),
            "prompt_lookup": PromptLookup(values["prompt_lookup"]),
        }
        return cls(**{**values, **paths, **choices})


def _stem(path: Path) -> str:
    """A file's name without its extension, and without the part number of a split model.

    >>> _stem(Path("models/phi-4-Q4_K_M-00001-of-00002.gguf"))
    'phi-4-Q4_K_M'
    """
    name, _, count = path.stem.rpartition("-of-")
    return name.rpartition("-")[0] if name and count.isdecimal() else path.stem


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the running engine reports about itself and its model.

    Attributes
    ----------
    model : str
        The name that the model is served under.
    n_ctx : int
        Most tokens of one request.
    features : frozenset of str
        What requests may ask for beyond text: the values of the router's `Feature`.
    probed : bool
        Whether all probes have run; until then more `features` may follow.
    n_cells : int
        KV cells for all requests together.
    cells_bytes : int
        Their memory.
    planned_bytes, resident_bytes : int
        Memory of the process, as it was reckoned before the model was loaded, and as it was afterwards.
    n_ubatch : int
        Tokens that llama.cpp computes at once.
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
    planned_bytes: int = 0
    resident_bytes: int = 0
    flash_attention: str = FlashAttention.AUTO
    kv_cache_type: str = KvCacheType.F16
    max_sequences: int = 1
    deterministic: bool = False
    n_params: int = 0
    size_bytes: int = 0
    n_ctx_train: int = 0
    architecture: str = ""
    n_threads: int = 0
    n_ubatch: int = 0
    n_gpu_layers: int = 0
    use_extra_bufts: bool = True
    system_info: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for another process."""
        return {**asdict(self), "features": sorted(self.features)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "EngineInfo":
        """The info of which `to_json` was called; unknown keys, of another version, are ignored."""
        own_values = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        return cls(**{**own_values, "features": frozenset(values.get("features", ()))})
