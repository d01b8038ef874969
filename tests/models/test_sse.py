"""Events out of bytes, wherever the network cuts them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.wire.sse import BOM, DONE, EventSplitter

EVENTS = [b'data: {"a": 1}\n\n', b": ping\n\n", DONE]


@pytest.mark.parametrize("beginning", [b"", BOM])
@given(cuts=st.lists(st.integers(0, 60), max_size=8))
def test_events_are_whole_wherever_they_are_cut(beginning: bytes, cuts: list[int]) -> None:
    whole = beginning + b"".join(EVENTS)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    splitter = EventSplitter()
    pieces = [whole[start:end] for start, end in itertools.pairwise(places)]
    assert [event for piece in pieces for event in splitter.feed(piece)] == EVENTS
    assert splitter.rest == b""
