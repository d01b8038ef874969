"""A process that tries settings with one model: a crash ends this process, and nobody else's.

It is a child of `tuner`. Its argument says how to load the model; each line of standard input is a setting, each line
of standard output what came of it. It ends with standard input.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TextIO

from models.engine.errors import ModelLoadError
from models.engine.native.llama import Context, DecodeStatus, Model, StepBatch, gpu_offload_supported
from models.engine.options import KvCacheType
from models.engine.process.tuning import Setting
from models.engine.scheduling.threads import core_wait_s
from models.wire.errors import ModelError

N_BATCH = 512
MAX_PROMPT_TOKENS = 512
FIRST_CHUNK = 64
MAX_READING_S = 4.0
WRITTEN_TOKENS = 10
MAX_WRITING_S = 1.5
CHUNK_S = 1.0
"""A chunk of a prompt is as large as serving would make it: about a second's worth."""

DISTURBED = 0.1
"""Share of their time that threads wait for a core, above which other work has disturbed a trial."""

_FIRST_TO_GO = "1000"


def main(arguments: Sequence[str]) -> int:
    """Try the settings on standard input."""
    job = json.loads(arguments[0])
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, "ascii")
    if job["n_gpu_layers"] is None and gpu_offload_supported():
        _report(reports, on_gpu=True)
        return 0
    try:
        model = Model(Path(job["model_path"]), use_extra_bufts=job["repack"])
    except ModelError as exc:
        _report(reports, failure=str(exc))
        return 1
    _report(reports, loaded=True)
    for line in sys.stdin:
        _report(reports, **_try(model, Setting.from_json(json.loads(line)), KvCacheType(job["kv_cache_type"])))
    return 0


def _report(stream: TextIO, **fields: float | str) -> None:
    with suppress(BrokenPipeError):
        print(json.dumps(fields), file=stream, flush=True)


def _try(model: Model, setting: Setting, kind: KvCacheType) -> dict[str, float | str]:
    waited_s, started = core_wait_s() or 0.0, perf_counter()
    try:
        reads, writes = time_setting(model, setting, kind)
    except ModelLoadError as exc:
        return {"failure": str(exc)}
    waited_s = (core_wait_s() or 0.0) - waited_s
    wait_share = waited_s / (perf_counter() - started) / setting.n_threads
    return {"reads": reads, "writes": writes, "disturbed": wait_share > DISTURBED}


def time_setting(model: Model, setting: Setting, kind: KvCacheType) -> tuple[float, float]:
    """Tokens a second of reading a prompt, and of writing after it.

    The fastest chunk counts, and the fastest half of the tokens: other work on the machine only makes steps longer.

    Raises
    ------
    ModelLoadError
        If it does not work with this model.
    """
    context = Context(
        model,
        n_ctx=MAX_PROMPT_TOKENS + 64,
        n_sequences=1,
        n_batch=N_BATCH,
        n_ubatch=setting.n_ubatch,
        n_threads=setting.n_threads,
        flash_attention=setting.flash_attention,
        kv_cache_type=kind,
    )
    try:
        _decode(context, [1], 0)  # brings the weights into memory
        context.clear()
        speeds = list(_read(context, model.n_vocab))
        n_read = sum(n_tokens for n_tokens, _ in speeds)
        times = sorted(_write(context, n_read))
    finally:
        context.close()
    half = times[: -(-len(times) // 2)]
    return max(n_tokens / seconds for n_tokens, seconds in speeds), len(half) / sum(half)


def _read(context: Context, n_vocab: int) -> Iterator[tuple[int, float]]:
    """The tokens of each chunk of a prompt, and how long it took."""
    size, position, started = FIRST_CHUNK, 0, perf_counter()
    while position < MAX_PROMPT_TOKENS and perf_counter() - started < MAX_READING_S:
        size = min(size, MAX_PROMPT_TOKENS - position)
        if position and size < FIRST_CHUNK:  # too small to say anything
            return
        seconds = _decode(context, [(position + i) % n_vocab for i in range(size)], position)
        yield size, seconds
        position += size
        size = max(FIRST_CHUNK, min(N_BATCH, int(size / seconds * CHUNK_S)))


def _write(context: Context, position: int) -> Iterator[float]:
    started = perf_counter()
    for offset in range(WRITTEN_TOKENS):
        yield _decode(context, [1], position + offset)
        if perf_counter() - started > MAX_WRITING_S:
            return


def _decode(context: Context, tokens: Sequence[int], position: int) -> float:
    """Compute `tokens`; the seconds it took."""
    batch = StepBatch(N_BATCH, 1)
    batch.add(0, tokens, position, wants_output=True)
    started = perf_counter()
    if context.decode(batch) is not DecodeStatus.OK:
        raise ModelLoadError("the model's first step failed")
    context.logits(batch.n_tokens - 1)  # waits until it is computed
    return perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
