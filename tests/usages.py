"""How providers tell what an answer took, shape by shape, and what that means: `docs/usage.md` names the sources.

Each shape is a fault of `tests/provider.py`, by its name: an answer that tells its usage so, whole or streamed.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.provider import FAULTS, WORDS, Call

MODEL = "told-model"
"""Answers under this name unless a shape says otherwise; `PRICES` has its prices."""

PRICES: dict[str, dict[str, Any]] = {
    MODEL: {
        "input_usd_per_mtok": "2",
        "output_usd_per_mtok": "8",
        "cached_input_usd_per_mtok": "0.5",
        "cache_write_usd_per_mtok": "2.5",
        "cache_write_1h_usd_per_mtok": "4",
        "input_audio_usd_per_mtok": "40",
        "output_audio_usd_per_mtok": "80",
        "output_image_usd_per_mtok": "30",
        "service_tiers": {"priority": "2", "flex": "0.5"},
    }
}

UNLISTED = "unlisted/model"
"""In no table, and without a price of one's own."""


@dataclass(frozen=True)
class Shape:
    """One way of telling it.

    Attributes
    ----------
    answer : dict
        Fields of the answer, beside its choices, or of a stream's last chunk.
    tokens : tuple of int
        Prompt, completion and cached tokens that it means.
    nusd : int or None
        What that costs by `PRICES`, in nano-dollars.
    details : dict
        What else it means, by `Usage`'s names.
    in_choice : dict
        Fields of the choice instead.
    chunks : sequence of dict
        The fields of a stream's last chunks, where not simply `answer`.
    """

    answer: dict[str, Any]
    tokens: tuple[int, int, int]
    nusd: int | None
    details: dict[str, Any] = field(default_factory=dict)
    in_choice: dict[str, Any] = field(default_factory=dict)
    chunks: tuple[dict[str, Any], ...] = ()
    model: str = MODEL


PLAIN = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
ZEROS = dict.fromkeys(PLAIN, 0)


def _told(usage: dict[str, Any], tokens: tuple[int, int, int], nusd: int | None, **details: Any) -> Shape:
    return Shape({"usage": usage}, tokens, nusd, details)


