"""Where providers tell what an answer took: every public shape of a ``usage`` object, read into numbers that can be.

Nothing here trusts what comes in: any JSON gives numbers within bounds, or none. `docs/usage.md` names the sources.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.redaction.plain_text import plain_text

MAX_TOKENS = 100_000_000
"""Of one kind in one answer. Far beyond any context window: a larger count is an overflow, and tells nothing."""

MAX_CHARGED_USD = 10_000
"""For one answer. More is a mistake, or another currency."""

MAX_TIER_CHARS = 32

NUSD_PER_USD = 1_000_000_000
NUSD_PER_TICK = 0.1
"""xAI's: ten thousand million of them are a dollar."""

STANDARD_TIERS = frozenset({"default", "standard", "auto", "on_demand"})
"""What providers call the service tier that their list prices are for: OpenAI, Anthropic, Groq."""

PROMPT, COMPLETION = "prompt_tokens", "completion_tokens"

Path = tuple[str, ...]
"""Names from the outside in; ``name=value`` is the entry of a list that has that field."""


def count(value: Any) -> int | None:
    """A number of tokens; None for anything that cannot be one.

    >>> count(12.0), count(True), count(-1), count(2**64 - 1), count("12")
    (12, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TOKENS:
        return None
    return int(value) if value == int(value) else None


def tier(value: Any) -> str | None:
    """A service tier by its name; None for the standard one, and for what is no name."""
    if not isinstance(value, str):
        return None
    name = plain_text(value, MAX_TIER_CHARS).strip().lower()
    return None if not name or name in STANDARD_TIERS else name


def usage_objects_in(answer: Mapping[str, Any]) -> Iterator[Any]:
    """Wherever an answer, or a chunk of one, may tell what it took.

    Besides ``usage``: Moonshot tells it in a stream's last choice, Groq in ``x_groq``, Gemini calls it
    ``usageMetadata``.
    """
    yield answer.get("usage")
    yield answer.get("usageMetadata")
    if isinstance(groq := answer.get("x_groq"), dict):
        yield groq.get("usage")
    choices = answer.get("choices")
    if isinstance(choices, list):
        yield from (choice.get("usage") for choice in choices if isinstance(choice, dict))


@dataclass(frozen=True, slots=True)
class _Count:
    """Where the tokens of one side are told, and what that provider counts `plus` them, to be added."""

    path: Path
    plus: tuple[Path, ...] = ()


_PROMPT_COUNTS = (
    _Count(("prompt_tokens",)),
    _Count(("input_tokens",), plus=(("cache_read_input_tokens",), ("cache_creation_input_tokens",))),
    _Count(("inputTokens",), plus=(("cacheReadInputTokens",), ("cacheWriteInputTokens",))),
    _Count(("promptTokenCount",), plus=(("toolUsePromptTokenCount",),)),
    _Count(("billed_units", "input_tokens")),
    _Count(("tokens", "input_tokens")),
)
_COMPLETION_COUNTS = (
    _Count(("completion_tokens",)),
    _Count(("output_tokens",)),
    _Count(("outputTokens",)),
    _Count(("candidatesTokenCount",), plus=(("thoughtsTokenCount",),)),
    _Count(("billed_units", "output_tokens")),
    _Count(("tokens", "output_tokens")),
)
_TOTAL_PATHS: tuple[Path, ...] = (("total_tokens",), ("totalTokens",), ("totalTokenCount",))

_PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_COMPLETION_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")


def _within(parents: Iterable[str], *paths: Path) -> tuple[Path, ...]:
    return tuple((parent, *path) for parent in parents for path in paths)


_DETAIL_PATHS: Mapping[str, tuple[Path, ...]] = {
    "cached_tokens": (
        *_within(_PROMPT_DETAILS, ("cached_tokens",), ("cache_read_input_tokens",)),
        ("cached_tokens",),
        ("num_cached_tokens",),
        ("prompt_cache_hit_tokens",),
        ("cached_prompt_text_tokens",),
        ("cache_read_input_tokens",),
        ("cacheReadInputTokens",),
        ("cachedContentTokenCount",),
    ),
    "cache_write_tokens": (
        *_within(
            _PROMPT_DETAILS, ("cache_write_tokens",), ("cache_creation_tokens",), ("cache_creation_input_tokens",)
        ),
        ("cache_creation_input_tokens",),
        ("cacheWriteInputTokens",),
    ),
    "cache_write_1h_tokens": (
        ("cache_creation", "ephemeral_1h_input_tokens"),
        *_within(
            _PROMPT_DETAILS,
            ("cache_creation", "ephemeral_1h_input_tokens"),
            ("cache_creation_token_details", "ephemeral_1h_input_tokens"),
        ),
        ("cacheDetails", "ttl=1h", "inputTokens"),
    ),
    "input_audio_tokens": (
        *_within(_PROMPT_DETAILS, ("audio_tokens",)),
        ("promptTokensDetails", "modality=AUDIO", "tokenCount"),
    ),
    "input_image_tokens": (
        *_within(_PROMPT_DETAILS, ("image_tokens",)),
        ("promptTokensDetails", "modality=IMAGE", "tokenCount"),
    ),
    "output_audio_tokens": (
        *_within(_COMPLETION_DETAILS, ("audio_tokens",)),
        ("candidatesTokensDetails", "modality=AUDIO", "tokenCount"),
    ),
    "output_image_tokens": (
        *_within(_COMPLETION_DETAILS, ("image_tokens",)),
        ("candidatesTokensDetails", "modality=IMAGE", "tokenCount"),
    ),
    "reasoning_tokens": (
        *_within(_COMPLETION_DETAILS, ("reasoning_tokens",), ("thinking_tokens",)),
        ("reasoning_tokens",),
        ("thoughtsTokenCount",),
    ),
    "web_searches": (
        ("server_tool_use", "web_search_requests"),
        ("num_search_queries",),
        ("tool_calls_details", "search_web", "invocation"),
    ),
}

Tree = dict[str, Any]
"""The paths of `_DETAIL_PATHS` from their beginnings: names lead to trees, and at last to what is told there."""


def _make_detail_tree() -> Tree:
    tree: Tree = {}
    for name, paths in _DETAIL_PATHS.items():
        for *outer, last in paths:
            node = tree
            for step in outer:
                node = node.setdefault(step, {})
            node[last] = name
    return tree


_DETAIL_TREE = _make_detail_tree()

_PERPLEXITY_KEYS = frozenset({"citation_tokens", "num_search_queries"})
"""Keys that only its usage has, which counts reasoning and citations neither as completion nor in the total."""


def counts_in(usage: Mapping[str, Any]) -> dict[str, int]:
    """The tokens that a ``usage`` object tells of, by `Usage`'s names; what it does not tell is absent."""
    read, written, total = (
        _count_of(usage, _PROMPT_COUNTS),
        _count_of(usage, _COMPLETION_COUNTS),
        _first(usage, _TOTAL_PATHS),
    )
    parts = _details(usage)
    return {**parts, **_split(read, written + _uncounted_completion(usage), total, parts.get("reasoning_tokens", 0))}


