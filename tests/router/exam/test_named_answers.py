import pytest

from router.exam.checks.named_answers import fold, says_in_order, says_name, says_yes
from router.exam.item import Answer

RIVALS = (("Lyon",), ("London",), ("New York", "NYC"))


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Paris", True),
        ("paris.", True),
        ("The capital of France is **Paris**.", True),
        ("It is Paris, not Lyon.", True),
        ("Paris, because London is in England.", True),
        ("It's not Lyon but Paris", True),
        ("I thought of Lyon. The answer is Paris.", True),
        ("Lyon", False),
        ("Paris, Lyon, London", False),
        ("Paris or Lyon", False),
        ("It's not Paris.", False),
        ("The answer is Lyon. Paris is larger.", False),
        ("Parisian", False),
        ("", False),
    ],
)
def test_one_name_is_chosen(answer: str, right: bool) -> None:
    assert says_name(("Paris",), RIVALS)(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Ben", True),
        ("Ben is the oldest, followed by Anna and then Carl.", True),
        ("Anna is 5 and Carl is 6. Ben is the oldest.", True),
        ("Anna is older than Carl, and Ben is older than Anna. So Ben.", True),
        ("To find who is oldest, compare Anna, Ben and Carl. The oldest person is Ben.", True),
        ("Ben is older than Anna.", False),  # only repeats a premise
        ("Anna is the oldest. Ben is the youngest.", False),
        ("Ben, Anna, Carl", False),
    ],
)
def test_the_sentence_that_claims_it_counts(answer: str, right: bool) -> None:
    check = says_name(("Ben",), [("Anna",), ("Carl",)], claims=("oldest",))
    assert check(Answer(answer)) is right


def test_names_of_the_question_are_no_answers_to_it() -> None:
    check = says_name(("Friday",), [("Sunday",)], given=[("Tuesday",)])
    assert check(Answer("If today is Tuesday, it will be Friday in 3 days."))
    assert not check(Answer("Today is Tuesday."))
    assert not check(Answer("If today is Tuesday, it will be Sunday."))


@pytest.mark.parametrize(
    ("answer", "language", "yes", "no"),
    [
        ("Yes, it is.", "en", True, False),
        ("No.", "en", False, True),
        ("That is not true.", "en", False, True),
        ("Not necessarily", "en", False, True),
        ("Ja, das stimmt.", "de", True, False),
        ("Das ist nicht wahr.", "de", False, True),
        ("Sí", "es", True, False),
        ("Non, c'est faux.", "fr", False, True),
        ("是的", "zh", True, False),
        ("是", "zh", True, False),
        ("不是。", "zh", False, True),
        ("I know what you mean", "en", False, False),
    ],
)
def test_yes_and_no(answer: str, language: str, yes: bool, no: bool) -> None:
    assert (says_yes(True, language)(Answer(answer)), says_yes(False, language)(Answer(answer))) == (yes, no)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("3, 12, 45", True),
        ("3 < 12 < 45", True),
        ("You gave 45, 3, 12. In order: 3, 12, 45", True),
        ("1. 3\n2. 12\n3. 45", True),
        ("3, 45, 12", False),
        ("3, 12", False),
        ("45, 3, 12", False),
    ],
)
def test_order(answer: str, right: bool) -> None:
    assert says_in_order(["3", "12", "45"])(Answer(answer)) is right


def test_fold_makes_ways_of_writing_equal() -> None:
    assert fold("**MÁLAGA**") == fold("málaga")
    assert fold("H₂O") == "h2o"
