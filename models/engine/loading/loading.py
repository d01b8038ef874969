"""From a GGUF file to a model and its KV cache, both tested by a real decode."""

import logging
from dataclasses import dataclass

import numpy as np

from models.engine.errors import ModelLoadError, TemplateError
from models.engine.loading.reencode import faster_weights
from models.engine.native.llama import Context, DecodeStatus, Model, StepBatch, gpu_offload_supported, library
from models.engine.native.machine import usable_cores
from models.engine.options import EngineOptions, FlashAttention
from models.engine.prompt.call_format import TAGS
from models.engine.prompt.template_process import TemplateProcess

logger = logging.getLogger(__name__)

DEFAULT_MAX_CTX = 8192
DEFAULT_CELLS_BYTES = 512 * 1024 * 1024
BATCH_TOKENS = 512
PROCESSOR_UBATCH = 48
"""On the processor, batches below 64 tokens make llama.cpp sum attention in an order that does not depend on how many
tokens are computed together. A prompt computed in chunks, or beside others, then gives exactly the same logits as alone
and in one go. It costs 5 % of prefill speed (measured); on a GPU small batches would cost most of it."""
CELL_STEP = 256
"""llama.cpp rounds contexts up to a multiple of this."""

MIN_KEPT = 32
ALL_LAYERS = -1


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tokens of context: `n_ctx` for one request, `n_cells` for all requests together, of which `n_answers` run."""

    n_ctx: int
    n_cells: int
    n_answers: int


def choose_sizes(options: EngineOptions, *, n_ctx_train: int, n_ctx_short: int | None, cell_bytes: int) -> Sizes:
    """Choose the sizes that `options` leaves open.

    Parameters
    ----------
    n_ctx_train : int
        The longest context that the model was trained on.
    n_ctx_short : int, optional
        If the model's context was extended after its first training, the length before that. llama.cpp chooses the
        scaling of positions by the size of the whole context, so a larger one worsens short prompts.
    cell_bytes : int
        Memory of one KV cell.

    Examples
    --------
    >>> from pathlib import Path
    >>> small = EngineOptions(model_path=Path("smollm2.gguf"))
    >>> choose_sizes(small, n_ctx_train=8192, n_ctx_short=None, cell_bytes=23040)
    Sizes(n_ctx=8192, n_cells=16384, n_answers=8)

    A quantised cache holds more for the same memory:

    >>> choose_sizes(small, n_ctx_train=8192, n_ctx_short=None, cell_bytes=12240)
    Sizes(n_ctx=8192, n_cells=40960, n_answers=8)

    Where each answer has cells of its own, fewer run:

    >>> from dataclasses import replace
    >>> apart = replace(small, deterministic=True)
    >>> choose_sizes(apart, n_ctx_train=8192, n_ctx_short=None, cell_bytes=23040)
    Sizes(n_ctx=8192, n_cells=16384, n_answers=2)
    """
    n_ctx = options.n_ctx or min(n_ctx_train, n_ctx_short or n_ctx_train, DEFAULT_MAX_CTX)
    affordable = DEFAULT_CELLS_BYTES // (max(1, cell_bytes) * n_ctx)
    n_cells = options.n_cells or n_ctx * max(1, min(options.max_sequences, affordable))
    if options.deterministic:
        own = _rounded(n_ctx)
        n_answers = max(1, min(options.max_sequences, n_cells // own))
        return Sizes(n_ctx, n_answers * own, n_answers)
    if n_ctx_short and options.n_cells is None and n_ctx <= n_ctx_short:
        n_cells = min(n_cells, n_ctx_short)
    return Sizes(n_ctx, _rounded(max(n_cells, n_ctx)), options.max_sequences)


def _rounded(n_cells: int) -> int:
    return -(-n_cells // CELL_STEP) * CELL_STEP


@dataclass(slots=True)
class Loaded:
    """A model and its context, ready for the scheduler."""

    model: Model
    context: Context
    sizes: Sizes
    n_threads: int
    n_gpu_layers: int

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
    model = Model(path, n_gpu_layers=n_gpu_layers, use_extra_bufts=use_extra_bufts, visible_control_tokens=TAGS)
    if model.is_encoder:
        raise ModelLoadError(
            f"{model.path.name} is an encoder-only model ({model.architecture}): it makes embeddings and cannot chat. "
            "Name a chat model"
        )
    if not model.usable:
        raise ModelLoadError(f"{model.path.name} is not a model that continues text ({model.architecture})")
    sizes = choose_sizes(
        options,
        n_ctx_train=model.n_ctx_train,
        n_ctx_short=model.number("rope.scaling.original_context_length"),
        cell_bytes=model.cell_bytes(options.kv_cache_type),
    )
    if sizes.n_ctx > model.n_ctx_train:
        logger.warning("n_ctx %d is more than the model was trained for (%d)", sizes.n_ctx, model.n_ctx_train)
    context = Context(
        model,
        n_ctx=sizes.n_cells,
        n_sequences=sizes.n_answers + _n_kept(options, model),
        n_batch=min(BATCH_TOKENS, sizes.n_cells),
        n_ubatch=BATCH_TOKENS if n_gpu_layers else PROCESSOR_UBATCH,
        n_threads=n_threads,
        flash_attention=FlashAttention.ON if options.deterministic else options.flash_attention,
        kv_cache_type=options.kv_cache_type,
        unified=not options.deterministic,
    )
    return Loaded(model, context, sizes, n_threads, n_gpu_layers)


def _n_kept(options: EngineOptions, model: Model) -> int:
    """How many finished sequences the prefix cache keeps."""
    keeps = options.prefix_cache and not options.deterministic and model.can_share_prefixes
    return max(MIN_KEPT, options.max_sequences) if keeps else 0


def self_test(loaded: Loaded) -> None:
    """Compute a prompt, then single tokens of several sequences: every kind of batch that serving uses.

    Some builds crash here (on an instruction that the processor announces and does not have). That must happen before
    the engine reports ready.

    Raises
    ------
    ModelLoadError
        If the result is unusable.
    """
    context, n_vocab = loaded.context, loaded.model.n_vocab
    batch = StepBatch(context.n_batch, context.n_sequences)
    prompt = [token % n_vocab for token in range(min(64, context.n_batch))]
    sequences = range(min(2, context.n_sequences))
    batch.add(0, prompt, 0, wants_output=True)
    _must_decode(context, batch)
    context.clear()
    for position in range(2):
        batch.clear()
        for sequence in sequences:
            batch.add(sequence, [1 % n_vocab], position, wants_output=True)
        _must_decode(context, batch)
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
