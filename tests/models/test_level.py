"""The level before the exam: right values, monotone in all that is known, and never outside its bounds."""

import pytest

from models.catalogue.catalogue import catalogue, find_model
from models.catalogue.level import (
    LEAST,
    MOST,
    UNKNOWN,
    Published,
    Size,
    level,
    size_in_name,
    size_in_words,
    size_of_file,
)

NOTHING = Published()
RANGES = {
    "smollm2-135m": (2.0, 2.6),
    "tinystories-15m": (3.0, 3.0),
    "phi-3-mini-4k": (-0.1, 0.2),
    "phi-3-mini-128k": (-0.1, 0.2),
    "phi-3-medium-4k": (-0.5, -0.1),
    "phi-3-small-8k": (-0.3, 0.0),
    "phi-3.5-mini": (-0.1, 0.2),
    "phi-4-mini": (-0.3, 0.0),
    "mistral-7b": (0.0, 0.3),
    "gemma-7b": (0.4, 0.8),
    "llama-3.2-3b": (-0.1, 0.3),
    "qwen2.5-1.5b": (0.5, 0.9),
    "smollm2-1.7b": (0.5, 0.9),
    "qwen3-4b": (-0.5, -0.1),
    "qwen3.5-4b": (-0.6, -0.2),
    "gemma-3-4b": (-0.4, 0.0),
    "gemma-3-4b-qat": (-0.4, 0.0),
    "gemma-4-e2b": (-0.4, 0.0),
    "gemma-4-e4b": (-0.6, -0.2),
    "smollm3-3b": (-0.2, 0.2),
    "granite-4-micro": (-0.2, 0.2),
    "granite-4-h-micro": (-0.2, 0.2),
    "granite-4-h-tiny": (-0.2, 0.2),
    "granite-4.1-3b": (-0.3, 0.1),
    "ministral-3-3b": (0.0, 0.3),
    "lfm2.5-1.2b": (0.1, 0.5),
}


def billion(number: float) -> Size:
    return Size(number * 1e9, number * 1e9)


@pytest.mark.parametrize("name", catalogue())
def test_every_model_of_the_catalogue_has_a_plausible_level(name: str) -> None:
    model = find_model(name)
    least, most = RANGES[name]
    assert least <= level(model.published, model.size, model.encoding).log_odds <= most


def test_the_models_to_which_the_score_was_fitted_have_about_none() -> None:
    phi = level(Published(ifeval=56.1, mmlu_pro=38.7), billion(3.8))
    llama = level(Published(ifeval=74.1, mmlu_pro=36.6), billion(8.0))
    assert phi.log_odds == pytest.approx(0, abs=0.2)
    assert llama.log_odds == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0.135, 2.2), (0.27, 1.75), (0.5, 1.35), (1, 0.9), (2, 0.45), (4, 0), (8, -0.225), (14, -0.407), (70, LEAST)],
)
def test_the_level_by_size_alone(size: float, expected: float) -> None:
    assert level(NOTHING, billion(size)).log_odds == pytest.approx(expected, abs=0.01)


def test_more_parameters_never_fail_more() -> None:
    levels = [level(NOTHING, billion(0.01 * 1.3**step)).log_odds for step in range(40)]
    assert levels == sorted(levels, reverse=True)
    assert (levels[0], levels[-1]) == (MOST, LEAST)


