"""One request from arrival to its ledger row: the one source of what headers, ledger, log and metrics say."""

import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from gateway.keys.caller import ANYBODY, Caller
from gateway.ledger import LedgerRow, Outcome
from gateway.ledger.cascade_result import CascadeResult
from gateway.ledger.row import INVALID, MAX_MS, NO_ROUTE, TEXT_CHARS
from gateway.ledger.units import now_ms
from gateway.limits.headers import without_rates
from gateway.limits.key_limits import LimitedRequest
from gateway.record.egress_call import EgressCall
from models.redaction.plain_text import plain_text
from models.redaction.server_words import clean_name
from models.usage.usage import UNCOUNTED, Usage
from models.wire.chat import CUT_SHORT, ChatRequest
from models.wire.first_tokens import FirstTokens
from models.wire.notes import NO_NOTES, Notes
from router.confidence import CascadeVerdict
from router.decision import Reason, Route, RoutingDecision

if TYPE_CHECKING:
    from gateway.record.telemetry import Trace


def new_request_id() -> str:
    """A new id of our own: a provider's id may be missing, or come twice.

    It begins with the time, as in a UUID of version 7 (RFC 9562), so that the ledger's indexes grow at their ends:
    random ids would have the database write another page for each row.
    """
    return f"req_{now_ms():012x}{secrets.token_hex(8)}"


