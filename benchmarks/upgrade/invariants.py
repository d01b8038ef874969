"""What must hold after the drill: arithmetic over what callers saw, the ledger's rows and the provider's count."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.upgrade.callers import Answer
from benchmarks.upgrade.counting import INPUT_NUSD, OUTPUT_NUSD

NUSD = 1_000_000_000
SHOWN = 3


@dataclass(frozen=True)
class Row:
    """What is needed of a row of the ledger."""

    id: str
    outcome: str
    prompt_tokens: int
    completion_tokens: int
    cost_nusd: int | None


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    name: str
    passed: bool
    detail: str


def findings(answers: Sequence[Answer], rows: Sequence[Row], billed: Sequence[tuple[int, int]]) -> list[Finding]:
    """All that must hold, and whether it does."""
    return [
        none_failed([answer for answer in answers if answer.stream], "no stream is cut or refused"),
        none_failed([answer for answer in answers if not answer.stream], "no other request fails"),
        one_row_each(answers, rows),
        paid_once(answers, billed),
        tokens_agree(answers, rows),
        money_agrees(rows, billed),
    ]


def none_failed(answers: Sequence[Answer], name: str) -> Finding:
    """Each was answered, to its last word."""
    failed = [answer for answer in answers if answer.failure or answer.ended_s is None]
    reasons = Counter(reason_of(answer) for answer in failed)
    first_s = {reason: min(each.began_s for each in failed if reason_of(each) == reason) for reason in reasons}
    said = "".join(f"; {n} x {reason}, first at {first_s[reason]:.1f} s" for reason, n in reasons.most_common(SHOWN))
    return Finding(name, not failed, f"{len(answers):,} asked, {len(failed)} failed{said}")


def reason_of(answer: Answer) -> str:
    return answer.failure or "not ended"


def one_row_each(answers: Sequence[Answer], rows: Sequence[Row]) -> Finding:
    """Each request that a gateway took has exactly one row, which says that it was answered; there are no others."""
    count, ids = Counter(row.id for row in rows), {answer.id for answer in answers if answer.id}
    missing = [id for id in ids if not count[id]]
    doubled = [id for id in ids if count[id] > 1]
    strange = [row for row in rows if row.id not in ids or row.outcome != "ok"]
    detail = f"{len(rows):,} rows, {len(missing)} missing, {len(doubled)} doubled, {len(strange)} of others or not ok"
    passed = not (missing or doubled or strange)
    return Finding("one row for each request", passed, detail + _such_as([*missing, *doubled, *strange]))


def paid_once(answers: Sequence[Answer], billed: Sequence[tuple[int, int]]) -> Finding:
    """The provider was asked once for each request that a gateway took."""
    n_taken = sum(bool(answer.id) for answer in answers)
    return Finding("no request is sent twice", len(billed) == n_taken, f"{len(billed):,} answers of the provider")


def tokens_agree(answers: Sequence[Answer], rows: Sequence[Row]) -> Finding:
    """Each row has as many tokens as its caller got words."""
    words = {answer.id: answer.n_words for answer in answers}
    wrong = [row for row in rows if row.completion_tokens != words.get(row.id)]
    total = sum(row.completion_tokens for row in rows)
    return Finding(
        "tokens as answered", not wrong, f"{total:,} tokens in rows, {len(wrong)} rows differ{_such_as(wrong)}"
    )


def money_agrees(rows: Sequence[Row], billed: Sequence[tuple[int, int]]) -> Finding:
    """The ledger's sum is what the provider is owed, to the nano-dollar."""
    owed = sum(prompt * INPUT_NUSD + completion * OUTPUT_NUSD for prompt, completion in billed)
    booked = sum(row.cost_nusd or 0 for row in rows)
    detail = f"${booked / NUSD:.6f} in the ledger, ${owed / NUSD:.6f} by the provider's count"
    return Finding("money as owed", booked == owed, detail)


def _such_as(wrong: Sequence[object]) -> str:
    return f"; such as {list(wrong[:SHOWN])}" if wrong else ""