@pytest.mark.parametrize("measure", ["ifeval", "mmlu_pro", "mmlu_pro_cot"])
@pytest.mark.parametrize("size", [None, billion(1.2)])
def test_higher_totals_never_fail_more(measure: str, size: Size | None) -> None:
    levels = [level(Published(**{measure: total}), size).log_odds for total in range(0, 101, 2)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > levels[25] > levels[-1]


@pytest.mark.parametrize(("measure", "total"), [("ifeval", 65.0), ("mmlu_pro", 37.6), ("mmlu_pro_cot", 43.3)])
def test_the_reference_totals_mean_no_level(measure: str, total: float) -> None:
    assert level(Published(**{measure: total}), None).log_odds == pytest.approx(0)


def test_good_totals_count_half_and_bad_ones_in_full() -> None:
    """IFEval 87.33 is 1.31 better than 65 in log-odds, 33.39 as much worse."""
    assert level(Published(ifeval=87.33), None).log_odds == pytest.approx(-0.655, abs=0.01)
    assert level(Published(ifeval=33.39), None).log_odds == pytest.approx(1.31, abs=0.01)


def test_totals_and_size_count_alike() -> None:
    both = level(Published(ifeval=33.39), billion(1))
    assert both.log_odds == pytest.approx((1.31 + 0.9) / 2, abs=0.01)
    assert both.why == "published ifeval, 1 billion parameters"


@pytest.mark.parametrize(
    ("quantisation", "cost"),
    [
        *[(name, 0.0) for name in (None, "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "IQ4_XS", "MXFP4")],
        *[(name, 0.2) for name in ("Q3_K_S", "Q3_K_M", "IQ3_XXS")],
        *[(name, 0.6) for name in ("Q2_K", "IQ2_XS", "TQ2_0")],
        *[(name, 1.2) for name in ("IQ1_S", "TQ1_0")],
        ("type 99", 0.0),
    ],
)
def test_less_than_four_bits_cost_something(quantisation: str | None, cost: float) -> None:
    assert level(NOTHING, billion(1), quantisation).log_odds == pytest.approx(0.9 + cost)


def test_of_a_model_of_which_nothing_is_known_the_worse_is_assumed() -> None:
    unknown = level(NOTHING, None)
    assert unknown.log_odds == UNKNOWN == 0.5
    assert unknown.why == "neither published results nor the size are known"
    assert level(NOTHING, None, "Q2_K").log_odds == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("n_bytes", "quantisation", "expected"),
    [
        (2_393_231_072, "Q4_K_M", 3.8),
        (2_019_377_696, "Q4_K_M", 3.2),
        (1_117_320_736, "Q4_K_M", 1.5),
        (7_643_000_000, "F16", 3.8),
        (4_061_000_000, "Q8_0", 3.8),
    ],
)
def test_the_size_of_a_model_by_its_file(n_bytes: int, quantisation: str, expected: float) -> None:
    assert size_of_file(n_bytes, quantisation).parameters / 1e9 == pytest.approx(expected, rel=0.25)


def test_a_file_of_unknown_quantisation_is_assumed_to_hold_a_small_model() -> None:
    assert size_of_file(2_393_231_072, None).parameters == size_of_file(2_393_231_072, "Q8_0").parameters


@pytest.mark.parametrize(
    ("name", "total", "at_work"),
    [
        ("llama3.2:3b", 3, 3),
        ("some/Model-7B-Instruct-v0.3", 7, 7),
        ("gemma-3-270m-it", 0.27, 0.27),
        ("mine_1.5b_q4", 1.5, 1.5),
        ("gemma-4-E2B-it", 2, 2),
        ("Qwen3-30B-A3B", 30, 3),
        ("distil-70b-into-8b", 8, 8),
    ],
)
def test_a_size_in_a_name(name: str, total: float, at_work: float) -> None:
    assert size_in_name(name) == Size(total * 1e9, at_work * 1e9)


@pytest.mark.parametrize("name", ["gpt-4", "local", "phi-4-mini", "gemma-4-12bit", "v2b1", "Mixtral-8x7B", "128k"])
def test_a_name_without_a_size(name: str) -> None:
    assert size_in_name(name) is None


def test_of_a_mixture_of_experts_the_size_lies_between() -> None:
    assert size_in_words("6.9B, 1B at work") == Size(6.9e9, 1e9)
    assert size_in_words("6.9B, 1B at work").worth == pytest.approx(2.63e9, rel=0.01)


def test_sizes_and_totals_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="'small' is no number of parameters"):
        size_in_words("small")
    with pytest.raises(ValueError, match=r"ifeval = 115 is no percentage"):
        Published(ifeval=115)
    with pytest.raises(TypeError):
        Published(another=80.0)  # type: ignore[call-arg]