@dataclass(slots=True)
class RequestRecord:
    """All that is known of one request so far.

    Attributes
    ----------
    route, reason : str
        Where it was answered and why, as they stand now: a failover changes both.
    upstream_s : float
        Seconds spent waiting for backends until the first byte; the rest of that time is our overhead.
    backend_model, served_model : str
        The model that a backend was asked for last, and the one that it says has answered.
    notes : Notes
        What is told with the answer.
    caller : Caller
        Who sent it.
    limited : LimitedRequest or None
        What it has used of its key's limits; None where the key has none.
    session_id, end_user : str
        What the caller calls the session, and the person behind it; empty where it does not say.
    private : str or None
        Why it may not leave this machine; None where it may.
    clearance : str or None
        What the detector said of a request that may leave; None before it was asked.
    calls : list of EgressCall
        What has left this machine so far.
    sent_tokens : int
        About how many prompt tokens the cloud has been given to read: they are paid for if this process dies now.
    failed_nusd, abandoned_nusd : int
        What the cloud that failed last takes all the same, and those before which another model was then asked.
    left_out : tuple of str
        Parts of the request that the answering model was not told of.
    local_only : tuple of str
        Fields that a cloud is not told of.
    trace : Trace or None
        None where nobody collects traces.
    cascade_result : CascadeResult or None
        What a second look found, where there was one.
    first_tokens : FirstTokens or None
        How sure the model that answered was of them; None where it does not tell. Only a local model's are kept.
    answers_early : bool
        Whether the caller's stream began before the answer did.
    answer_limit : int or None
        The longest answer that the cloud is asked for, in tokens, where the budget sets it and not the caller.
    outcome : Outcome or None
        None while the request is in hand.
    """

    endpoint: str
    id: str = field(default_factory=new_request_id)
    created_ms: int = field(default_factory=now_ms)
    started: float = field(default_factory=time.perf_counter)
    requested_model: str = ""
    stream: bool = False
    decision: RoutingDecision | None = None
    artifact: str | None = None
    contributions: str | None = None
    route: str = NO_ROUTE
    reason: str = INVALID
    cascade_result: CascadeResult | None = None
    backend_model: str = ""
    served_model: str = ""
    finish_reasons: tuple[str, ...] = ()
    first_tokens: FirstTokens | None = None
    notes: Notes = NO_NOTES
    left_out: tuple[str, ...] = ()
    local_only: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    usage_estimated: bool = False
    upstream_s: float = 0.0
    first_token_s: float | None = None
    answers_early: bool = False
    overhead_s: float | None = None
    outcome: Outcome | None = None
    error_code: str | None = None
    caller: Caller = ANYBODY
    limited: LimitedRequest | None = None
    session_id: str = ""
    end_user: str = ""
    private: str | None = None
    clearance: str | None = None
    calls: list[EgressCall] = field(default_factory=list)
    sent_tokens: int = 0
    failed_nusd: int = 0
    abandoned_nusd: int = 0
    trace: "Trace | None" = None
    answer_limit: int | None = None

    @property
    def owner(self) -> str:
        """The id of the key that it came with; empty for a gateway without keys."""
        return self.caller.id

    def set_request(self, request: ChatRequest) -> None:
        """Keep what the body says."""
        self.requested_model = request.model
        self.stream = request.stream
        self.local_only = tuple(sorted(request.local_only))

    def set_decision(
        self, decision: RoutingDecision, artifact: str | None = None, contributions: str | None = None
    ) -> None:
        """Keep the decision, the classifier's version, and the feature contributions if they were sampled."""
        self.decision = decision
        self.artifact = artifact
        self.contributions = contributions
        self.route, self.reason = decision.route, decision.reason

    def moved(self, route: Route, reason: Reason) -> None:
        """Another side answers than was decided."""
        self.route, self.reason = route, reason

    def came_back(self) -> None:
        """The local model answers although a second look found it unsure: the cloud failed."""
        assert self.cascade_result is not None
        self.cascade_result.verdict = CascadeVerdict.RETURNED
        self.moved(Route.LOCAL, Reason.FAILOVER)

    def set_backend(self, model: str) -> None:
        """A backend is called now, for this model; one that was called before is given up."""
        self.abandoned_nusd, self.failed_nusd = self.abandoned_nusd + self.failed_nusd, 0
        self.backend_model = self.served_model = clean_name(model)

    def first_byte(self) -> None:
        """The answer begins now."""
        elapsed_s = time.perf_counter() - self.started
        self.first_token_s = elapsed_s
        self.overhead_s = max(0.0, elapsed_s - self.upstream_s)

    def took(self, usage: Usage | None, estimate: Callable[[], Usage]) -> None:
        """Keep the tokens of the answer: as reported by the backend, and an estimate of what it left out."""
        told = usage or UNCOUNTED
        self.usage = told.completed(estimate)
        self.usage_estimated = told.was_estimated(self.usage)

    def headers(self) -> dict[str, str]:
        """The `x-slimgate-*` headers, the same on answers, streams and errors."""
        headers = {**self._told_of_limits(), "x-request-id": self.id}
        if self.endpoint == "messages":
            headers["request-id"] = self.id  # Anthropic's name for it
        if self.route == NO_ROUTE:
            return headers
        headers |= {"x-slimgate-route": self.route, "x-slimgate-reason": self.reason}
        if self.decision is not None:
            headers["x-slimgate-score"] = f"{self.decision.score:.4f}"
            headers["x-slimgate-threshold"] = f"{self.decision.threshold:.4f}"
            if self.decision.estimate is not None:
                headers["x-slimgate-first-token-estimate-s"] = f"{self.decision.estimate.first_token_s:.3f}"
        if self.served_model:
            headers["x-slimgate-model"] = header_value(self.served_model)
        on_the_way = self.local_only if self.route == Route.CLOUD else ()
        warnings = []
        if left_out := dict.fromkeys((*self.left_out, *on_the_way, *self.notes.left_out)):
            warnings.append(f"left out: {', '.join(left_out)}")
        if self.answer_limit is not None and CUT_SHORT.intersection(self.finish_reasons):
            warnings.append(f"cut at {self.answer_limit} tokens by budget.answer_tokens; set max_tokens")
        if warnings:
            headers["x-slimgate-warning"] = header_value("; ".join(warnings))
        if self.overhead_s is not None:
            headers["x-slimgate-overhead-ms"] = f"{self.overhead_s * 1000:.2f}"
        return headers

    def _told_of_limits(self) -> dict[str, str]:
        """What the provider said; where the caller's key has limits, those in place of the provider's."""
        if self.limited is None:
            return dict(self.notes.headers)
        limits = self.limited.headers(is_anthropic=self.endpoint == "messages")
        return {**without_rates(self.notes.headers), **limits}

    def row(self) -> LedgerRow:
        """The ledger row as it is now."""
        decision, usage = self.decision, self.usage
        estimate = decision.estimate if decision else None
        first_tokens = self.first_tokens if self.route == Route.LOCAL else None
        is_guess = self.outcome is None and self.sent_tokens > 0
        return LedgerRow(
            id=self.id,
            created_ms=self.created_ms,
            endpoint=self.endpoint,
            requested_model=plain_text(self.requested_model, TEXT_CHARS),
            route=self.route,
            reason=self.reason,
            score=decision.score if decision else 0.0,
            threshold=decision.threshold if decision else 0.0,
            stream=self.stream,
            served_model=plain_text(self.served_model, TEXT_CHARS),
            outcome=self.outcome,
            error_code=None if self.error_code is None else plain_text(self.error_code, TEXT_CHARS),
            prompt_tokens=self.sent_tokens if is_guess else usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            usage_estimated=self.usage_estimated or is_guess,
            first_token_ms=_ms(self.first_token_s),
            total_ms=_ms(time.perf_counter() - self.started) if self.outcome else None,
            overhead_ms=_ms(self.overhead_s),
            contributions=self.contributions,
            artifact=self.artifact,
            second_look=None if self.cascade_result is None else self.cascade_result.to_json(),
            backend_model=self.backend_model or None,
            usage_details=usage.details_json(),
            baseline_model=self.caller.terms.baseline_model,
            estimated_first_token_ms=_whole_ms(estimate.first_token_s) if estimate else None,
            estimated_answer_ms=_whole_ms(estimate.answer_s) if estimate else None,
            first_n=first_tokens.n if first_tokens else None,
            first_logprob=first_tokens.mean_logprob if first_tokens else None,
            first_least_logprob=first_tokens.least_logprob if first_tokens else None,
            first_margin=first_tokens.mean_margin if first_tokens else None,
            first_entropy=first_tokens.mean_entropy if first_tokens else None,
            key_id=self.caller.id or None,
            team=self.caller.team or None,
            tags=orjson.dumps(self.caller.tags).decode() if self.caller.tags else None,
            session_id=plain_text(self.session_id, TEXT_CHARS) or None,
            end_user=plain_text(self.end_user, TEXT_CHARS) or None,
            egress=self._egress(),
            abandoned_nusd=self.abandoned_nusd,
        )

    def _egress(self) -> str | None:
        """What left this machine; None where nothing did and nothing had to stay."""
        if self.private is None and not self.calls:
            return None
        return orjson.dumps({"calls": self.calls, "verdict": self.private or self.clearance}).decode()


def header_value(text: str) -> str:
    """`text` as a header value: printable ASCII, and no more of it than a name has."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:TEXT_CHARS])


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _whole_ms(seconds: float) -> int | None:
    """An estimate in milliseconds; None if it is no time at all: it is made of what a server says of itself."""
    return min(round(seconds * 1000), MAX_MS) if math.isfinite(seconds) and seconds >= 0 else None
