"""Usage objects of all providers are read into bounded counts."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.sections.spending import PriceSettings
from models.usage.pricing import Price, PriceBook
from models.usage.shapes import MAX_CHARGED_USD, MAX_TOKENS, NUSD_PER_USD, count, nano_dollars, tier
from models.usage.usage import UNCOUNTED, Usage, usage_in
from tests.usages import HOSTILE, MODEL, PLAIN, PRICES, SHAPES, ZEROS, Shape

BOTH = frozenset({"prompt_tokens", "completion_tokens"})
GUESS = Usage(10, 8)

_NAMES = sorted(
    {
        name
        for shape in SHAPES.values()
        for name in orjson.dumps([shape.answer, shape.in_choice]).decode().split('"')[1::2]
        if name.isidentifier()
    }
)

numbers = st.one_of(
    st.integers(-5, 200),
    st.integers(),
    st.floats(),
    st.sampled_from([MAX_TOKENS, MAX_TOKENS + 1, 2**31, 2**63, 2**64 - 1, 10**400]),
)
any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5), st.sampled_from(["flex", "priority", "fast"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=8),
    max_leaves=40,
)


def answer_of(shape: Shape) -> dict[str, Any]:
    return {**shape.answer, "choices": [{"index": 0, **shape.in_choice}]}


def check(usage: Usage) -> None:
    """Invariants of every usage."""
    read, written = usage.prompt_tokens, usage.completion_tokens
    for name in Usage.__slots__:
        value = getattr(usage, name)
        if name.endswith("_tokens") or name == "web_searches":
            assert type(value) is int
            assert 0 <= value <= MAX_TOKENS
    assert usage.cached_tokens + usage.cache_write_tokens <= read
    assert usage.cache_write_1h_tokens <= usage.cache_write_tokens
    assert usage.input_audio_tokens + usage.input_image_tokens <= read
    assert usage.output_audio_tokens + usage.output_image_tokens <= written
    assert usage.reasoning_tokens <= written
    assert usage.audio_cached + usage.image_cached <= usage.cached_tokens
    assert usage.charged_nusd is None or 0 < usage.charged_nusd <= 2 * MAX_CHARGED_USD * NUSD_PER_USD
    assert usage.service_tier is None or (usage.service_tier.isprintable() and len(usage.service_tier) <= 32)


@pytest.mark.parametrize("name", SHAPES)
def test_every_public_shape(name: str) -> None:
    shape = SHAPES[name]
    usage = usage_in(answer_of(shape))
    assert usage == Usage(*shape.tokens, **shape.details)
    assert not usage.uncounted


@pytest.mark.parametrize("name", HOSTILE)
def test_a_usage_without_counts_is_unknown_not_zero(name: str) -> None:
    assert Usage.from_wire(HOSTILE[name]) is None
    assert usage_in({"usage": HOSTILE[name], "choices": [{"usage": HOSTILE[name]}, None], "x_groq": "x"}) is None


@pytest.mark.parametrize(
    ("usage", "uncounted", "completed"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 2**64 - 1, "total_tokens": 10}, {"completion_tokens"}, (100, 8)),
        ({"prompt_tokens": 100}, {"completion_tokens"}, (100, 8)),
        ({"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100}, {"completion_tokens"}, (100, 8)),
        ({"prompt_tokens": True, "completion_tokens": 3}, {"prompt_tokens"}, (10, 3)),
        ({"completion_tokens": 50}, {"prompt_tokens"}, (10, 50)),
        ({"total_tokens": 60}, BOTH, (52, 8)),
        ({"total_tokens": 5}, BOTH, (0, 5)),
    ],
)
def test_partly_reported_usage_is_completed(usage: Any, uncounted: Any, completed: tuple[int, int]) -> None:
    found = Usage.from_wire(usage)
    assert found is not None
    assert found.uncounted == uncounted
    whole = found.completed(lambda: GUESS)
    assert (whole.prompt_tokens, whole.completion_tokens) == completed
    assert not whole.uncounted
    assert found.was_estimated(whole)


def test_complete_usage_needs_no_estimate() -> None:
    assert Usage.from_wire(PLAIN) == Usage(100, 50)
    assert Usage(100, 50).completed(lambda: pytest.fail("nobody asked")) == Usage(100, 50)
    assert UNCOUNTED.completed(lambda: GUESS) == GUESS


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        *((12, 12), (12.0, 12), (0, 0), (MAX_TOKENS, MAX_TOKENS)),
        *((told, None) for told in (MAX_TOKENS + 1, 2**64 - 1, 10**400, -1, 12.5, float("nan"), float("inf"))),
        (True, None),
        (False, None),
        (None, None),
        ("12", None),
        ([], None),
        ({}, None),
    ],
)
def test_counts(told: Any, counted: int | None) -> None:
    assert count(told) == counted


@pytest.mark.parametrize(
    ("told", "name"),
    [
        *(("flex", "flex"), ("FLEX ", "flex"), ("pri\nority", "pri ority"), ("x" * 99, "x" * 31 + "…")),
        ("default", None),
        ("auto", None),
        ("", None),
        (None, None),
        (7, None),
        ({}, None),
    ],
)
def test_tiers(told: Any, name: str | None) -> None:
    assert tier(told) == name


@pytest.mark.parametrize("told", [0, -1, True, "1", None, float("nan"), float("inf"), 10**400, MAX_CHARGED_USD + 1, []])
def test_impossible_charges_are_ignored(told: Any) -> None:
    assert nano_dollars(told, NUSD_PER_USD) is None


def test_a_charge_counts_only_if_its_unit_is_known() -> None:
    assert Usage.from_wire({**PLAIN, "cost": 0.5}) == Usage(100, 50)
    assert Usage.from_wire({**PLAIN, "cost": 0.5, "cost_details": {}}) == Usage(100, 50, charged_nusd=500_000_000)
    assert Usage.from_wire({**PLAIN, "cost": 0, "cost_details": {}}) == Usage(100, 50)


@pytest.mark.parametrize(
    ("earlier", "later", "merged"),
    [
        (Usage(100, 50), Usage(uncounted=BOTH), Usage(100, 50)),
        (Usage(100, 1), Usage(100, 50), Usage(100, 50)),
        (Usage(100, 50), Usage(100, 20), Usage(100, 50)),
        (
            Usage(100, uncounted=BOTH - {"prompt_tokens"}),
            Usage(0, 50, uncounted=BOTH - {"completion_tokens"}),
            Usage(100, 50),
        ),
        (Usage(uncounted=BOTH, unsplit_tokens=150), Usage(100, 50), Usage(100, 50)),
        (Usage(100, 50), Usage(uncounted=BOTH, unsplit_tokens=150), Usage(100, 50)),
        (Usage(100, 50, service_tier="flex"), Usage(100, 50), Usage(100, 50, service_tier="flex")),
        (Usage(100, 5, charged_nusd=7), Usage(100, 50, charged_nusd=70), Usage(100, 50, charged_nusd=70)),
    ],
)
def test_two_reports_are_merged(earlier: Usage, later: Usage, merged: Usage) -> None:
    assert later.merged(earlier) == merged


def test_the_usages_of_several_answers_are_added() -> None:
    flex, usual = Usage(10, 5, cache_write_tokens=3, service_tier="flex", charged_nusd=2), Usage(20, 6, charged_nusd=3)
    assert Usage.sum([flex, flex]) == Usage(20, 10, cache_write_tokens=6, service_tier="flex", charged_nusd=4)
    assert Usage.sum([flex, usual]).service_tier is None
    assert Usage.sum([usual, Usage(1, 1, service_tier="priority")]).service_tier == "priority"
    assert Usage.sum([usual, Usage(1, 1)]).charged_nusd is None
    assert Usage.sum([usual, UNCOUNTED]).completed(lambda: Usage(40, 8)) == Usage(40, 8)
    assert Usage.sum([Usage(10, 5), Usage(uncounted=BOTH, unsplit_tokens=20)]).completed(lambda: GUESS) == Usage(27, 8)
    assert Usage.sum([]) == Usage()


def test_an_interrupted_completion_is_uncounted() -> None:
    assert not Usage(100, 8).interrupted_after(8).uncounted
    assert Usage(100, 1).interrupted_after(300).completed(lambda: Usage(10, 300)) == Usage(100, 300)


@pytest.mark.parametrize("told", [PLAIN | {"completion_tokens": 0}, {"prompt_tokens": 100}, {"total_tokens": 100}])
def test_embeddings_have_only_prompt_tokens(told: Any) -> None:
    found = Usage.from_wire(told | {"total_tokens": 100})
    assert found is not None
    assert found.prompt_only() == Usage(100)


def test_an_empty_completion_is_no_estimate() -> None:
    told = Usage.from_wire(PLAIN | {"completion_tokens": 0, "total_tokens": 100})
    assert told is not None
    whole = told.completed(lambda: Usage(10, 0))
    assert (whole, told.was_estimated(whole)) == (Usage(100), False)


def test_zeros_are_no_usage() -> None:
    assert Usage.from_wire(ZEROS) is None


@pytest.mark.parametrize("usage", [Usage(*shape.tokens, **shape.details) for shape in SHAPES.values()])
def test_the_ledger_restores_usage(usage: Usage) -> None:
    kept = usage.details_json()
    assert (kept is None) == (not (usage.reasoning_tokens or usage.charged_nusd or not usage.plain))
    assert Usage.from_ledger(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, kept) == usage


@settings(deadline=None)
@given(told=any_json, later=any_json)
def test_any_json_gives_bounded_counts(told: Any, later: Any) -> None:
    book = PriceBook({"own": Price(**PriceSettings(**PRICES[MODEL]).model_dump())})
    for answer in (told, {"usage": told}, {"usage": told, "choices": [{"usage": later}], "service_tier": later}):
        usage = usage_in(answer)
        for found in filter(None, (usage, usage and Usage.sum([usage, usage]), usage and usage.prompt_only())):
            check(found)
            check(found.merged(Usage.from_wire(later)))
            whole = found.completed(lambda: GUESS)
            check(whole)
            for model in ("own", "gpt-4.1", "gpt-5", "gpt-realtime", "gemini-2.5-flash", "claude-sonnet-4-5", "nobody"):
                cost = book.cost_nusd(model, whole)
                assert cost is None or cost >= 0
            kept = whole.details_json()
            back = Usage.from_ledger(whole.prompt_tokens, whole.completion_tokens, whole.cached_tokens, kept)
            check(back)


@given(values=st.tuples(any_json, any_json, any_json, st.one_of(any_json, st.text(), any_json.map(repr))))
def test_any_older_row_gives_bounded_counts(values: Any) -> None:
    check(Usage.from_ledger(*values))
