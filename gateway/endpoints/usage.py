"""Who used what: GET /v1/usage and /v1/usage/chargeback.csv."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from gateway.endpoints.answer_models import UsageList
from gateway.endpoints.savings import Since, Until, Zone
from gateway.endpoints.visible import Visible
from gateway.ledger import Ledger
from gateway.reports.accounts import page_of, place, usage_report
from gateway.reports.chargeback import chargeback, chargeback_csv
from gateway.reports.sessions import session_report
from gateway.reports.timeline import aware, time_zone

By = Annotated[Literal["key", "team", "tag", "session"], Query(description="What the figures are told apart by.")]
Limit = Annotated[
    int, Query(ge=1, le=1000, description="How many: the busiest first, of sessions those with the newest request.")
]
After = Annotated[str | None, Query(description="The `next` of the page before.")]
Month = Annotated[str, Query(description="The month, such as 2026-11.")]


def usage_endpoints(ledger: Ledger) -> APIRouter:
    """The endpoints over `ledger`."""
    endpoints = APIRouter(tags=["savings"])

    @endpoints.get("/v1/usage", summary="Usage by key, team, tag or session", response_model=UsageList)
    def usage(
        visible: Visible,
        by: By = "key",
        since: Since = None,
        until: Until = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        """Requests, tokens and money of each, as far as the caller may see them. Savings are an estimate.

        A request with several tags counts for each. `spent_usd` is all that is known to have been paid; `paid_usd`,
        `baseline_usd` and `saved_usd` leave out requests that no baseline price is known of.
        """
        start, since, until = place(after), aware(since), aware(until)
        with ledger.read() as connection:
            if by == "session":
                sessions, next = session_report(connection, visible, since, until, limit, start)
                shown = [session.to_json() for session in sessions]
            else:
                usages, next = page_of(usage_report(connection, by, visible, since, until), start, limit)
                shown = [usage.to_json() for usage in usages]
        return {"by": by, "data": shown, "next": next}

    @endpoints.get("/v1/usage/chargeback.csv", summary="What each key used in a month", response_class=Response)
    def chargeback_file(visible: Visible, month: Month, tz: Zone = "UTC") -> Response:
        """One line a key, as CSV. The month is that of the time zone `tz`."""
        zone = time_zone(tz)
        with ledger.read() as connection:
            text = chargeback_csv(chargeback(connection, visible, month, zone))
        headers = {"content-disposition": f'attachment; filename="slimgate-chargeback-{month}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

    return endpoints
