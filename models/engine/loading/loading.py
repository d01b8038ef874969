"""From a GGUF file to a model and its KV cache, both tested by a real decode."""

import logging
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from models.engine.errors import ModelLoadError, TemplateError
from models.engine.keeping import MIN_KEPT
from models.engine.loading.header import Header, read_header
from models.engine.loading.memory import (
    BATCH_TOKENS,
    PROCESSOR_UBATCH,
    MemoryPlan,
    has_room_to_repack,
    plan_memory,
    whole_context,
)
from models.engine.loading.reencode import faster_weights
from models.engine.native.llama import Context, DecodeStatus, Model, StepBatch, gpu_offload_supported, library
from models.engine.native.machine import free_memory_bytes, usable_cores
from models.engine.options import EngineOptions, FlashAttention
from models.engine.prompt.call_format import TAGS
from models.engine.prompt.template_process import TemplateProcess

logger = logging.getLogger(__name__)

ALL_LAYERS = -1


@dataclass(slots=True)
class Loaded:
    """A model and its context, ready for the scheduler.

    `reading_tokens_per_s` and `writing_tokens_per_s` are what the self-test measured, of writing for one answer. A long
    prompt is read faster.
    """

    model: Model
    context: Context
    memory: MemoryPlan
    n_threads: int
    n_gpu_layers: int
    n_ubatch: int
    use_extra_bufts: bool
    reading_tokens_per_s: float = 0.0
    writing_tokens_per_s: float = 0.0

    def close(self) -> None:
        """Free the memory."""
        self.context.close()
        self.model.close()


def load(options: EngineOptions, *, use_extra_bufts: bool) -> Loaded:
    """Load the weights and make the context.

    If the number of GPU layers is left open and the GPU has no room, all layers stay on the processor.

    Raises
    ------
    ModelLoadError
        With the reason.
    """
    if options.n_gpu_layers is not None:
        return _load(options, use_extra_bufts, options.n_gpu_layers)
    if options.deterministic:
        return _load(options, use_extra_bufts, 0)
    if not gpu_offload_supported():
        return _load(options, use_extra_bufts, 0)
    try:
        return _load(options, use_extra_bufts, ALL_LAYERS)
    except ModelLoadError as exc:
        logger.warning("the model does not fit the GPU and runs on the processor: %s", exc)
        return _load(options, use_extra_bufts, 0)


def _load(options: EngineOptions, use_extra_bufts: bool, n_gpu_layers: int) -> Loaded:
    n_threads = options.n_threads or usable_cores()
    path = options.model_path
    if options.weights_dir is not None and n_gpu_layers == 0:
        path = faster_weights(path, options.weights_dir, n_threads=n_threads)
    n_ubatch = options.n_ubatch or (BATCH_TOKENS if n_gpu_layers else PROCESSOR_UBATCH)
    options = replace(options, n_ubatch=n_ubatch)
    header = read_header(path)
    use_extra_bufts = use_extra_bufts and (options.repack is True or has_room_to_repack(options, header))
    memory = plan_memory(options, header, repack=use_extra_bufts and not n_gpu_layers, on_gpu=n_gpu_layers != 0)
    _warn_of_size(memory, options, header)
    model = Model(path, n_gpu_layers=n_gpu_layers, use_extra_bufts=use_extra_bufts, visible_control_tokens=TAGS)
    if model.is_encoder:
        raise ModelLoadError(
            f"{model.path.name} is an encoder-only model ({model.architecture}): it makes embeddings and cannot chat. "
            "Name a chat model"
        )
    if not model.usable:
        raise ModelLoadError(f"{model.path.name} is not a model that continues text ({model.architecture})")
    context = Context(
        model,
        n_ctx=memory.n_cells,
        n_sequences=memory.n_answers + _n_kept(options, model),
        n_batch=min(BATCH_TOKENS, memory.n_cells),
        n_ubatch=n_ubatch,
        n_threads=n_threads,
        flash_attention=FlashAttention.ON if options.deterministic else options.flash_attention,
        kv_cache_type=options.kv_cache_type,
        unified=not options.deterministic,
    )
    return Loaded(model, context, memory, n_threads, n_gpu_layers, n_ubatch, use_extra_bufts)


def _warn_of_size(memory: MemoryPlan, options: EngineOptions, header: Header) -> None:
    if memory.n_ctx > header.n_ctx_train:
        logger.warning("n_ctx %d is more than the model was trained for (%d)", memory.n_ctx, header.n_ctx_train)
    if memory.n_ctx < (whole := whole_context(options, header)):
        logger.warning(
            "memory is short: the context is %d tokens instead of %d; the model takes %.1f GB, and %.1f GB are free",
            *(memory.n_ctx, whole, memory.total_bytes / 1e9, free_memory_bytes() / 1e9),
        )


def _n_kept(options: EngineOptions, model: Model) -> int:
    """How many finished sequences the prefix cache keeps."""
    keeps = options.prefix_cache and not options.deterministic and model.can_share_prefixes
    return max(MIN_KEPT, options.max_sequences) if keeps else 0


def self_test(loaded: Loaded) -> None:
    """Compute single tokens of several sequences, then a prompt: every kind of batch that serving uses. Both are timed.

    Some builds crash here (on an instruction that the processor announces and does not have). That must happen before
    the engine reports ready.

    Raises
    ------
    ModelLoadError
        If the result is unusable.
    """
    context, n_vocab = loaded.context, loaded.model.n_vocab
    batch = StepBatch(context.n_batch, context.n_sequences)
    started = perf_counter()
    for position in range(2):  # the first step brings the weights into memory
        started = perf_counter()
        batch.clear()
        for sequence in range(min(2, context.n_sequences)):
            batch.add(sequence, [1 % n_vocab], position, wants_output=True)
        _must_decode(context, batch)
    loaded.writing_tokens_per_s = 1 / (perf_counter() - started)
    context.clear()
    batch.clear()
    prompt = [token % n_vocab for token in range(min(64, context.n_batch))]
    batch.add(0, prompt, 0, wants_output=True)
    started = perf_counter()
    _must_decode(context, batch)
    loaded.reading_tokens_per_s = len(prompt) / (perf_counter() - started)
    context.clear()


def _must_decode(context: Context, batch: StepBatch) -> None:
    if context.decode(batch) is not DecodeStatus.OK:
        raise ModelLoadError("the model loads, but its first step failed")
    if not np.isfinite(context.logits(batch.n_tokens - 1)).all():
        raise ModelLoadError("the model loads, but its logits are not finite: the weights are damaged")


def make_template(model: Model, options: EngineOptions) -> TemplateProcess | None:
    """The template in `options`, else the model's own, tested on a short conversation; None if there is neither.

    Raises
    ------
    TemplateError
        If it fails on the simplest conversation.
    """
    source = options.chat_template.read_text("utf-8") if options.chat_template else model.chat_template
    if source is None:
        return None
    template = TemplateProcess(source, bos=model.text_of_special(model.bos), eos=model.text_of_special(model.eos))
    if "ping" not in template.render([{"role": "user", "content": "ping"}]):
        raise TemplateError("the model's chat template leaves the user's message out")
    return template


def llama_cpp_version() -> str:
    """The version of llama-cpp-python."""
    library()
    import llama_cpp

    return str(llama_cpp.__version__)
