"""The arithmetic of `python -m benchmarks.chaos`: each invariant fails where it should."""

from benchmarks.chaos import invariants
from benchmarks.chaos.books import Bill
from benchmarks.chaos.callers import Seen
from benchmarks.chaos.invariants import Row

WHOLE = Bill(11, 8, whole=True)
CUT = Bill(11, 3, whole=False)


def seen(ref: str, kind: str = "cloud", end: str = "whole", key: str = "poor") -> Seen:
    return Seen(ref, kind, key, "responses", False, "a", 0.0, id=f"req_{ref}" if end != "none" else "", end=end)


def row(ref: str, outcome: str = "ok", route: str = "cloud", tokens: tuple[int, int] = (11, 8)) -> Row:
    return Row(f"req_{ref}", ref, route, outcome, *tokens, cost_nusd=tokens[0] * 2000 + tokens[1] * 8000)


def test_a_lost_row_and_a_doubled_one_are_seen() -> None:
    asked = [seen("1"), seen("2"), seen("3", end="none")]
    assert invariants.rows_of_answers(asked, [row("1"), row("2")], ()).passed
    assert not invariants.rows_of_answers(asked, [row("1")], ()).passed
    assert invariants.rows_of_answers(asked, [row("1")], {"req_2"}).passed
    assert not invariants.rows_of_answers(asked, [row("1"), row("2"), row("2")], ()).passed


def test_a_row_of_nobody_is_seen() -> None:
    assert invariants.rows_of_nobody([seen("1")], [row("1")]).passed
    assert not invariants.rows_of_nobody([seen("1")], [row("1"), row("2")]).passed
    assert not invariants.rows_of_nobody([seen("1")], [row("1"), Row("req_x", "1", "cloud", "ok", 1, 1, 1)]).passed


def test_tokens_are_compared_where_the_end_was_heard() -> None:
    assert invariants.tokens_agree([row("1"), row("2", "lost")], {"1": [WHOLE], "2": [CUT]}).passed
    assert not invariants.tokens_agree([row("1", tokens=(11, 7))], {"1": [WHOLE]}).passed
    assert not invariants.tokens_agree([row("1"), row("2")], {"1": [WHOLE]}).passed, "nothing was asked for it"
    assert not invariants.tokens_agree([], {}).passed, "a run without answers shows nothing"


def test_what_did_not_end_normally_is_listed() -> None:
    rows = [row("1"), row("2", "lost", tokens=(16, 0)), row("3", route="local")]
    bills = {"1": [WHOLE], "2": [CUT], "3": [CUT, WHOLE], "4": [CUT]}
    assert invariants.differences(rows, bills) == [
        ("cloud lost", 1, 46_000, 32_000),
        ("local ok, 2 bills", 1, 132_000, 86_000),
        ("no row", 1, 46_000, 0),
    ]


def test_budgets_go_by_the_providers_count() -> None:
    limits = {"poor": 0.000132}
    assert invariants.budgets_hold([seen("1"), seen("2")], {"1": [WHOLE], "2": [CUT]}, limits).passed
    assert not invariants.budgets_hold([seen("1"), seen("2")], {"1": [WHOLE], "2": [WHOLE]}, limits).passed


def test_a_private_request_at_the_provider_is_seen() -> None:
    asked = [seen("1", kind="private header"), seen("2")]
    assert invariants.nothing_private_left(asked, {"2"}, []).passed
    assert not invariants.nothing_private_left(asked, {"1", "2"}, []).passed
    assert not invariants.nothing_private_left(asked, {"2"}, ["private-ref-1"]).passed


def test_growth_beyond_the_bound_is_seen() -> None:
    assert invariants.back_to_start("memory", "MiB", {"a main": 100}, {"a main": 140}, 48).passed
    assert not invariants.back_to_start("memory", "MiB", {"a main": 100}, {"a main": 149}, 48).passed
    assert not invariants.back_to_start("memory", "MiB", {"a main": 100, "b main": 1}, {"a main": 100}, 48).passed
