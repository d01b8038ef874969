"""What must hold after the chaos: arithmetic over what callers saw, the ledger's rows and the provider's books."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.chaos.books import Bill
from benchmarks.chaos.callers import PRIVATE_KINDS, Seen

NUSD = 1_000_000_000


@dataclass(frozen=True)
class Row:
    """What is needed of a row of the ledger."""

    id: str
    end_user: str
    route: str
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


def rows_of_answers(seen: Sequence[Seen], rows: Sequence[Row], excused: Collection[str]) -> Finding:
    """Each answered request has exactly one row.

    Rows of `excused` ids were held in memory by a process that was killed while its disk was full.
    """
    count = Counter(row.id for row in rows)
    answered = [one for one in seen if one.id]
    missing = [one for one in answered if not count[one.id]]
    known = [one for one in missing if one.id in excused]
    doubled = [one for one in answered if count[one.id] > 1]
    detail = f"{len(answered)} answered, {len(missing) - len(known)} without a row, {len(doubled)} doubled"
    if known:
        detail += f"; known: {len(known)} lost with a process that was killed while its disk was full"
    if unknown := [one for one in missing if one.id not in excused][:3]:
        detail += f"; such as {unknown}"
    return Finding("every answered request has one row", len(missing) == len(known) and not doubled, detail)


def rows_of_nobody(seen: Sequence[Seen], rows: Sequence[Row]) -> Finding:
    """No row without a request, and no request with two."""
    refs, ids = {one.ref for one in seen}, {one.id for one in seen}
    strange = [row for row in rows if row.end_user not in refs and row.id not in ids]
    twice = [ref for ref, n in Counter(row.end_user for row in rows if row.end_user).items() if n > 1]
    unanswered = {one.ref for one in seen if not one.id}
    kept = sum(row.end_user in unanswered for row in rows)
    detail = f"{len(rows)} rows, {len(strange)} of nobody, {len(twice)} requests with two"
    detail += f"; {len(unanswered)} got no answer, of which {kept} have a row"
    if strange or twice:
        detail += f"; such as {strange[:2]} {twice[:2]}"
    return Finding("no row without a request, none twice", not strange and not twice, detail)


def tokens_agree(rows: Sequence[Row], bills: Mapping[str, Sequence[Bill]]) -> Finding:
    """Tokens and money of each call to the cloud that ended normally, to the token."""
    wrong: list[tuple[Row, Sequence[Bill]]] = []
    n = nusd = 0
    for row in rows:
        if not ended_normally(row, bills.get(row.end_user, ())):
            continue
        (bill,) = bills[row.end_user]
        n, nusd = n + 1, nusd + bill.nusd
        told = (row.prompt_tokens, row.completion_tokens, row.cost_nusd)
        if told != (bill.prompt_tokens, bill.completion_tokens, bill.nusd):
            wrong.append((row, bills[row.end_user]))
    free = [row for row in rows if is_paid(row) and row.outcome == "ok" and not bills.get(row.end_user)]
    detail = f"{n} calls, ${nusd / NUSD:.6f}: {len(wrong)} differ; {len(free)} in the ledger alone"
    if wrong or free:
        detail += f"; such as {wrong[:2]} {free[:2]}"
    return Finding("tokens and money agree", not wrong and not free and n > 0, detail)


def is_paid(row: Row) -> bool:
    return row.route == "cloud"


def ended_normally(row: Row, bills: Sequence[Bill]) -> bool:
    """The one call for it was answered whole, and its caller heard the end."""
    return is_paid(row) and row.outcome == "ok" and len(bills) == 1 and bills[0].whole


def differences(rows: Sequence[Row], bills: Mapping[str, Sequence[Bill]]) -> list[tuple[str, int, int, int]]:
    """Of all other calls, by how they ended: how many, the provider's nano-dollars and the ledger's.

    Nobody can know what a provider charges for an answer that broke off; that is why it is listed and not judged.
    """
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    by_ref = {row.end_user: row for row in rows}
    for ref in {*bills, *(row.end_user for row in rows if row.end_user and is_paid(row))}:
        row, billed = by_ref.get(ref), bills.get(ref, ())
        if row is not None and ended_normally(row, billed):
            continue
        name = "no row" if row is None else f"{row.route} {row.outcome}"
        name += "" if len(billed) == 1 else f", {len(billed)} bills"
        for i, value in enumerate((1, sum(bill.nusd for bill in billed), (row.cost_nusd or 0) if row else 0)):
            sums[name][i] += value
    return [(name, *values) for name, values in sorted(sums.items())]  # type: ignore[misc]


def budgets_hold(seen: Sequence[Seen], bills: Mapping[str, Sequence[Bill]], limits: Mapping[str, float]) -> Finding:
    """By the provider's count, whatever the ledger says."""
    key_of = {one.ref: one.key for one in seen}
    spent: Counter[str] = Counter()
    for ref, billed in bills.items():
        spent[key_of.get(ref, "")] += sum(bill.nusd for bill in billed)
    told = [f"{key}: ${spent[key] / NUSD:.6f} of ${limit:.6f}" for key, limit in limits.items()]
    passed = all(spent[key] <= round(limit * NUSD) for key, limit in limits.items())
    return Finding("no budget exceeded", passed, "; ".join(told))


def nothing_private_left(seen: Sequence[Seen], bills: Collection[str], strangers: Sequence[str]) -> Finding:
    """Not one byte of what has to stay came to the provider."""
    private = {one.ref for one in seen if one.kind in PRIVATE_KINDS}
    left = private & set(bills)
    answered = sum(one.end == "whole" for one in seen if one.ref in private)
    detail = f"{len(private)} private requests ({answered} answered), {len(left)} reached the provider"
    if strangers:
        detail += f", and {len(strangers)} texts that no caller may send: {strangers[0][:200]!r}"
    return Finding("no private byte outside", not left and not strangers, detail)


def back_to_start(
    name: str, unit: str, before: Mapping[str, float], after: Mapping[str, float], bound: float
) -> Finding:
    """Each kind of process needs no more than at the start, within `bound`."""
    grown = {kind: after[kind] - before[kind] for kind in before.keys() & after.keys()}
    told = [f"{kind} {before[kind]:.0f} to {after[kind]:.0f}" for kind in sorted(grown)]
    passed = all(more <= bound for more in grown.values()) and before.keys() <= after.keys()
    return Finding(name, passed, f"{', '.join(told)} {unit} (at most {bound:.0f} more)")
