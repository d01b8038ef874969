from decimal import Decimal

import pytest

from router.exam.checks.number_answers import numbers, readings, says_number, written
from router.exam.item import Answer


@pytest.mark.parametrize(
    ("numeral", "language", "values"),
    [
        ("42", "en", ["42"]),
        ("1,234", "en", ["1234"]),
        ("1.234", "en", ["1.234"]),
        ("1.234", "de", ["1234", "1.234"]),
        ("1,234", "fr", ["1234", "1.234"]),
        ("12,5", "sv", ["12.5"]),
        ("12,5", "en", ["12.5"]),
        ("1.234,50", "es", ["1234.50"]),
        ("1,234.50", "de", ["1234.50"]),
        ("1.234.567", "de", ["1234567"]),
        ("1 234", "sv", ["1234"]),
        ("0,125", "de", ["0.125"]),
        ("1.2.3", "en", []),
        ("9" * 30, "en", []),
    ],
)
def test_numerals_are_read_as_their_language_writes_them(numeral: str, language: str, values: list[str]) -> None:
    assert list(readings(numeral, language)) == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("Step 1: add 3 and 4.", "en", ["3", "4"]),
        ("1. Take 5\n2. Add 6", "en", ["5", "6"]),
        ("It is -5 degrees, not 17-5", "en", ["-5", "17", "5"]),
        ("minus 3", "en", ["-3"]),
        ("271 Euro und 40 Cent", "de", ["271.40"]),
        ("1,271 dollars and 5 cents", "en", ["1271.05"]),
        ("5 euros and 40 people", "en", ["5", "40"]),
        ("零下12度", "zh", ["-12"]),
        ("H2O and CO2", "en", []),
        ("forty-two", "en", ["42"]),
        ("Es sind acht Beine", "de", ["8"]),
        ("一共四十二个", "zh", ["42"]),
        ("三百零五", "zh", ["305"]),
        ("$1{,}200$", "en", ["1", "200"]),
    ],
)
def test_numbers_of_a_text(text: str, language: str, values: list[str]) -> None:
    assert [mention.readings[0] for mention in numbers(text, language)] == [Decimal(value) for value in values]


SUM = "What is 17 + 25?"


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("42", True),
        ("The answer is **42**.", True),
        ("17 + 25 = 42", True),
        ("42, not 43.", True),
        ("not 42", False),
        ("17 + 25 = 42. To check, 42 - 25 = 17.", True),
        ("The sum of 17 and 25 is forty-two.", False),  # in words only where there are no digits
        ("Forty-two", True),
        ("First 10 + 20 = 30, then 7 + 5 = 12, so 30 + 12 = 42", True),
        ("Let me see: 7 + 5 = 12, 1 + 2 + 1 = 4. Answer: 42", True),
        ("\\boxed{42}", True),
        ("4 2", False),
        ("32", False),
        ("The answer is 32, because 42 is wrong.", False),
        ("17 + 25 = 42. The answer is 52.", False),
        ("42 or 43", False),
        ("17 + 25", False),
        (SUM, False),
        ("", False),
        ("38, 39, 40, 41, 43, 44, 45, 46, 47, 42", False),
    ],
)
def test_the_final_answer_counts(answer: str, right: bool) -> None:
    assert says_number(Decimal(42), "en", SUM)(Answer(answer)) is right


STORY = "Lisa has 12 apples and gives 5 to Tom. How many are left?"


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Lisa has 7 apples left. She started with 12 and gave away 5.", True),
        ("12 - 5 = 7", True),
        ("Seven.", True),
        ("She gave 5 to Tom, so 12 - 5 = 8.", False),
        ("Lisa has 12 apples. She gives away 5. The answer is 5.", False),
        ("Lisa has 12 apples and gives 5 to Tom.", False),
    ],
)
def test_numbers_of_the_question_may_be_said_again(answer: str, right: bool) -> None:
    assert says_number(Decimal(7), "en", STORY)(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "language", "right"),
    [
        ("1.234,5 Euro", "de", True),
        ("1,234.5", "en", True),
        ("1234.50", "de", True),
        ("1 234,5 kr", "sv", True),
        ("1 234,5 €", "fr", True),
        ("答案是1234.5元", "zh", True),
        ("12.345", "de", False),
        ("1,2345", "es", False),
    ],
)
def test_separators_by_language(answer: str, language: str, right: bool) -> None:
    assert says_number(Decimal("1234.5"), language, "?")(Answer(answer)) is right


def test_tolerance_and_first_and_least() -> None:
    assert says_number(Decimal(80), "en", "50 miles", tolerance=Decimal(1))(Answer("About 80.47 km"))
    assert not says_number(Decimal(80), "en", "50 miles", tolerance=Decimal(1))(Answer("About 82 km"))
    assert says_number(Decimal(8), "en", "?", first=True)(Answer("A spider has 8 legs, in 4 pairs"))
    assert not says_number(Decimal(8), "en", "?", first=True, most=4)(Answer("1, 2, 3, 4, 5, 6, 7, 8"))
    assert says_number(Decimal(1989), "en", "?", least=Decimal(100))(Answer("On November 9, 1989 (a 9th)"))


def test_written() -> None:
    assert [written(Decimal("1234.5"), language) for language in ("en", "de", "fr")] == [
        "1,234.5",
        "1.234,5",
        "1 234,5",
    ]
