"""Whole characters and stop strings, wherever the text is split."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.scheduling.text import StopMatcher, Utf8Stream


def chunks_of(data: str | bytes, cuts: list[int]) -> list[Any]:
    places = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


@given(st.text(), st.lists(st.integers(0, 1000), max_size=10))
def test_characters_survive_any_cut(text: str, cuts: list[int]) -> None:
    stream = Utf8Stream()
    pieces = [stream.feed(piece) for piece in chunks_of(text.encode("utf-8", "replace"), cuts)]
    assert "".join(pieces) == text.encode("utf-8", "replace").decode()
    assert not any("\ufffd" in piece for piece in pieces if "\ufffd" not in text)


@given(
    st.text("ab", max_size=30),
    st.lists(st.text("ab", min_size=1, max_size=4), max_size=3),
    st.lists(st.integers(0, 99)),
)
def test_stops_are_found_as_if_read_letter_by_letter(text: str, stops: list[str], cuts: list[int]) -> None:
    matcher = StopMatcher(stops)
    seen = "".join(matcher.feed(piece) for piece in chunks_of(text, cuts)) + matcher.finish()
    expected = text
    for end in range(len(text) + 1):
        if hits := [s for s in stops if text[:end].endswith(s)]:
            expected = text[: end - max(map(len, hits))]
            break
    assert seen == expected
    assert matcher.matched == (expected != text or any(s in text for s in stops))


@pytest.mark.parametrize("pieces", [["the E", "ND."], ["the ", "END."], ["the END."], list("the END.")])
def test_no_part_of_a_stop_string_is_shown(pieces: list[str]) -> None:
    matcher = StopMatcher(["END"])
    assert "".join(map(matcher.feed, pieces)) == "the "
