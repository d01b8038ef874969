"""What an answer took, in the numbers that decide its price: read from every public shape, bounded, added up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import orjson

from models.usage.shapes import (
    COMPLETION,
    MAX_TOKENS,
    PROMPT,
    charge_in,
    count,
    counts_in,
    nano_dollars,
    tier,
    tier_in,
    usage_objects_in,
)

MAX_SEARCHES = 10_000
"""Of one answer."""

CHEAP_TIERS = frozenset({"flex", "batch"})
"""Service tiers that never cost more than the standard one."""

_BOTH = frozenset({PROMPT, COMPLETION})


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one answer took, counted by the model that gave it, and what else decides its price.

    Attributes
    ----------
    prompt_tokens, completion_tokens : int
        All that was read, and all that was written: reasoning, audio and images among them.
    cached_tokens, cache_write_tokens, cache_write_1h_tokens : int
        The prompt tokens that did not have to be computed again; those that were put into a cache; the part of the
        latter that stays there for an hour.
    input_audio_tokens, input_image_tokens : int
        Prompt tokens that were no text.
    output_audio_tokens, output_image_tokens, reasoning_tokens : int
        Completion tokens that were no text for the caller.
    web_searches : int
        Searches that the provider made, and charges for.
    service_tier : str or None
        How the provider handled it, where not in the standard way; ``"flex"`` costs less, ``"priority"`` more.
    charged_nusd : int or None
        What the provider says it charges, in nano-dollars, where it does.
    uncounted : frozenset of str
        Those of `PROMPT` and `COMPLETION` that nobody counted: their values are 0, or the least that they can be.
    unsplit_tokens : int
        Tokens of which nobody said whether they were read or written; counted in neither.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    input_image_tokens: int = 0
    output_audio_tokens: int = 0
    output_image_tokens: int = 0
    reasoning_tokens: int = 0
    web_searches: int = 0
    service_tier: str | None = None
    charged_nusd: int | None = None
    uncounted: frozenset[str] = frozenset()
    unsplit_tokens: int = 0

    @classmethod
    def from_wire(cls, usage: Any) -> "Usage | None":
        """Read a provider's ``usage`` object, of whatever shape; None where it counts no tokens."""
        if not isinstance(usage, dict):
            return None
        counts = counts_in(usage)
        uncounted = _BOTH - counts.keys()
        if uncounted == _BOTH and not counts.get("unsplit_tokens"):
            return None
        told = cls(**counts, service_tier=tier_in(usage), charged_nusd=charge_in(usage), uncounted=uncounted)
        return told.clamped()

    @classmethod
    def from_ledger(cls, prompt_tokens: Any, completion_tokens: Any, cached_tokens: Any, details: Any) -> "Usage":
        """Read back what a row keeps; `details` is of `details_json`. Older rows may hold what no answer can take."""
        told = _loaded(details)
        usual = {PROMPT: prompt_tokens, COMPLETION: completion_tokens, "cached_tokens": cached_tokens}
        kept = usual | {name: told[name] for name in _DETAIL_FIELDS if name in told}
        numbers: dict[str, Any] = {name: count(value) or 0 for name, value in kept.items()}
        charged = nano_dollars(told.get("charged_nusd"), 1)
        return cls(**numbers, service_tier=tier(told.get("service_tier")), charged_nusd=charged).clamped()

    @classmethod
    def sum(cls, usages: Iterable["Usage"]) -> "Usage":
        """What several answers to one request took."""
        told = list(usages)
        numbers = {name: sum(getattr(one, name) for one in told) for name in _NUMBERS}
        charges = [one.charged_nusd for one in told if one.charged_nusd is not None]
        charged = sum(charges) if charges and len(charges) == len(told) else None
        uncounted = frozenset(chain.from_iterable(one.uncounted for one in told))
        dearest = _dearest({one.service_tier for one in told})
        return cls(**numbers, service_tier=dearest, charged_nusd=charged, uncounted=uncounted).clamped()

    @property
    def plain(self) -> bool:
        """Whether prompt, completion and cached tokens are all that decides the price, as it mostly is."""
        odd = self.cache_write_tokens or self.input_audio_tokens or self.input_image_tokens or self.output_audio_tokens
        return not (odd or self.output_image_tokens or self.web_searches or self.service_tier)

    @property
    def audio_cached_or_written(self) -> int:
        """Audio tokens of the prompt that must have been cached, or written there: as few as can be.

        Nobody says which tokens a cache held. Text first is the dearest reading: fresh audio costs most.
        """
        text = self.prompt_tokens - self.input_audio_tokens
        return max(0, self.cached_tokens + self.cache_write_tokens - text)

    @property
    def image_cached(self) -> int:
        """Image tokens of the prompt that must have come from the cache, as few as can be."""
        text = self.prompt_tokens - self.input_audio_tokens - self.input_image_tokens
        return min(self.input_image_tokens, max(0, self.cached_tokens - text))

    @property
    def audio_cached(self) -> int:
        """Audio tokens of the prompt that must have come from the cache, after text and images."""
        return max(0, self.cached_tokens - (self.prompt_tokens - self.input_audio_tokens))

    @property
    def _needs_no_clamping(self) -> bool:
        """Whether it can be seen at a glance that there is nothing to clamp, as it mostly can."""
        parts = 0 <= self.cached_tokens <= self.prompt_tokens, 0 <= self.reasoning_tokens <= self.completion_tokens
        most = max(self.prompt_tokens, self.completion_tokens, self.unsplit_tokens)
        return all(parts) and most <= MAX_TOKENS and self.plain and not self.cache_write_1h_tokens

    def clamped(self) -> "Usage":
        """The same, with no part larger than its whole, and nothing larger than can be."""
        if self._needs_no_clamping:
            return self
        prompt, completion = _at_most(self.prompt_tokens, MAX_TOKENS), _at_most(self.completion_tokens, MAX_TOKENS)
        cached = _at_most(self.cached_tokens, prompt)
        written = _at_most(max(self.cache_write_tokens, self.cache_write_1h_tokens), prompt - cached)
        heard, said = _at_most(self.input_audio_tokens, prompt), _at_most(self.output_audio_tokens, completion)
        return replace(
            self,
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=cached,
            cache_write_tokens=written,
            cache_write_1h_tokens=_at_most(self.cache_write_1h_tokens, written),
            input_audio_tokens=heard,
            input_image_tokens=_at_most(self.input_image_tokens, prompt - heard),
            output_audio_tokens=said,
            output_image_tokens=_at_most(self.output_image_tokens, completion - said),
            reasoning_tokens=_at_most(self.reasoning_tokens, completion),
            web_searches=_at_most(self.web_searches, MAX_SEARCHES),
            unsplit_tokens=_at_most(self.unsplit_tokens, MAX_TOKENS),
        )

    def merged(self, earlier: "Usage | None") -> "Usage":
        """The same, after `earlier` was told of the same answer.

        Providers count up, or tell the prompt first and the completion last; none takes anything back. So the larger
        number holds, and zeros at the end replace nothing.
        """
        if earlier is None:
            return self
        numbers = {name: max(getattr(self, name), getattr(earlier, name)) for name in _NUMBERS}
        uncounted = self.uncounted & earlier.uncounted
        if uncounted != _BOTH:
            numbers["unsplit_tokens"] = 0
        charges = [one.charged_nusd for one in (self, earlier) if one.charged_nusd is not None]
        told_tier = self.service_tier or earlier.service_tier
        return Usage(
            **numbers, service_tier=told_tier, charged_nusd=max(charges, default=None), uncounted=uncounted
        ).clamped()

    def with_service_tier(self, tier_told: Any) -> "Usage":
        """The same, with the service tier that an answer names beside its usage."""
        told = tier(tier_told)
        return self if told is None else replace(self, service_tier=told)

    def completed(self, estimate: Callable[[], "Usage"]) -> "Usage":
        """The same, with what nobody counted filled in by `estimate`; a sum that was told stays the sum."""
        if not self.uncounted:
            return self
        guess = estimate()
        read, written = self.prompt_tokens, self.completion_tokens
        if self.unsplit_tokens:
            unseen = min(max(0, guess.completion_tokens - written), self.unsplit_tokens)
            read, written = read + self.unsplit_tokens - unseen, written + unseen
        else:
            read = max(read, guess.prompt_tokens) if PROMPT in self.uncounted else read
            written = max(written, guess.completion_tokens) if COMPLETION in self.uncounted else written
        whole = replace(self, prompt_tokens=read, completion_tokens=written, uncounted=frozenset(), unsplit_tokens=0)
        return whole.clamped()

    def was_estimated(self, whole: "Usage") -> bool:
        """Whether it took a guess to make `whole` of it; an answer in which nothing was said took none."""
        return bool(self.uncounted) and (PROMPT in self.uncounted or whole.completion_tokens > 0)

    def interrupted_after(self, tokens_seen: int) -> "Usage":
        """The same, for an answer that stopped before its end: more may have been seen than was counted by then."""
        return self if tokens_seen <= self.completion_tokens else replace(self, uncounted=self.uncounted | {COMPLETION})

    def prompt_only(self) -> "Usage":
        """The same, for what writes no tokens: all of them are the prompt's."""
        read = self.prompt_tokens or self.unsplit_tokens
        uncounted = frozenset() if read else frozenset({PROMPT})
        return replace(self, prompt_tokens=read, completion_tokens=0, uncounted=uncounted, unsplit_tokens=0).clamped()

    def details_json(self) -> str | None:
        """For the ledger's column `usage_details`: what decides a price beyond the three usual counts, if anything."""
        numbers = {name: getattr(self, name) for name in (*_DETAIL_FIELDS, "service_tier", "charged_nusd")}
        told = {name: value for name, value in numbers.items() if value}
        return orjson.dumps(told).decode() if told else None

    def to_wire(self) -> dict[str, Any]:
        """OpenAI's ``usage`` object."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {
                "cached_tokens": self.cached_tokens,
                "cache_write_tokens": self.cache_write_tokens,
                "audio_tokens": self.input_audio_tokens,
            },
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens,
                "audio_tokens": self.output_audio_tokens,
            },
        }


UNCOUNTED = Usage(uncounted=_BOTH)
"""What is known of an answer whose provider tells nothing."""

_DETAIL_FIELDS = (
    "cache_write_tokens", "cache_write_1h_tokens", "input_audio_tokens", "input_image_tokens", "output_audio_tokens",
    "output_image_tokens", "reasoning_tokens", "web_searches",
)  # fmt: skip
_NUMBERS = (PROMPT, COMPLETION, "cached_tokens", *_DETAIL_FIELDS, "unsplit_tokens")


def usage_in(answer: Any) -> Usage | None:
    """What a whole answer, or a chunk of one, says that it took, wherever it says so; None where it does not."""
    if not isinstance(answer, dict):
        return None
    found: Usage | None = None
    for place in usage_objects_in(answer):
        if (usage := Usage.from_wire(place)) is not None:
            found = usage.merged(found)
    return None if found is None else found.with_service_tier(answer.get("service_tier"))


def may_cost_more(service_tier: str | None) -> bool:
    """Whether a service tier may cost more than the standard one."""
    return service_tier is not None and service_tier not in CHEAP_TIERS


def _dearest(tiers: set[str | None]) -> str | None:
    """The tier of several answers: where they differ, one that may cost more than the standard, if there is one."""
    if len(tiers) == 1:
        return next(iter(tiers))
    return next((one for one in sorted(filter(None, tiers)) if may_cost_more(one)), None)


def _at_most(tokens: int, whole: int) -> int:
    return max(0, min(tokens, whole))


def _loaded(text: Any) -> Mapping[str, Any]:
    try:
        told = orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}
