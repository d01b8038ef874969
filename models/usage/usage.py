"""The usage of an answer: the numbers that decide its price, bounded, merged and added up."""

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
"""Most web searches of one answer."""

CHEAP_TIERS = frozenset({"flex", "batch"})
"""Service tiers that never cost more than the standard one."""

_BOTH = frozenset({PROMPT, COMPLETION})


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer, as the provider counted them, and what else decides its price.

    Attributes
    ----------
    prompt_tokens, completion_tokens : int
        All tokens of the prompt and of the completion, including reasoning, audio and images.
    cached_tokens, cache_write_tokens, cache_write_1h_tokens : int
        Prompt tokens read from a cache; prompt tokens written to a cache; the part of the latter that is kept for an
        hour.
    input_audio_tokens, input_image_tokens : int
        Prompt tokens of audio and images.
    output_audio_tokens, output_image_tokens, reasoning_tokens : int
        Completion tokens of audio, images and reasoning.
    web_searches : int
        Searches that the provider made and charges for.
    service_tier : str or None
        The provider's service tier, None for the standard one; ``"flex"`` costs less, ``"priority"`` more.
    charged_nusd : int or None
        What the provider says it charges, in nano-dollars; None if it does not say.
    uncounted : frozenset of str
        Those of `PROMPT` and `COMPLETION` that the provider did not count: their values are 0, or a lower bound.
    unsplit_tokens : int
        Tokens that are either prompt or completion, which is unknown; counted in neither.
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
        """Read a provider's ``usage`` object of any shape; None if it counts no tokens."""
        if not isinstance(usage, dict):
            return None
        counts = counts_in(usage)
        uncounted = _BOTH - counts.keys()
        if uncounted == _BOTH and not counts.get("unsplit_tokens"):
            return None
        return cls(**counts, service_tier=tier_in(usage), charged_nusd=charge_in(usage), uncounted=uncounted).clamped()

    @classmethod
    def from_ledger(cls, prompt_tokens: Any, completion_tokens: Any, cached_tokens: Any, details: Any) -> "Usage":
        """Read a ledger row; `details` comes from `details_json`. Older rows may hold impossible values."""
        loaded = _loaded(details)
        columns = {PROMPT: prompt_tokens, COMPLETION: completion_tokens, "cached_tokens": cached_tokens}
        values = columns | {name: loaded[name] for name in _DETAIL_FIELDS if name in loaded}
        numbers: dict[str, Any] = {name: count(value) or 0 for name, value in values.items()}
        charged = nano_dollars(loaded.get("charged_nusd"), 1)
        return cls(**numbers, service_tier=tier(loaded.get("service_tier")), charged_nusd=charged).clamped()

    @classmethod
    def sum(cls, usages: Iterable["Usage"]) -> "Usage":
        """The sum over several answers to one request."""
        summands = list(usages)
        numbers = {name: sum(getattr(one, name) for one in summands) for name in _NUMBERS}
        charges = [one.charged_nusd for one in summands if one.charged_nusd is not None]
        charged = sum(charges) if charges and len(charges) == len(summands) else None
        uncounted = frozenset(chain.from_iterable(one.uncounted for one in summands))
        costliest = _costliest_tier({one.service_tier for one in summands})
        return cls(**numbers, service_tier=costliest, charged_nusd=charged, uncounted=uncounted).clamped()

    @property
    def plain(self) -> bool:
        """Whether only prompt, completion and cached tokens decide the price, which is the usual case."""
        media = (
            self.input_audio_tokens or self.input_image_tokens or self.output_audio_tokens or self.output_image_tokens
        )
        return not (media or self.cache_write_tokens or self.web_searches or self.service_tier)

    @property
    def audio_cached_or_written(self) -> int:
        """The least number of the prompt's audio tokens that were cached, or written to a cache.

        Providers do not report which tokens a cache held. To assume text first gives the highest price, since uncached
        audio costs most.
        """
        text = self.prompt_tokens - self.input_audio_tokens
        return max(0, self.cached_tokens + self.cache_write_tokens - text)

    @property
    def image_cached(self) -> int:
        """The least number of the prompt's image tokens that came from the cache."""
        text = self.prompt_tokens - self.input_audio_tokens - self.input_image_tokens
        return min(self.input_image_tokens, max(0, self.cached_tokens - text))

    @property
    def audio_cached(self) -> int:
        """The least number of the prompt's audio tokens that came from the cache, after text and images."""
        return max(0, self.cached_tokens - (self.prompt_tokens - self.input_audio_tokens))

    @property
    def _needs_no_clamping(self) -> bool:
        """Whether a quick check shows that nothing needs clamping, which is the usual case."""
        fits = 0 <= self.cached_tokens <= self.prompt_tokens and 0 <= self.reasoning_tokens <= self.completion_tokens
        largest = max(self.prompt_tokens, self.completion_tokens, self.unsplit_tokens)
        return fits and largest <= MAX_TOKENS and self.plain and not self.cache_write_1h_tokens

    def clamped(self) -> "Usage":
        """A copy in which no part exceeds its whole and nothing exceeds its upper bound."""
        if self._needs_no_clamping:
            return self
        prompt, completion = _at_most(self.prompt_tokens, MAX_TOKENS), _at_most(self.completion_tokens, MAX_TOKENS)
        cached = _at_most(self.cached_tokens, prompt)
        cache_write = _at_most(max(self.cache_write_tokens, self.cache_write_1h_tokens), prompt - cached)
        input_audio = _at_most(self.input_audio_tokens, prompt)
        output_audio = _at_most(self.output_audio_tokens, completion)
        return replace(
            self,
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=cached,
            cache_write_tokens=cache_write,
            cache_write_1h_tokens=_at_most(self.cache_write_1h_tokens, cache_write),
            input_audio_tokens=input_audio,
            input_image_tokens=_at_most(self.input_image_tokens, prompt - input_audio),
            output_audio_tokens=output_audio,
            output_image_tokens=_at_most(self.output_image_tokens, completion - output_audio),
            reasoning_tokens=_at_most(self.reasoning_tokens, completion),
            web_searches=_at_most(self.web_searches, MAX_SEARCHES),
            unsplit_tokens=_at_most(self.unsplit_tokens, MAX_TOKENS),
        )

    def merged(self, earlier: "Usage | None") -> "Usage":
        """A copy merged with an `earlier` report on the same answer.

        Providers count up, or report the prompt first and the completion last; none corrects a count downwards. So the
        larger number holds, and zeros at the end replace nothing.
        """
        if earlier is None:
            return self
        numbers = {name: max(getattr(self, name), getattr(earlier, name)) for name in _NUMBERS}
        uncounted = self.uncounted & earlier.uncounted
        if uncounted != _BOTH:
            numbers["unsplit_tokens"] = 0
        charges = [one.charged_nusd for one in (self, earlier) if one.charged_nusd is not None]
        service_tier = self.service_tier or earlier.service_tier
        return Usage(
            **numbers, service_tier=service_tier, charged_nusd=max(charges, default=None), uncounted=uncounted
        ).clamped()

    def with_service_tier(self, value: Any) -> "Usage":
        """A copy with the service tier that the answer names outside of its usage, if any."""
        service_tier = tier(value)
        return self if service_tier is None else replace(self, service_tier=service_tier)

    def completed(self, estimate: Callable[[], "Usage"]) -> "Usage":
        """A copy with uncounted tokens filled in by `estimate`; a reported total remains the total."""
        if not self.uncounted:
            return self
        guess = estimate()
        prompt, completion = self.prompt_tokens, self.completion_tokens
        if self.unsplit_tokens:
            of_completion = min(max(0, guess.completion_tokens - completion), self.unsplit_tokens)
            prompt, completion = prompt + self.unsplit_tokens - of_completion, completion + of_completion
        else:
            prompt = max(prompt, guess.prompt_tokens) if PROMPT in self.uncounted else prompt
            completion = max(completion, guess.completion_tokens) if COMPLETION in self.uncounted else completion
        return replace(
            self, prompt_tokens=prompt, completion_tokens=completion, uncounted=frozenset(), unsplit_tokens=0
        ).clamped()

    def was_estimated(self, completed: "Usage") -> bool:
        """Whether `completed` contains an estimate; an empty completion needed none."""
        return bool(self.uncounted) and (PROMPT in self.uncounted or completed.completion_tokens > 0)

    def interrupted_after(self, tokens_seen: int) -> "Usage":
        """A copy for an answer that broke off: its completion is uncounted if more tokens were seen than reported."""
        return self if tokens_seen <= self.completion_tokens else replace(self, uncounted=self.uncounted | {COMPLETION})

    def prompt_only(self) -> "Usage":
        """A copy for embeddings, which have no completion: all tokens are the prompt's."""
        prompt = self.prompt_tokens or self.unsplit_tokens
        uncounted = frozenset() if prompt else frozenset({PROMPT})
        return replace(self, prompt_tokens=prompt, completion_tokens=0, uncounted=uncounted, unsplit_tokens=0).clamped()

    def details_json(self) -> str | None:
        """For the ledger's column `usage_details`: what else decides the price, None if nothing."""
        values = {name: getattr(self, name) for name in (*_DETAIL_FIELDS, "service_tier", "charged_nusd")}
        details = {name: value for name, value in values.items() if value}
        return orjson.dumps(details).decode() if details else None

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
"""The usage of an answer whose provider reports none."""