SHAPES: dict[str, Shape] = {
    "openai": _told(
        {
            **PLAIN,
            "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 30,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 5,
                "rejected_prediction_tokens": 6,
            },
        },
        (100, 50, 40),
        540_000,
        reasoning_tokens=30,
    ),
    "openai_cache_writes": _told(
        {**PLAIN, "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 30}},
        (100, 50, 40),
        555_000,
        cache_write_tokens=30,
    ),
    "openai_audio": _told(
        {
            **PLAIN,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 60, "text_tokens": 40},
            "completion_tokens_details": {"audio_tokens": 45, "text_tokens": 5},
        },
        (100, 50, 0),
        6_120_000,
        input_audio_tokens=60,
        output_audio_tokens=45,
    ),
    "openai_responses": _told(
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "total_tokens": 150,
            "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 30},
        },
        (100, 50, 40),
        540_000,
        reasoning_tokens=30,
    ),
    "openrouter_images": _told(
        {**PLAIN, "completion_tokens_details": {"image_tokens": 40, "reasoning_tokens": 0}},
        (100, 50, 0),
        1_480_000,
        output_image_tokens=40,
    ),
    # https://github.com/Clarifai/clarifai-python/pull/978
    "gemini_compatible": _told(
        {"prompt_tokens": 20, "completion_tokens": 424, "total_tokens": 1016}, (20, 996, 0), 8_008_000
    ),
    # https://github.com/router-for-me/CLIProxyAPI/issues/5733
    "gemini_nothing_but_thoughts": _told(
        {
            "prompt_tokens": 21,
            "completion_tokens": 0,
            "total_tokens": 81,
            "completion_tokens_details": {"reasoning_tokens": 60},
        },
        (21, 60, 0),
        522_000,
        reasoning_tokens=60,
    ),
    # https://github.com/Wei-Shaw/sub2api/issues/5771
    "xai": _told(
        {
            "prompt_tokens": 10120,
            "completion_tokens": 1499,
            "total_tokens": 14428,
            "prompt_tokens_details": {"cached_tokens": 128},
            "completion_tokens_details": {"reasoning_tokens": 2809},
        },
        (10120, 4308, 128),
        54_512_000,
        reasoning_tokens=2809,
    ),
    "more_reasoning_than_completion": _told(
        {"prompt_tokens": 12, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 386}},
        (12, 387, 0),
        3_120_000,
        reasoning_tokens=386,
    ),
    "deepseek": _told({**PLAIN, "prompt_cache_hit_tokens": 40, "prompt_cache_miss_tokens": 60}, (100, 50, 40), 540_000),
    "mistral": _told({**PLAIN, "num_cached_tokens": 40}, (100, 50, 40), 540_000),
    # https://github.com/northes/go-moonshot/issues/17
    "moonshot": Shape(
        {},
        (19, 13, 9),
        128_500,
        in_choice={"usage": {"prompt_tokens": 19, "completion_tokens": 13, "cached_tokens": 9}},
    ),
    "groq": Shape({"x_groq": {"id": "req_1", "usage": {**PLAIN, "total_time": 0.3}}}, (100, 50, 0), 600_000),
    "anthropic": _told(
        {
            "input_tokens": 10,
            "output_tokens": 50,
            "cache_creation_input_tokens": 40,
            "cache_read_input_tokens": 30,
            "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 30},
            "service_tier": "standard",
        },
        (80, 50, 30),
        580_000,
        cache_write_tokens=40,
        cache_write_1h_tokens=30,
    ),
    "anthropic_all_cached": _told(
        {"input_tokens": 0, "output_tokens": 50, "cache_read_input_tokens": 30}, (30, 50, 30), 415_000
    ),
    "anthropic_priority": _told(
        {"input_tokens": 100, "output_tokens": 50, "service_tier": "priority"},
        (100, 50, 0),
        1_200_000,
        service_tier="priority",
    ),
    "anthropic_fast": _told(
        {"input_tokens": 100, "output_tokens": 50, "speed": "fast"}, (100, 50, 0), None, service_tier="fast"
    ),
    "gemini": Shape(
        {
            "usageMetadata": {
                "promptTokenCount": 100,
                "cachedContentTokenCount": 40,
                "toolUsePromptTokenCount": 10,
                "candidatesTokenCount": 30,
                "thoughtsTokenCount": 20,
                "totalTokenCount": 160,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 95},
                    {"modality": "AUDIO", "tokenCount": 5},
                ],
            }
        },
        (110, 50, 40),
        750_000,
        {"input_audio_tokens": 5, "reasoning_tokens": 20},
    ),
    "bedrock": _told(
        {
            "inputTokens": 10,
            "outputTokens": 50,
            "totalTokens": 90,
            "cacheReadInputTokens": 30,
            "cacheWriteInputTokens": 0,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 0}, {"ttl": "1h", "inputTokens": 0}],
        },
        (40, 50, 30),
        435_000,
    ),
    "cohere": _told(
        {
            "billed_units": {"input_tokens": 12, "output_tokens": 50},
            "tokens": {"input_tokens": 400, "output_tokens": 52},
        },
        (12, 50, 0),
        424_000,
    ),
    "qwen": _told(
        {
            **PLAIN,
            "prompt_tokens_details": {
                "cached_tokens": 0,
                "cache_creation_input_tokens": 40,
                "cache_creation": {"ephemeral_5m_input_tokens": 40},
                "cache_type": "ephemeral",
            },
        },
        (100, 50, 0),
        620_000,
        cache_write_tokens=40,
    ),
    "litellm": _told(
        {
            **PLAIN,
            "prompt_tokens_details": {
                "cached_tokens": 0,
                "cache_creation_tokens": 40,
                "cache_creation_token_details": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 40},
            },
            "cache_creation_input_tokens": 40,
            "cache_read_input_tokens": 0,
        },
        (100, 50, 0),
        680_000,
        cache_write_tokens=40,
        cache_write_1h_tokens=40,
    ),
    "perplexity": Shape(
        {
            "usage": {
                "prompt_tokens": 19,
                "completion_tokens": 498,
                "total_tokens": 517,
                "citation_tokens": 10175,
                "num_search_queries": 48,
                "reasoning_tokens": 95305,
                "cost": {"input_tokens_cost": 0.0, "output_tokens_cost": 0.004, "total_cost": 0.55},
            }
        },
        (19, 105_978, 0),
        550_000_000,
        {"reasoning_tokens": 95305, "web_searches": 48, "charged_nusd": 550_000_000},
        model=UNLISTED,
    ),
    "openrouter": Shape(
        {"usage": {**PLAIN, "cost": 0.00014, "is_byok": False, "cost_details": {"upstream_inference_cost": None}}},
        (100, 50, 0),
        140_000,
        {"charged_nusd": 140_000},
        model=UNLISTED,
    ),
    "openrouter_own_key": Shape(
        {"usage": {**PLAIN, "cost": 0.00001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.0002}}},
        (100, 50, 0),
        210_000,
        {"charged_nusd": 210_000},
        model=UNLISTED,
    ),
    "xai_ticks": Shape(
        {"usage": {**PLAIN, "cost_in_usd_ticks": 37756000}},
        (100, 50, 0),
        3_775_600,
        {"charged_nusd": 3_775_600},
        model=UNLISTED,
    ),
    "charged_in_an_unknown_unit": Shape({"usage": {**PLAIN, "cost": 12}}, (100, 50, 0), None, model=UNLISTED),
    "own_price_before_what_is_charged": Shape(
        {"usage": {**PLAIN, "cost_in_usd_ticks": 37756000}}, (100, 50, 0), 600_000, {"charged_nusd": 3_775_600}
    ),
    "flex": Shape({"usage": PLAIN, "service_tier": "flex"}, (100, 50, 0), 300_000, {"service_tier": "flex"}),
    "priority": Shape(
        {"usage": PLAIN, "service_tier": "priority"}, (100, 50, 0), 1_200_000, {"service_tier": "priority"}
    ),
    "batch": Shape({"usage": PLAIN, "service_tier": "batch"}, (100, 50, 0), 600_000, {"service_tier": "batch"}),
    "unpriced_tier": Shape({"usage": PLAIN, "service_tier": "warp"}, (100, 50, 0), None, {"service_tier": "warp"}),
    "default_tier": Shape({"usage": PLAIN, "service_tier": "default"}, (100, 50, 0), 600_000),
    "floats": _told({name: float(value) for name, value in PLAIN.items()}, (100, 50, 0), 600_000),
    "no_completion_but_the_total": _told({"prompt_tokens": 100, "total_tokens": 150}, (100, 50, 0), 600_000),
    "no_prompt_but_the_total": _told({"completion_tokens": 50, "total_tokens": 150}, (100, 50, 0), 600_000),
    "more_cached_than_read": _told({**PLAIN, "prompt_tokens_details": {"cached_tokens": 900}}, (100, 50, 100), 450_000),
    "zeros_at_the_end": Shape(
        {"usage": PLAIN}, (100, 50, 0), 600_000, chunks=({"usage": PLAIN}, {"usage": ZEROS}, {"usage": {}})
    ),
    "counted_up": Shape(
        {"usage": PLAIN},
        (100, 50, 0),
        600_000,
        chunks=tuple({"usage": {**PLAIN, "completion_tokens": n, "total_tokens": 100 + n}} for n in (1, 20, 50)),
    ),
    "in_two_parts": Shape(
        {"usage": {"input_tokens": 10, "cache_read_input_tokens": 30, "output_tokens": 50}},
        (40, 50, 30),
        435_000,
        chunks=(
            {"usage": {"input_tokens": 10, "cache_read_input_tokens": 30, "output_tokens": 1}},
            {"usage": {"output_tokens": 50}},
        ),
    ),
}

