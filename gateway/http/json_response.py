"""JSON answers through orjson."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as a JSON answer; bytes are taken for JSON already."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Response(content, status, dict(headers or {}), media_type="application/json")
