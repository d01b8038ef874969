"""What leaves this machine: each call is on disk, with the request that it belongs to, before its first byte leaves."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import asdict

from gateway.audit.chain import AuditChain, Entry, Kind
from gateway.ledger import Ledger
from gateway.ledger.row import NO_ROUTE, TEXT_CHARS
from gateway.ledger.units import now_ms
from gateway.record.egress_call import EgressCall
from gateway.record.request_record import RequestRecord
from models.redaction.plain_text import plain_text
from models.remote.sending import OnSend, Sending

CURRENT: ContextVar[RequestRecord | None] = ContextVar("current_record", default=None)
"""The request that the current task works on; tasks that it starts work on it too."""


NOT_ROUTED = "not routed"
"""Rule of a call that no decision was made for: one about a response that the cloud keeps."""


class EgressWatch:
    """Keeps the record of calls to clouds.

    A call of a request that is in hand is put into its row, and sealed with it once it has ended. Any other call (a
    cloud is asked for a response that it keeps) is sealed at once, and does not leave while that cannot be done.

    Parameters
    ----------
    clearance : callable
        What the detector says now of what may leave.
    """

    def __init__(self, ledger: Ledger, chain: AuditChain, clearance: Callable[[], str]) -> None:
        self._ledger = ledger
        self._chain = chain
        self._clearance = clearance

    def of(self, model: str) -> OnSend:
        """What is told of requests to the cloud model of this name."""

        async def on_send(sending: Sending) -> None:
            record = CURRENT.get()
            if record is None or record.outcome is not None:
                id = None if record is None else record.id
                await asyncio.to_thread(self._seal, _call(sending, model, NOT_ROUTED), id)
                return
            rule = NOT_ROUTED if record.route == NO_ROUTE else record.reason
            record.clearance = record.clearance or self._clearance()
            record.calls.append(_call(sending, record.backend_model or model, rule))
            self._ledger.record(record.row())

        return on_send

    def _seal(self, call: EgressCall, request_id: str | None) -> None:
        """Raises `LedgerUnavailable` while the database does not answer."""
        body = {"egress": {"calls": [asdict(call)], "verdict": self._clearance()}}
        with self._ledger.write() as connection:
            self._chain.append(connection, [Entry(Kind.EGRESS, call.at_ms, body, request_id)])


def _call(sending: Sending, model: str, rule: str) -> EgressCall:
    return EgressCall(
        at_ms=now_ms(),
        host=sending.host,
        model=plain_text(model, TEXT_CHARS),
        call=plain_text(sending.call, TEXT_CHARS),
        bytes=sending.n_bytes,
        sha256=sending.sha256,
        via_proxy=sending.via_proxy,
        rule=rule,
    )
