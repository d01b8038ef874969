"""How much memory a model will take, and the largest context for which there is room.

Reckoned from the file's header, before anything is loaded: `slimgate models list`, `slimgate doctor` and the engine say
the same, and a model that does not fit is refused before the machine swaps.
"""

from dataclasses import dataclass, replace

from models.engine.errors import ModelLoadError
from models.engine.loading.header import Header
from models.engine.native.machine import free_memory_bytes
from models.engine.options import EngineOptions, FlashAttention

DEFAULT_MAX_CTX = 8192
BATCH_TOKENS = 512
PROCESSOR_UBATCH = 48
"""On the processor, batches below 64 tokens make llama.cpp's flash attention sum in an order that does not depend on
how many tokens are computed together: a prompt read in chunks then gives the same logits as in one go. It costs a small
model 5 % of its reading speed; for a large one the engine measures what is best."""

CELL_STEP = 256
"""llama.cpp rounds contexts up to a multiple of this."""

MIN_CTX = 512
"""The smallest context that is chosen where memory is short; most requests need more."""

TYPICAL_TOKENS = 2048
"""A request of ordinary size, prompt and answer: more context than this for each of `max_sequences` is not taken."""

CONTEXT_SHARE = 1 / 8
"""The share of free memory that context for more than one request of full length may take."""

USABLE = 0.9
"""The share of free memory that a model may take in all."""

PARKED_SHARE = 1 / 16
"""The share of free memory that conversations outside the context may take."""

PROCESS_BYTES = 120_000_000
"""What the engine's process takes without a model: Python and its modules, llama.cpp, templates and requests."""

GPU_CELLS_BYTES = 512 * 1024 * 1024
"""Context for several requests on a GPU, whose free memory is not known here."""

_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """A context and the memory of all parts, in bytes.

    Attributes
    ----------
    n_ctx, n_cells : int
        Tokens of context for one request, and for all requests together.
    n_answers : int
        How many requests run at a time; fewer than `max_sequences` where each has cells of its own.
    weights_bytes : int
        The file's pages, which the system can read again and therefore counts as free if nobody uses them.
    repacked_bytes : int
        The second copy of the weights, in the order in which the processor computes them.
    cells_bytes : int
        The context.
    states_bytes : int
        What answers hold whatever their length; 0 but for recurrent and hybrid models.
    compute_bytes : int
        Intermediate results of one step.
    parked_bytes : int
        What earlier conversations may take in addition, once there are some.
    """

    n_ctx: int
    n_cells: int
    n_answers: int
    weights_bytes: int
    repacked_bytes: int
    cells_bytes: int
    states_bytes: int
    compute_bytes: int
    parked_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """What the engine's process will have in memory, parked conversations aside."""
        context = self.cells_bytes + self.states_bytes
        return self.weights_bytes + self.repacked_bytes + context + self.compute_bytes + PROCESS_BYTES


def plan_memory(
    options: EngineOptions, header: Header, *, repack: bool, on_gpu: bool = False, free_bytes: int | None = None
) -> MemoryPlan:
    """Choose the sizes of the context that `options` leave open, by the memory that is free.

    If there is less than a whole context needs, the context is made smaller, down to `MIN_CTX`; sizes that `options`
    give are never changed.

    Parameters
    ----------
    repack : bool
        Whether weights are repacked for the processor.
    on_gpu : bool
        Whether layers are on a GPU; then nothing is refused, since its memory is not known here.
    free_bytes : int, optional
        Default: what is free now.

    Raises
    ------
    ModelLoadError
        If it does not fit; the message has the numbers, and what would help.
    """
    free = int(USABLE * (free_memory_bytes() if free_bytes is None else free_bytes))
    plan = _fitting_plan(options, header, repack, on_gpu, free)
    return replace(plan, parked_bytes=max(0, min(int(PARKED_SHARE * free), free - plan.total_bytes)))


def _fitting_plan(options: EngineOptions, header: Header, repack: bool, on_gpu: bool, free: int) -> MemoryPlan:
    whole = whole_context(options, header)
    plan = _plan(options, header, whole, max(options.n_cells or 0, whole), repack)
    if on_gpu:
        return _widened(plan, options, header, repack, GPU_CELLS_BYTES)
    if plan.total_bytes <= free:
        return _widened(plan, options, header, repack, int(CONTEXT_SHARE * (free - plan.weights_bytes)))
    if options.n_ctx is None and options.n_cells is None:
        n_ctx = _affordable(options, header, whole, repack, free)
        if n_ctx >= min(MIN_CTX, whole):
            return _plan(options, header, n_ctx, n_ctx, repack)
    raise ModelLoadError(_refusal(options, header, plan, repack, free))


def has_room_to_repack(options: EngineOptions, header: Header) -> bool:
    """Whether a second copy of the weights leaves room for the same context; true where there is no second copy."""
    try:
        without, repacked = (plan_memory(options, header, repack=repack) for repack in (False, True))
    except ModelLoadError:
        return False
    return repacked.n_cells == without.n_cells