HOSTILE: dict[str, Any] = {
    "nothing": {},
    "null": None,
    "true": True,
    "a_number": 12,
    "a_string": "100 tokens",
    "a_list": [PLAIN],
    "zeros": ZEROS,
    "booleans": dict.fromkeys(PLAIN, True),
    "strings": {name: str(value) for name, value in PLAIN.items()},
    "negative": {name: -value for name, value in PLAIN.items()},
    "fractions": {name: value + 0.5 for name, value in PLAIN.items()},
    "unsigned_minus_one": dict.fromkeys(PLAIN, 2**64 - 1),
    "huge_floats": dict.fromkeys(PLAIN, 1e300),
    "objects": {name: {"value": value} for name, value in PLAIN.items()},
    "odd_details": {"prompt_tokens_details": "none", "completion_tokens_details": [1], "input_tokens_details": True},
}
"""Usage objects that tell nothing: what they are told of is estimated."""


def _answering(shape: Shape) -> Any:
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None, **shape.in_choice}
    head = {"id": "chatcmpl-u", "created": 1, "model": shape.model}

    async def whole(call: Call) -> None:
        message = {"role": "assistant", "content": "".join(WORDS), "refusal": None}
        answer = {**head, "object": "chat.completion", "choices": [{**choice, "message": message}]}
        await call.answer("200 OK", {**answer, **shape.answer})

    async def streamed(call: Call) -> None:
        await call.head("200 OK", "text/event-stream")
        for word in WORDS:
            await call.event({**call.chunk({"content": word}), **head})
        *before, last = shape.chunks or (shape.answer,)
        chunk = {**head, "object": "chat.completion.chunk"}
        await call.event({**chunk, "choices": [{**choice, "delta": {}}], **(before[0] if before else {})})
        for fields in (*before[1:], last):
            await call.event({**chunk, "choices": [], **fields})
        await call.done()

    async def answer(call: Call) -> None:
        await (streamed if call.streams else whole)(call)

    return answer


for _name, _shape in SHAPES.items():
    FAULTS[f"tells_{_name}"] = _answering(_shape)
for _name, _usage in HOSTILE.items():
    FAULTS[f"tells_{_name}"] = _answering(Shape({"usage": _usage}, (0, 0, 0), None))
