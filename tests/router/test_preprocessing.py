"""What is read of a conversation, and what is not."""

import pytest

from router.decision import Prompt, Turn
from router.text.preprocessing import (
    EARLIER_CHARS,
    HEAD_CHARS,
    SYSTEM_CHARS,
    TAIL_CHARS,
    preprocess,
    split_unspaced,
    without_options,
)


def thread(*turns: tuple[str, str]) -> Prompt:
    return Prompt(tuple(Turn(role, text) for role, text in turns))


def test_a_long_message_is_read_at_both_ends() -> None:
    text = preprocess(Prompt.from_text("a" * HEAD_CHARS + "x" * 10_000 + "b" * TAIL_CHARS)).text
    assert text == "a" * HEAD_CHARS + "\n" + "b" * TAIL_CHARS


def test_answers_are_not_read_and_earlier_questions_are() -> None:
    document = preprocess(thread(("user", "first"), ("assistant", "answer"), ("tool", "result"), ("user", "and why")))
    assert document.text == "first\nand why"
    assert document.n_turns == 4


def test_latest_earlier_messages_win_when_there_is_no_room_for_all() -> None:
    old, recent = "old " * EARLIER_CHARS, "recent " * EARLIER_CHARS
    text = preprocess(thread(("user", old), ("user", recent), ("user", "now"))).text
    assert "recent" in text
    assert "old" not in text
    assert len(text) <= EARLIER_CHARS + len("\nnow")


def test_the_system_message_is_read_in_part() -> None:
    text = preprocess(thread(("system", "s" * 5000), ("user", "question"))).text
    assert text == "s" * SYSTEM_CHARS + "\nquestion"


@pytest.mark.parametrize(
    "prompt", [Prompt(()), Prompt.from_text(""), thread(("assistant", "Hello")), thread(("tool", ""))]
)
def test_odd_threads_can_be_read(prompt: Prompt) -> None:
    assert preprocess(prompt).n_words <= 1


def test_ten_thousand_turns_cost_no_more_than_forty() -> None:
    turns = [("user", "u")] * 10_000
    assert len(preprocess(thread(*turns)).text) < 100


@pytest.mark.parametrize(
    ("text", "rest", "n"),
    [
        ("Which is red?\nA. Milk\nB. Blood", "Which is red?\n", 2),
        ("Pick:\n(A) one\n(B) two\n(C) three", "Pick:\n", 3),
        ("A. Smith wrote to B. Jones", "A. Smith wrote to B. Jones", 0),
        ("a) x\nb) y\nquestion?", "question?", 2),
    ],
)
def test_lettered_choices_are_taken_out(text: str, rest: str, n: int) -> None:
    assert without_options(text) == (rest, n)


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        (["hello", "världen"], ["hello", "världen"]),
        (["今天下雨"], ["今天", "天下", "下雨"]),
        (["你好"], ["你好"]),
        (["안녕하세요"], ["안녕", "녕하", "하세", "세요"]),
    ],
)
def test_writing_without_blanks_is_cut_into_pairs(words: list[str], pieces: list[str]) -> None:
    assert list(split_unspaced(words)) == pieces
