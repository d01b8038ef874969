"""Ledger rows as a month of real traffic would leave them, the same ones every time."""

import json
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine

from gateway.ledger import LedgerRow, Outcome
from gateway.ledger.cascade_result import CascadeResult
from gateway.ledger.schema import migrate
from gateway.ledger.store import insert_rows
from router.artifact import load_artifact
from router.confidence import CascadeVerdict

DAY_MS = 24 * 3600 * 1000
CLOUD_MODEL, LOCAL_MODEL = "gpt-4.1", "Phi-3-mini-4k-instruct-q4"
THRESHOLD = 0.5
ARTIFACT = load_artifact().version

# A model name is whatever a caller makes up.
REFUSED: dict[str, Any] = {
    "route": "none",
    "reason": "invalid",
    "score": 0.0,
    "threshold": 0.0,
    "error_code": "model_not_found",
    "requested_model": "<img src=x onerror=alert(1)>",
    "total_ms": 0.4,
}

UNSURE = CascadeResult(CascadeVerdict.ESCALATED, 0.31, 240.0, LOCAL_MODEL, 120, 9).to_json()

CALL = {"at_ms": 1, "host": "api.openai.com", "model": CLOUD_MODEL, "call": "POST /v1/chat/completions", "bytes": 812}
LEFT = json.dumps(
    {"calls": [{**CALL, "sha256": "ab" * 32, "via_proxy": True, "rule": "escalated"}], "verdict": "nothing found"}
)

# Why requests go where they go, in shares of a hundred; the rest is decided by the score.
BY_RULE = (("pinned", "cloud", 4), ("pinned", "local", 3), ("capability", "cloud", 5), ("context", "cloud", 4))


def traffic(
    count: int, until_ms: int, days: float = 30, seed: int = 7, keys: Sequence[str | None] = (None,)
) -> Iterator[LedgerRow]:
    """`count` requests spread over the `days` before `until_ms`, more of them by day and lately, by turns of `keys`."""
    dice = random.Random(seed)
    for number in range(count):
        row = _request(dice, number, until_ms - round(_age(dice) * days * DAY_MS))
        yield replace(row, key_id=keys[number % len(keys)])


def write(path: Path, rows: Iterable[LedgerRow], batch: int = 1000) -> None:
    """Add `rows` to the ledger at `path`, which is made if there is none."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        write_to(engine, rows, batch)
    finally:
        engine.dispose()


def write_to(engine: Engine, rows: Iterable[LedgerRow], batch: int = 1000) -> None:
    """Add `rows` to a ledger in any database."""
    with engine.begin() as connection:
        migrate(connection)
    waiting = iter(rows)
    while some := list(islice(waiting, batch)):
        insert_rows(engine, some)


def _age(dice: random.Random) -> float:
    """In shares of the whole span."""
    while True:
        age: float = dice.random() ** 1.2
        by_day = 0.55 + 0.45 * math.sin(2 * math.pi * (age * 30 % 1))
        if dice.random() < by_day:
            return age


def _request(dice: random.Random, number: int, created_ms: int) -> LedgerRow:
    score = round(dice.betavariate(1.4, 2.2), 4)
    route, reason = ("cloud" if score >= THRESHOLD else "local"), "score"
    die = dice.uniform(0, 100)
    for rule, where, share in BY_RULE:
        if die < share:
            route, reason = where, rule
            break
        die -= share
    row = LedgerRow(
        id=f"req_{number:024x}",
        created_ms=created_ms,
        endpoint="chat.completions",
        requested_model="auto" if reason != "pinned" else route,
        route=route,
        reason=reason,
        score=score,
        threshold=THRESHOLD,
        stream=dice.random() < 0.7,
        contributions=_contributions(score),
        artifact=ARTIFACT,
    )
    return _estimated(_ended(dice, row), number)


def _estimated(row: LedgerRow, number: int) -> LedgerRow:
    """`row` as if its time had been estimated, up to a quarter too long or too short; without a roll of the dice."""
    if row.route == "none":
        return row
    first_ms, total_ms = (row.first_token_ms, row.total_ms) if row.route == "local" else (None, None)
    factor = 0.8 + number * 37 % 45 / 100
    return replace(
        row,
        estimated_first_token_ms=round((first_ms or 180) * factor),
        estimated_answer_ms=round((total_ms or 4000) * factor),
    )


def _contributions(score: float) -> str:
    features = {"length": 2 * score - 0.7, "wording": 0.5 - score, "argument": score / 2, "politeness": -score / 4}
    return json.dumps(
        {"vocabulary_coverage": 0.9, "features": {name: round(log_odds, 3) for name, log_odds in features.items()}}
    )


def _ended(dice: random.Random, row: LedgerRow) -> LedgerRow:
    die = dice.random()
    if die < 0.01:
        return replace(row, outcome=Outcome.REJECTED, **REFUSED)
    if die < 0.025 and row.reason == "score":
        row = replace(row, route="local" if row.route == "cloud" else "cloud", reason="failover")
    elif die < 0.04 and row.reason == "score" and row.route == "local":
        row = replace(row, route="cloud", reason="escalated", second_look=UNSURE, deciding_nusd=12_345, egress=LEFT)
    outcome = Outcome.OK
    if die > 0.99:
        outcome = dice.choice([Outcome.FAILED, Outcome.INTERRUPTED, Outcome.CANCELLED, Outcome.LOST])
    prompt, completion = round(dice.lognormvariate(5.3, 0.9)) + 5, round(dice.lognormvariate(5, 0.7)) + 1
    if outcome in (Outcome.FAILED, Outcome.LOST):
        return replace(row, outcome=outcome, error_code="backend_unavailable", **_money(row.route, 0, 0))
    typical_ms = 180 if row.route == "local" else 620
    first_ms = round(dice.lognormvariate(math.log(typical_ms), 0.45), 3)
    return replace(
        row,
        outcome=outcome,
        served_model=LOCAL_MODEL if row.route == "local" else f"{CLOUD_MODEL}-2025-04-14",
        prompt_tokens=prompt,
        completion_tokens=completion,
        first_token_ms=first_ms,
        total_ms=round(first_ms + completion * (22 if row.route == "local" else 11), 3),
        overhead_ms=round(dice.uniform(0.25, 0.9), 3),
        **_money(row.route, prompt, completion),
    )


def _money(route: str, prompt: int, completion: int) -> dict[str, Any]:
    """gpt-4.1's list price: 2 and 8 dollars a million tokens, which is 2,000 and 8,000 nano-dollars a token."""
    full = prompt * 2000 + completion * 8000
    return {"baseline_model": CLOUD_MODEL, "baseline_nusd": full, "cost_nusd": full if route == "cloud" else 0}
