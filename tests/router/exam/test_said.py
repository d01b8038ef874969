"""What an answer in plain words says."""

import pytest

from router.exam.checks.said import chosen, plain, quoted, readings, repeats, says, sentences, words

TONES = {"positive": ("positive",), "negative": ("negative",), "neutral": ("neutral",)}


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("positive", "positive"),
        ("**Positive.** The guest was not negative at all.", "positive"),
        ("Sentiment: Neutral", "neutral"),
        ("The sentiment of this review is negative.", "negative"),
        ("It's negative, not positive", "negative"),
        ("Positive, because nothing negative is said", "positive"),
        ("Is it positive? No, it is negative.", "negative"),
        ("not positive", None),
        ("Positive, negative or neutral", None),
        ("Positive/Negative", None),
        ("Positive\nNegative\nNeutral", None),
        ("The review is mixed", None),
        ("", None),
    ],
)
def test_an_answer_chooses_one_option_or_none(answer: str, option: str | None) -> None:
    assert chosen(answer, TONES) == option


def test_a_longer_form_wins_over_the_shorter_one_in_it() -> None:
    mail = {"spam": ("spam",), "not spam": ("not spam", "isn't spam")}
    assert chosen("This is not spam.", mail) == "not spam"
    assert chosen("This is spam.", mail) == "spam"
    assert chosen("not spam or spam", mail) is None


@pytest.mark.parametrize(
    ("text", "form", "held"),
    [
        ("The car is red", "car", True),
        ("A carrot", "car", False),
        ("A carrot", "car*", True),
        ("GUTEN\nMorgen", "guten morgen", True),
        ("这是法语。", "法语", True),
        ("在12号房间", "12", True),
        ("in 120", "12", False),
        ("l'addition", "addition", True),
    ],
)
def test_forms_are_found_as_whole_words(text: str, form: str, held: bool) -> None:
    assert says(text, [form]) is held


def test_marks_and_width_make_no_difference() -> None:
    assert plain("**Él**:  「是的」") == "él: 是的"
    assert words("don't 你好 3.5") == ["don't", "你", "好", "3.5"]


def test_what_is_quoted_or_follows_a_colon_may_be_the_answer() -> None:
    assert quoted("Say “bonjour” or **salut**.") == ["bonjour", "salut"]
    assert "guten morgen!" in readings('In German: "Guten Morgen!"')
    assert "bonjour" in readings("Here you go:\nBonjour")


def test_titles_and_decimals_end_no_sentence() -> None:
    assert len(sentences("Mr. Brown pays 3.50 euros. He is late.")) == 2


def test_an_answer_that_goes_on_with_the_prompt_repeats_it() -> None:
    prompt = "Is this review positive or negative? The soup was cold."
    assert repeats(prompt + " The waiter was rude.", prompt)
    assert not repeats("The review is negative.", prompt)
