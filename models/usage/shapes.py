"""How providers report usage: reads every public shape of a ``usage`` object.

The input is not trusted: any JSON gives numbers within bounds, or none. `docs/usage.md` names the sources.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.redaction.plain_text import plain_text

MAX_TOKENS = 100_000_000
"""Of one kind in one answer. Far beyond any context window: a larger count is an overflow and is ignored."""

MAX_CHARGED_USD = 10_000
"""For one answer. A higher charge is a mistake, or in another currency."""

MAX_TIER_CHARS = 32

NUSD_PER_USD = 1_000_000_000
NUSD_PER_TICK = 0.1
"""A tick is xAI's unit: 10,000,000,000 of them are a dollar."""

STANDARD_TIERS = frozenset({"default", "standard", "auto", "on_demand"})
"""Names of the service tier that list prices are for, at OpenAI, Anthropic and Groq."""

PROMPT, COMPLETION = "prompt_tokens", "completion_tokens"

Path = tuple[str, ...]
"""Keys from the outside in; ``name=value`` selects the list entry with that field."""


def count(value: Any) -> int | None:
    """A number of tokens; None for anything that cannot be one.

    >>> count(12.0), count(True), count(-1), count(2**64 - 1), count("12")
    (12, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TOKENS:
        return None
    return int(value) if value == int(value) else None


def tier(value: Any) -> str | None:
    """A service tier by its name; None for the standard tier, and for anything that is no name."""
    if not isinstance(value, str):
        return None
    name = plain_text(value, MAX_TIER_CHARS).strip().lower()
    return None if not name or name in STANDARD_TIERS else name


def usage_objects_in(answer: Mapping[str, Any]) -> Iterator[Any]:
    """Everything in an answer, or in a chunk of one, that may be a usage object.

    Besides ``usage``: Moonshot puts it into a stream's last choice, Groq into ``x_groq``, Gemini calls it
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
    """Where a provider reports prompt or completion tokens, and which counts outside of it must be added (`plus`)."""

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
"""The paths of `_DETAIL_PATHS` as a tree: keys lead to subtrees, and at the end to the name of a count."""


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
"""Keys that only Perplexity has: it counts reasoning and citations neither as completion nor in the total."""


def counts_in(usage: Mapping[str, Any]) -> dict[str, int]:
    """The counts in a ``usage`` object, by `Usage`'s names; counts that it does not report are absent."""
    prompt, total = _count_of(usage, _PROMPT_COUNTS), _first(usage, _TOTAL_PATHS)
    completion = _count_of(usage, _COMPLETION_COUNTS) + _uncounted_completion(usage)
    details = _details(usage)
    return {**details, **_split(prompt, completion, total, details.get("reasoning_tokens", 0))}


def _details(usage: Mapping[str, Any]) -> dict[str, int]:
    """The detailed counts that are reported; if one is reported twice, the larger number."""
    counts: dict[str, int] = {}
    _collect(usage, _DETAIL_TREE, counts)
    return counts


def _collect(usage: Any, tree: Tree, counts: dict[str, int]) -> None:
    """Walk only the keys that exist: this runs for each answer, and most report few."""
    if isinstance(usage, list):
        usage = {step: _value_at(usage, (step,)) for step in tree}
    for key, value in usage.items() if isinstance(usage, dict) else ():
        branch = tree.get(key) if value else None
        if isinstance(branch, dict):
            _collect(value, branch, counts)
        elif branch is not None and (number := count(value)):
            counts[branch] = max(number, counts.get(branch, 0))


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
    """Prompt or completion tokens by the first of `shapes` that is reported; 0 if none is, as for an empty answer."""
    for shape in shapes:
        counted = (count(_value_at(usage, path)) for path in (shape.path, *shape.plus))
        if total := count(sum(number or 0 for number in counted)):
            return total
    return 0


def _uncounted_completion(usage: Mapping[str, Any]) -> int:
    if _PERPLEXITY_KEYS.isdisjoint(usage):
        return 0
    return sum(count(usage.get(name)) or 0 for name in ("reasoning_tokens", "citation_tokens"))


def _split(prompt: int, completion: int, total: int, reasoning: int) -> dict[str, int]:
    """Prompt and completion tokens, completed from the total; `unsplit_tokens` if only the total is known.

    If the total exceeds the sum of both, the rest is completion: Gemini and xAI leave reasoning out of theirs.
    """
    if total and not prompt and not completion:
        return {"unsplit_tokens": total}
    if total and not prompt:
        prompt = max(0, total - completion)
    elif total:
        completion = max(completion, total - prompt)
    if reasoning > completion:
        completion = reasoning if total else completion + reasoning
    return {name: tokens for name, tokens in ((PROMPT, prompt), (COMPLETION, completion)) if tokens}


def tier_in(usage: Mapping[str, Any]) -> str | None:
    """The service tier in a ``usage`` object, as Anthropic reports it; its fast mode is a ``speed``."""
    return tier(usage.get("service_tier")) or tier(usage.get("speed"))


def charge_in(usage: Mapping[str, Any]) -> int | None:
    """What the provider charges, in nano-dollars, if it reports that in a field whose unit is known to be US dollars.

    xAI has a field of its own, Perplexity an object. OpenRouter's ``cost`` is a plain number, which other providers
    might send in another unit; it counts only beside OpenRouter's other fields. With the user's own provider key at
    OpenRouter, that provider's charge is added. A charge of 0 is ignored: the list price holds.
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
    """An amount in units of `nusd_each`, as nano-dollars; None for 0, and for more than an answer can cost."""
    most = MAX_CHARGED_USD * NUSD_PER_USD / nusd_each
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        return None
    return round(value * nusd_each) or None
