"""What the layers of a model keep of a conversation: KV cells for each token, or a state of constant size.

Families differ: some layers keep nothing because they read another's cells, some have narrower heads, and those of a
hybrid model keep a state for each answer, however long it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Get = Callable[[str], Any]
"""One fact of a header, by its key without the architecture; None where there is none."""

MAX_LAYERS = 10_000

_EVERY_FOURTH = frozenset({"qwen3next", "qwen35", "qwen35moe"})
"""Of these every fourth layer has cells, where the header does not say."""

_BOTH = frozenset({"falcon-h1"})
"""Of these every layer has cells and a state."""

_NEITHER = frozenset({"nemotron_h", "nemotron_h_moe"})
"""Of these a layer with a feed-forward part keeps nothing."""

_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """Numbers that one token of context holds, and bytes that one answer holds whatever its length."""

    cell_numbers: int
    state_bytes: int


def kept_by(architecture: str, n_embd: int, get: Get) -> Kept:
    """What all layers together keep.

    Sliding windows save nothing: the engine gives their layers cells for the whole context, as llama.cpp does by
    default.

    Raises
    ------
    ValueError
        If the header cannot be right.
    """
    n_layers = largest(get("block_count"), 1)
    if n_layers > MAX_LAYERS:
        raise ValueError(f"it has {n_layers} layers")
    kv_heads = _kv_heads(architecture, get, n_layers)
    n_with_cells = n_layers - largest(get("attention.shared_kv_layers"), 0)
    widths = _head_widths(get, n_layers, n_embd)
    cells = sum(heads * width for heads, width in list(zip(kv_heads, widths, strict=True))[:n_with_cells])
    return Kept(cells, _FLOAT_BYTES * _n_recurrent(architecture, get, kv_heads) * _state_numbers(get, n_embd))


def largest(value: Any, default: int) -> int:
    """The number, the largest of several, or `default` where the header has none."""
    found = max(value, default=0) if isinstance(value, list) else value
    return found if isinstance(found, int) and found > 0 else default


def _kv_heads(architecture: str, get: Get, n_layers: int) -> list[int]:
    """Of each layer the heads that have cells; 0 in a layer that keeps a state instead."""
    told = get("attention.head_count_kv")
    heads = _per_layer(get("attention.head_count") if told is None else told, n_layers)
    every = get("full_attention_interval") or (4 if architecture in _EVERY_FOURTH else 1)
    recurrent = _per_layer(get("attention.recurrent_layers"), n_layers)
    return [0 if recurrent[layer] or (layer + 1) % every else max(0, heads[layer]) for layer in range(n_layers)]


def _head_widths(get: Get, n_layers: int, n_embd: int) -> list[int]:
    """Of each layer the numbers of a key and a value of one head."""
    default = n_embd // largest(get("attention.head_count"), 1)
    whole, windowed = (
        sum(largest(get(f"attention.{part}_length{kind}"), 0) or default for part in ("key", "value"))
        for kind in ("", "_swa")
    )
    if get("attention.key_length_swa") is None:
        return [whole] * n_layers
    return [windowed if is_windowed else whole for is_windowed in _per_layer(_window_pattern(get), n_layers)]


def _window_pattern(get: Get) -> Any:
    return get("attention.sliding_window_pattern")


def _per_layer(value: Any, n_layers: int) -> list[int]:
    """One number for each layer; 0 where the header has none."""
    if not isinstance(value, list):
        return [int(value or 0)] * n_layers
    return [int(each) for each in value[:n_layers]] + [0] * (n_layers - len(value))


def _n_recurrent(architecture: str, get: Get, kv_heads: list[int]) -> int:
    if architecture in _BOTH:
        return len(kv_heads)
    wide = _per_layer(get("feed_forward_length") if architecture in _NEITHER else 0, len(kv_heads))
    return sum(not heads and not n_ff for heads, n_ff in zip(kv_heads, wide, strict=True))


def _state_numbers(get: Get, n_embd: int) -> int:
    """Numbers that one layer's state holds, as llama.cpp lays it out: the latest inputs, and what it has summed up."""
    if wkv_head := get("wkv.head_size"):  # RWKV
        return n_embd * (largest(get("token_shift_count"), 2) + int(wkv_head))
    if n_latest := get("shortconv.l_cache"):  # LFM2
        return n_embd * (int(n_latest) - 1)
    inner, state, groups, kernel = (
        largest(get(f"ssm.{name}"), 0) for name in ("inner_size", "state_size", "group_count", "conv_kernel")
    )
    return max(0, kernel - 1) * (inner + 2 * groups * state) + state * inner
