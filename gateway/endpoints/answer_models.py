"""What the endpoints over the ledger answer: their part of the OpenAPI document is made of these models.

An answer with a field that its model lacks is a defect, and fails.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.keys.terms import KeyTerms, Role, Sees

Usd = str
"""An exact decimal number."""


class AnswerModel(BaseModel):
    """Base of all of them."""

    model_config = ConfigDict(extra="forbid")


class Figures(AnswerModel):
    """What can be said of some requests in numbers. Money is an estimate."""

    requests: int
    answered: int
    answered_locally: int
    errors: int
    failovers: int
    escalations: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    baseline_usd: Usd
    cost_usd: Usd
    deciding_usd: Usd
    paid_usd: Usd
    saved_usd: Usd
    first_token_ms_mean: float | None


class SavingsGroup(Figures):
    """Requests that share a route and a reason."""

    route: str
    reason: str


class Savings(Figures):
    """The answer of /v1/savings."""

    object: Literal["savings"]
    estimate: Literal[True]
    since: str | None
    until: str | None
    baseline_models: list[str]
    local_share: float | None
    coverage: float | None
    summary: str
    groups: list[SavingsGroup]


class SavingsInterval(Figures):
    """One bar of a chart."""

    since: str
    until: str
    by_route: dict[str, int]
    by_reason: dict[str, int]
    by_outcome: dict[str, int]


class SavingsTimeline(AnswerModel):
    """The answer of /v1/savings/timeline."""

    object: Literal["list"] = "list"
    tz: str
    data: list[SavingsInterval]


class UsageFigures(AnswerModel):
    """The figures of one key, team, tag or session. Money is an estimate, but for `spent_usd`."""

    requests: int
    answered: int
    answered_locally: int
    errors: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    baseline_usd: Usd
    paid_usd: Usd
    saved_usd: Usd
    spent_usd: Usd


class AccountUsage(UsageFigures):
    """The figures of one key, team or tag."""

    id: str | None = Field(description="The key's id, or the name of the team or tag; null for requests without.")
    name: str | None = Field(description="The key's name. Null where it has none, and for teams and tags.")
    owner: str | None
    team: str | None
    tags: list[str]


class SessionFigures(UsageFigures):
    """The figures of one session."""

    id: str
    key_id: str | None
    name: str | None = Field(description="The name of the key that the session came with.")
    team: str | None
    first: str
    last: str


class UsageList(AnswerModel):
    """The answer of /v1/usage."""

    object: Literal["list"] = "list"
    by: Literal["key", "team", "tag", "session"]
    data: list[AccountUsage] | list[SessionFigures]
    next: str | None = Field(description="For `after`: where the next page begins. Null on the last one.")


class RouteLatency(AnswerModel):
    """Time to the first token of some answers."""

    answers: int
    p50_ms: float | None
    p95_ms: float | None


class LatencyByRoute(AnswerModel):
    """The same by route."""

    local: RouteLatency
    cloud: RouteLatency


class LatencyInterval(LatencyByRoute):
    """One point of a chart."""

    since: str
    until: str


class Latency(LatencyByRoute):
    """The answer of /v1/latency."""

    object: Literal["latency"]
    newest: int = Field(description="Answers of a route that the figures are taken of, at most.")
    intervals: list[LatencyInterval]


class Decisions(AnswerModel):
    """One page of ledger rows."""

    object: Literal["list"] = "list"
    data: list[dict[str, Any]]
    next: str | None = Field(description="For `after`: where the next page begins. Null on the last one.")


class AuditHead(AnswerModel):
    """The end of the audit chain."""

    seq: int
    hash: str


class AuditEntry(AnswerModel):
    """One entry of the audit chain."""

    seq: int
    at: str
    kind: str
    request_id: str | None
    hash: str = Field(description="Seals the entry together with the hash before it.")
    body: Any = Field(description="`egress` has the calls that left; an administrator's action has `who` and `where`.")


class AuditEntries(AnswerModel):
    """One page of the audit chain."""

    object: Literal["list"] = "list"
    data: list[AuditEntry]
    next: int | None = Field(description="For `after`: where the next page begins. Null on the last one.")
    head: AuditHead = Field(description="The last entry: note it outside of the database.")


class Choices(AnswerModel):
    """What there is to filter by."""

    object: Literal["choices"] = "choices"
    models: list[str]
    keys: list[str]
    key_names: dict[str, str] = Field(description="Their names, by id, of those that have one.")
    teams: list[str]
    tags: list[str]


class ThresholdChangeItem(AnswerModel):
    """One move of the threshold."""

    at: str
    threshold: float | None
    before: float
    artifact: str
    by: str
    note: str


class ThresholdState(AnswerModel):
    """The threshold in force, and who moved it when."""

    object: Literal["threshold"] = "threshold"
    artifact: str
    threshold: float
    default: float
    applied: bool
    outdated: bool
    history: list[ThresholdChangeItem]


class ThresholdPoint(AnswerModel):
    """What one threshold would mean."""

    threshold: float
    local_share: float | None
    usd_per_30_days: Usd | None
    expected_failure_rate: float | None


class MeasuredPoint(AnswerModel):
    """How often the local model fails below one threshold, with the exact 95 % interval."""

    threshold: float
    n_local: int
    failure_rate: float | None
    low: float | None
    high: float | None


class MeasuredFailureRates(AnswerModel):
    """Failure rates by labels, from a file or from feedback."""

    source: Literal["file", "feedback"]
    trouble: str | None
    labels: int
    enough: int = Field(description="Labels that a rate takes at least.")
    points: list[MeasuredPoint]


class ValidationPoint(AnswerModel):
    """What one threshold did to the classifier's validation prompts."""

    threshold: float
    local_share: float
    failure_rate: float | None


class ThresholdCurve(AnswerModel):
    """What every threshold would mean."""

    object: Literal["threshold_curve"]
    artifact: str
    requests: int
    movable: int
    of_other_artifacts: int
    coverage: float | None
    span_ms: int | None
    in_force: ThresholdPoint
    default: ThresholdPoint
    presets: dict[str, ThresholdPoint]
    points: list[ThresholdPoint]
    validation: list[ValidationPoint]
    failure_rates: MeasuredFailureRates


class Flips(AnswerModel):
    """Requests that would go elsewhere."""

    object: Literal["flips"] = "flips"
    threshold: float
    candidate: float
    to: str
    count: int
    of: int
    data: list[dict[str, Any]]


class ShownSecret(AnswerModel):
    """What is shown of a key's secret. It works until `expires`; as long as its key where that is null."""

    prefix: str
    created: str
    expires: str | None


class Key(AnswerModel):
    """A caller's key, without its secret."""

    object: Literal["key"] = "key"
    id: str
    name: str
    status: Literal["live", "expired", "revoked"]
    owner: str
    team: str
    tags: list[str]
    role: Role
    sees: Sees
    created: str
    expires: str | None
    revoked: str | None
    secrets: list[ShownSecret]
    terms: KeyTerms


class KeyWithSecret(Key):
    """A key whose secret was just made."""

    secret: str = Field(description="Shown this once: `sg-` and 43 characters.")


class KeyList(AnswerModel):
    """The answer of /v1/keys."""

    object: Literal["list"] = "list"
    data: list[Key]
    next: str | None
