"""How busy a server is that is no engine of ours, by its metrics: vLLM, and llama-server with --metrics."""

import math
from collections.abc import Iterator
from itertools import islice

from prometheus_client.parser import text_string_to_metric_families

from gateway.dispatch.local_load import LocalLoad

RUNNING = ("vllm:num_requests_running", "llamacpp:requests_processing")
QUEUED = ("vllm:num_requests_waiting", "llamacpp:requests_deferred")

MOST_SAMPLES = 1000


def load_in_metrics(text: str, asked_at: float) -> LocalLoad | None:
    r"""The load that metrics in Prometheus' format tell of; None where they tell of none.

    Those of several engines in one server are added up.

    Raises
    ------
    ValueError
        If it is not that format.

    >>> load = load_in_metrics("vllm:num_requests_running 3.0\nvllm:num_requests_waiting 1.0\n", 0.0)
    >>> load.running, load.queued
    (3, 1)
    >>> load_in_metrics("process_cpu_seconds_total 1.0\n", 0.0) is None
    True
    """
    values = dict[str, float]()
    try:
        for name, value in _samples(text):
            values[name] = values.get(name, 0.0) + value
    except (LookupError, TypeError, ArithmeticError) as exc:  # the parser raises these, too
        raise ValueError("these are no metrics") from exc
    if not any(name in values for name in RUNNING):
        return None
    running, queued = (int(sum(values.get(name, 0.0) for name in names)) for names in (RUNNING, QUEUED))
    return LocalLoad(running, queued, 0.0, tells_prompts=False, asked_at=asked_at)


def _samples(text: str) -> Iterator[tuple[str, float]]:
    # Only the lines that matter are parsed: a server has hundreds of others.
    lines = (line for line in text.splitlines() if line.startswith(RUNNING + QUEUED))
    wanted = "\n".join(islice(lines, MOST_SAMPLES))
    for family in text_string_to_metric_families(wanted + "\n"):
        for sample in family.samples:
            if math.isfinite(sample.value) and 0 <= sample.value < 1e9:
                yield sample.name, sample.value