def expected_memory(options: EngineOptions, header: Header) -> MemoryPlan:
    """The plan with which the engine will load the model on a processor, for those who only want to know.

    Raises
    ------
    ModelLoadError
        If it does not fit.
    """
    repack = options.repack is True or (options.repack is None and has_room_to_repack(options, header))
    return plan_memory(options, header, repack=repack)


def smallest_plan(options: EngineOptions, header: Header) -> MemoryPlan:
    """The plan with one whole context and no second copy of the weights, whether or not there is room for it."""
    whole = whole_context(options, header)
    return _plan(options, header, whole, max(options.n_cells or 0, whole), repack=False)


def whole_context(options: EngineOptions, header: Header) -> int:
    """Tokens of one request, where there is memory enough."""
    trained = min(header.n_ctx_train, header.n_ctx_short or header.n_ctx_train, DEFAULT_MAX_CTX)
    return options.n_ctx or min(trained, options.n_cells or trained)


def _affordable(options: EngineOptions, header: Header, whole: int, repack: bool, free: int) -> int:
    """The largest context that fits, in whole steps; 0 or less if none does."""
    none, one = (_plan(options, header, n, n, repack).total_bytes for n in (0, CELL_STEP))
    return min(whole, (free - none) // max(1, one - none) * CELL_STEP)


def _widened(plan: MemoryPlan, options: EngineOptions, header: Header, repack: bool, room: int) -> MemoryPlan:
    """`plan` with more whole contexts, as far as they fit `room` and are useful.

    llama.cpp chooses the scaling of positions by the size of the whole context, so that one beyond `n_ctx_short`
    worsens short prompts.
    """
    if options.n_cells is not None:
        return plan
    n_ctx = plan.n_ctx
    useful = -(-options.max_sequences * TYPICAL_TOKENS // n_ctx)
    affordable = room // max(1, header.cell_bytes(options.kv_cache_type) * n_ctx)
    n_cells = n_ctx * max(1, min(options.max_sequences, useful, affordable))
    if header.n_ctx_short and n_ctx <= header.n_ctx_short:
        n_cells = min(n_cells, header.n_ctx_short)
    return _plan(options, header, n_ctx, n_cells, repack)


def _plan(options: EngineOptions, header: Header, n_ctx: int, n_cells: int, repack: bool) -> MemoryPlan:
    n_cells, n_answers = _rounded(max(n_cells, n_ctx)), options.max_sequences
    if options.deterministic:
        own = max(CELL_STEP, _rounded(n_ctx))
        n_answers = max(1, min(n_answers, n_cells // own))
        n_cells = n_answers * own
    return MemoryPlan(
        n_ctx=n_ctx,
        n_cells=n_cells,
        n_answers=n_answers,
        weights_bytes=header.weights_bytes,
        repacked_bytes=header.repacked_bytes if repack else 0,
        cells_bytes=n_cells * header.cell_bytes(options.kv_cache_type),
        states_bytes=n_answers * header.state_bytes,
        compute_bytes=_compute_bytes(options, header, n_cells),
    )


def _rounded(n_cells: int) -> int:
    return -(-n_cells // CELL_STEP) * CELL_STEP


def _compute_bytes(options: EngineOptions, header: Header, n_cells: int) -> int:
    """Intermediate results, about: the layer's activations, without flash attention its scores, and the logits."""
    n_ubatch = options.n_ubatch or PROCESSOR_UBATCH
    scores = n_cells * header.n_heads if options.flash_attention is FlashAttention.OFF else n_cells
    activations = 4 * (header.n_ff + header.n_embd)
    logits = 2 * max(options.max_sequences, 32) * header.n_vocab
    return _FLOAT_BYTES * (n_ubatch * (scores + activations) + logits)


def _refusal(options: EngineOptions, header: Header, plan: MemoryPlan, repack: bool, free: int) -> str:
    context_bytes = plan.cells_bytes + plan.states_bytes
    needs = (
        f"{options.model_path.name} needs {plan.total_bytes / 1e9:.1f} GB: {plan.weights_bytes / 1e9:.1f} for its "
        f"weights, {plan.repacked_bytes / 1e9:.1f} for their repacked copy, {context_bytes / 1e9:.1f} for "
        f"{plan.n_cells} tokens of context, {(plan.compute_bytes + PROCESS_BYTES) / 1e9:.1f} to compute; "
        f"{free / 1e9:.1f} GB can be used"
    )
    n_ctx = _affordable(options, header, whole_context(options, header), repack, free)
    if n_ctx >= MIN_CTX:
        return f"{needs}: set n_ctx to at most {n_ctx} and leave the cells open, or free memory"
    return f"{needs}: free memory, or take a smaller model"
