"""The list of models in Anthropic's shape."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from models.wire.errors import RequestError

DEFAULT_LIMIT = 20
MOST = 1000


def model_info(name: str, created: int, n_ctx: int | None) -> dict[str, Any]:
    """One model; `created` in seconds since 1970, `n_ctx` in tokens where it is known."""
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lifecycle": "active",
        "max_input_tokens": n_ctx,
        "max_tokens": None,
        "capabilities": None,
        "line": None,
        "deprecated_at": None,
        "retires_at": None,
    }


def page_of(names: Sequence[str], query: Mapping[str, str]) -> list[str]:
    """The names that a query asks for: up to `limit` of them, after `after_id` or before `before_id`.

    Raises
    ------
    RequestError
        For a limit that is none.

    >>> page_of(["a", "b", "c"], {"after_id": "a", "limit": "1"}), page_of(["a", "b", "c"], {"before_id": "c"})
    (['b'], ['a', 'b'])
    """
    limit, names = _limit(query.get("limit")), list(names)
    after, before = query.get("after_id"), query.get("before_id")
    if before in names:
        return names[: names.index(before)][-limit:]
    return names[names.index(after) + 1 if after in names else 0 :][:limit]


def list_of(page: Sequence[str], names: Sequence[str], data: list[dict[str, Any]]) -> dict[str, Any]:
    """One page of all `names`, whose models are `data`."""
    first, last = (page[0], page[-1]) if page else (None, None)
    return {"data": data, "has_more": bool(page) and last != names[-1], "first_id": first, "last_id": last}


def _limit(given: str | None) -> int:
    if given is None:
        return DEFAULT_LIMIT
    if not (given.isascii() and given.isdecimal() and len(given) < 6 and 1 <= int(given) <= MOST):
        raise RequestError(f"limit must be a whole number from 1 to {MOST}.", param="limit", code="invalid_value")
    return int(given)