_DETAIL_FIELDS = (
    "cache_write_tokens", "cache_write_1h_tokens", "input_audio_tokens", "input_image_tokens", "output_audio_tokens",
    "output_image_tokens", "reasoning_tokens", "web_searches",
)  # fmt: skip
_NUMBERS = (PROMPT, COMPLETION, "cached_tokens", *_DETAIL_FIELDS, "unsplit_tokens")


def usage_in(answer: Any) -> Usage | None:
    """The usage that a whole answer, or a chunk of one, reports in any of its places; None if it reports none."""
    if not isinstance(answer, dict):
        return None
    merged: Usage | None = None
    for candidate in usage_objects_in(answer):
        if (usage := Usage.from_wire(candidate)) is not None:
            merged = usage.merged(merged)
    return None if merged is None else merged.with_service_tier(answer.get("service_tier"))


def may_cost_more(service_tier: str | None) -> bool:
    """Whether a service tier may cost more than the standard one."""
    return service_tier is not None and service_tier not in CHEAP_TIERS


def _costliest_tier(tiers: set[str | None]) -> str | None:
    """The tier of several answers: if they differ, one that may cost more than the standard, if there is any."""
    if len(tiers) == 1:
        return next(iter(tiers))
    return next((one for one in sorted(filter(None, tiers)) if may_cost_more(one)), None)


def _at_most(tokens: int, whole: int) -> int:
    return max(0, min(tokens, whole))


def _loaded(text: Any) -> Mapping[str, Any]:
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        return {}
    return value if isinstance(value, dict) else {}