def _details(usage: Mapping[str, Any]) -> dict[str, int]:
    """The parts that are told; where one is told twice, the larger number."""
    found: dict[str, int] = {}
    _collect(usage, _DETAIL_TREE, found)
    return found


def _collect(told: Any, tree: Tree, found: dict[str, int]) -> None:
    """Walk only what is there: this is done for each answer, and most tell little."""
    if isinstance(told, list):
        told = {step: _value_at(told, (step,)) for step in tree}
    for key, value in told.items() if isinstance(told, dict) else ():
        meant = tree.get(key) if value else None
        if isinstance(meant, dict):
            _collect(value, meant, found)
        elif meant is not None and (number := count(value)):
            found[meant] = max(number, found.get(meant, 0))


def _value_at(value: Any, path: Path) -> Any:
    for name in path:
        if isinstance(value, list):
            key, _, wanted = name.partition("=")
            value = next((one for one in value if isinstance(one, dict) and one.get(key) == wanted), None)
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value


def _first(usage: Mapping[str, Any], paths: Iterable[Path]) -> int:
    return next((number for path in paths if (number := count(_value_at(usage, path)))), 0)


def _count_of(usage: Mapping[str, Any], shapes: Iterable[_Count]) -> int:
    """Tokens read, or written; 0 where they are not told, which is what an answer of none looks like too."""
    for shape in shapes:
        counted = (count(_value_at(usage, path)) for path in (shape.path, *shape.plus))
        if total := count(sum(number or 0 for number in counted)):
            return total
    return 0


def _uncounted_completion(usage: Mapping[str, Any]) -> int:
    if _PERPLEXITY_KEYS.isdisjoint(usage):
        return 0
    return sum(count(usage.get(name)) or 0 for name in ("reasoning_tokens", "citation_tokens"))


def _split(read: int, written: int, total: int, reasoning: int) -> dict[str, int]:
    """Prompt and completion tokens, as far as they can be told from what was counted, else the `unsplit_tokens`.

    What the total has beyond the two was written, and seen by nobody: Gemini and xAI leave reasoning out of the
    completion.
    """
    if total and not read and not written:
        return {"unsplit_tokens": total}
    if total and not read:
        read = max(0, total - written)
    elif total:
        written = max(written, total - read)
    if reasoning > written:
        written = reasoning if total else written + reasoning
    return {name: tokens for name, tokens in ((PROMPT, read), (COMPLETION, written)) if tokens}


def tier_in(usage: Mapping[str, Any]) -> str | None:
    """Anthropic tells it within, and its fast mode as a speed."""
    return tier(usage.get("service_tier")) or tier(usage.get("speed"))


def charge_in(usage: Mapping[str, Any]) -> int | None:
    """What the provider charges, where it says so in a field whose unit is known to be US dollars.

    xAI has a field of its own, Perplexity an object. OpenRouter's is a number like any other's, so it counts only
    plus what else OpenRouter tells; with a key of one's own, what its owner pays the provider comes to it.
    A charge of nothing is not believed: the list price stands.
    """
    if (ticks := usage.get("cost_in_usd_ticks")) is not None:
        return nano_dollars(ticks, NUSD_PER_TICK)
    cost, details = usage.get("cost"), usage.get("cost_details")
    if isinstance(cost, dict):
        return nano_dollars(cost.get("total_cost"), NUSD_PER_USD)
    if not isinstance(details, dict):
        return None
    own_key = details.get("upstream_inference_cost") if usage.get("is_byok") is True else None
    return ((nano_dollars(cost, NUSD_PER_USD) or 0) + (nano_dollars(own_key, NUSD_PER_USD) or 0)) or None


def nano_dollars(value: Any, nusd_each: float) -> int | None:
    """An amount in units of `nusd_each`; None for nothing, and for what no answer can cost."""
    most = MAX_CHARGED_USD * NUSD_PER_USD / nusd_each
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        return None
    return round(value * nusd_each) or None
