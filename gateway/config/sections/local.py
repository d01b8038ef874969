"""`[local]` and `[embeddings]`: the model on this side, and who makes embeddings."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from gateway.config.sections.section import ApiKey, Section
from models.engine.options import (
    DEFAULT_MAX_GAP_S,
    MAX_SEQUENCES,
    FlashAttention,
    KvCacheType,
    PromptLookup,
    check_cache,
    check_deterministic,
)
from models.wire.backend import MAX_ANSWER_BYTES
from router.decision import Feature


class LocalSettings(Section):
    """The small model, on this machine or on a server of yours."""

    enabled: bool = Field(True, description="Whether there is a local model.")
    model_path: Path | None = Field(
        None, description="GGUF file for the built-in engine. Default: the bundled SmolLM2-135M-Instruct."
    )
    base_url: str | None = Field(
        None,
        description="An OpenAI-compatible server (vLLM, Ollama, llama-server) to use instead of the built-in engine, "
        "such as http://127.0.0.1:11434/v1; unix:/path/to.sock for `slimgate engine --uds`.",
    )
    base_urls: list[str] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Several servers with the same model, in place of `base_url`: each request goes to the one that "
        "would answer first.",
    )
    model: str | None = Field(
        None, description="The model's name at `base_url`. Default: the first that the server lists."
    )
    use_proxy: bool = Field(
        False,
        description="Whether requests to `base_url` may use the proxies in HTTP_PROXY and HTTPS_PROXY. A "
        "proxy sees all texts, also private ones.",
    )
    api_key: ApiKey | None = Field(
        None,
        description="Bearer token for `base_url`; also the key that `slimgate engine` requires on a port. "
        "Environment only.",
    )
    features: list[Feature] | None = Field(
        None,
        description="What the model at `base_url` can do beyond text, such as images. Default: what the "
        "server lists, or else tools and JSON.",
    )
    rename_params: dict[str, str] | None = Field(
        None,
        description="Request fields that the server at `base_url` calls by another name. Default: "
        '{"max_completion_tokens": "max_tokens"}, which all such servers know.',
    )
    drop_params: list[str] | None = Field(
        None, description="Request fields that the server at `base_url` refuses. Default: learnt from its refusals."
    )
    n_ctx: int | None = Field(
        None, ge=128, description="Context window in tokens. Default: what the model was trained for, at most 8192."
    )
    n_threads: int | None = Field(
        None, ge=1, le=512, description="CPU threads. Default: what tuning finds best, else the machine's cores."
    )
    n_ubatch: int | None = Field(
        None, ge=16, le=512, description="Tokens that llama.cpp computes at once. Default: what tuning finds best."
    )
    repack: bool | None = Field(
        None,
        description="Whether weights are repacked for the processor, in a second copy. Default: what tuning finds "
        "best, else yes, unless that crashes or memory is short.",
    )
    tune: bool = Field(
        True,
        description="Whether the engine tries settings that are left open with a model of more than 512 MiB at its "
        "first start on a machine (up to two minutes), and keeps the best.",
    )
    max_gap_s: float = Field(
        DEFAULT_MAX_GAP_S,
        ge=0.05,
        le=10,
        description="Longest pause between two tokens of an answer while the engine reads other prompts, in seconds. "
        "A shorter one makes reading slower.",
    )
    prompt_lookup: PromptLookup = Field(
        PromptLookup.AUTO,
        description="Whether tokens that an answer may copy from its prompt are computed ahead: auto (where that is "
        "faster, by measurement) or off. It changes no answer beyond rounding.",
    )
    n_gpu_layers: int | None = Field(
        None, ge=-1, description="Layers on the GPU; -1 is all. Default: all if llama.cpp was built for a GPU."
    )
    reencode: bool = Field(
        True,
        description="Whether to convert the weights of a small model to Q8_0 (in state_dir/weights) if "
        "llama.cpp computes their encoding slowly (Q4_1, Q5_1): more tokens a second for half as "
        "much memory again.",
    )
    flash_attention: FlashAttention = Field(
        FlashAttention.AUTO,
        description="Attention in one pass: on, off, or auto (what tuning finds best, else used if model and device "
        "support it).",
    )
    kv_cache_type: KvCacheType = Field(
        KvCacheType.F16,
        description="Number type of the KV cache: f16, bf16, f32, q8_0 (half of f16's memory), q4_0 (a third, "
        "and worse answers). The last two need flash attention.",
    )
    deterministic: bool = Field(
        False,
        description="Whether equal requests to the built-in engine get equal answers whatever ran before or beside "
        "them (temperature 0, or a seed). No prompt's beginning is reused, so conversations are computed anew each "
        "turn; fewer answers run at a time; the processor computes.",
    )
    max_sequences: int = Field(
        8, ge=1, le=MAX_SEQUENCES, description="Answers generated at the same time, in one batch."
    )
    max_concurrent: int = Field(256, ge=1, description="Requests to `base_url` at the same time.")
    max_queue: int = Field(256, ge=0, description="Requests that may wait while `max_concurrent` are running.")
    ready_timeout_s: float = Field(
        60.0,
        gt=0,
        description="How long a request waits for a starting engine if no other side can answer, in seconds.",
    )
    first_byte_timeout_s: float = Field(
        120.0,
        gt=0,
        description="Longest silence before a stream begins, in seconds. The built-in engine is silent only while it "
        "makes no progress.",
    )
    chunk_timeout_s: float = Field(60.0, gt=0, description="Longest silence within a stream, in seconds.")
    total_timeout_s: float = Field(
        600.0, gt=0, description="Longest silence before and within an unstreamed answer, in seconds."
    )
    max_answer_bytes: int = Field(
        MAX_ANSWER_BYTES,
        ge=1024,
        description="Largest answer accepted, streamed or not, in bytes; a longer one is an error.",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_servers_once(cls, values: Any) -> Any:
        """Whoever needs one of several servers takes the first."""
        urls = values.get("base_urls") if isinstance(values, dict) else None
        if not urls or not isinstance(urls, list):
            return values
        if values.get("base_url") not in (None, urls[0]):
            raise ValueError("base_url and base_urls are both set: name all servers in base_urls")
        if len({str(url).rstrip("/") for url in urls}) < len(urls):
            raise ValueError("base_urls names a server twice")
        return {**values, "base_url": urls[0]}

    @model_validator(mode="after")
    def _cache_can_be_read(self) -> Self:
        check_cache(self.flash_attention, self.kv_cache_type)
        if self.deterministic:
            check_deterministic(self.flash_attention, self.n_gpu_layers)
        return self


class EmbeddingsSettings(Section):
    """The model for embeddings. They are not routed: vectors of two models cannot be mixed."""

    backend: Literal["local", "cloud"] | None = Field(
        None,
        description="The side that answers /v1/embeddings. Default: OpenAI, if it is the cloud; else embeddings are "
        "refused.",
    )
    model: str | None = Field(
        None, description="That side's model for embeddings. Default for local: the local model itself."
    )
