from datetime import date

import pytest

from router.exam.checks.time_answers import says_date, says_duration, says_time, says_weekday, written_date
from router.exam.item import Answer


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("15:05", True),
        ("3:05 pm", True),
        ("The film ends at 3:05 p.m.", True),
        ("15h05", True),
        ("um 15.05 Uhr", True),
        ("下午3点05分", True),
        ("If it starts at 14:20 and lasts 45 minutes, it ends at 15:05.", True),
        ("3:05 am", False),
        ("15:50", False),
        ("14:20", False),
        ("45 minutes", False),
    ],
)
def test_times(answer: str, right: bool) -> None:
    assert says_time(15 * 60 + 5, "It is 14:20. What time is it in 45 minutes?")(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("145", True),
        ("145 minutes", True),
        ("2 hours and 25 minutes", True),
        ("It takes 2 hours and 25 minutes, which is 145 minutes.", True),
        ("2 Stunden 25 Minuten", True),
        ("2小时25分钟", True),
        ("From 9:15 to 11:40 is 145 min", True),
        ("2 horas y media", False),
        ("2 hours", False),
        ("125 minutes", False),
        ("9:15 to 11:40", False),
    ],
)
def test_durations(answer: str, right: bool) -> None:
    assert says_duration(145, "How many minutes is it from 9:15 to 11:40?", 1)(Answer(answer)) is right


@pytest.mark.parametrize(
    "answer", ["48 horas y media", "48,5 horas", "48 heures et demie", "48 and a half hours", "48 hours and a half"]
)
def test_half_hours(answer: str) -> None:
    assert says_duration(48 * 60 + 30, "How many hours are that?", 60)(Answer(answer))


@pytest.mark.parametrize(
    ("answer", "language", "right"),
    [
        ("March 13", "en", True),
        ("the 13th of March", "en", True),
        ("10 days after March 3 is March 13th, 2024.", "en", True),
        ("03/13", "en", True),
        ("2024-03-13", "en", True),
        ("der 13. März", "de", True),
        ("13.03.", "de", True),
        ("13 mars", "sv", True),
        ("el 13 de marzo", "es", True),
        ("le 13 mars", "fr", True),
        ("3月13日", "zh", True),
        ("It is March 13, not March 14.", "en", True),
        ("Es ist nicht der 14. März, sondern der 13. März.", "de", True),
        ("It is not March 13.", "en", False),
        ("March 12", "en", False),
        ("April 13", "en", False),
        ("13", "en", False),
        ("March 3", "en", False),
    ],
)
def test_dates(answer: str, language: str, right: bool) -> None:
    question = f"10 > {written_date(date(2024, 3, 3), language)}"
    assert says_date(date(2024, 3, 13), question, language)(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "language", "right"),
    [
        ("Friday", "en", True),
        ("If today is Tuesday, it will be Friday.", "en", True),
        ("Es ist ein Freitag.", "de", True),
        ("周五", "zh", True),
        ("Tuesday", "en", False),
        ("Thursday, then Friday", "en", False),
        ("vendredi", "en", False),
    ],
)
def test_weekdays(answer: str, language: str, right: bool) -> None:
    assert says_weekday(4, [1], language)(Answer(answer)) is right


def test_written_dates() -> None:
    assert written_date(date(2024, 5, 1), "fr") == "1er mai"
    assert written_date(date(2024, 5, 2), "es", with_year=True) == "2 de mayo de 2024"
