"""Bodies of endpoints that answer no prompts: read with a limit, checked by a model, described by the same model."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.http.client import read_body
from models.wire.errors import RequestError
from models.wire.json_reader import parse_json

MAX_BODY_BYTES = 10_000


class JsonBody(BaseModel):
    """Base of such bodies: nothing is converted, and unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Body = TypeVar("Body", bound=JsonBody)


async def read_model(request: Request, kind: type[Body]) -> Body:
    """The request's body as a `kind`.

    Raises
    ------
    RequestError
        Naming the field at fault, and what it should be.
    """
    value = parse_json(await read_body(request.receive, MAX_BODY_BYTES))
    try:
        return kind.model_validate(value)
    except ValidationError as exc:
        raise to_request_error(exc, kind) from None


def to_request_error(exc: ValidationError, kind: type[JsonBody]) -> RequestError:
    """The first fault of a body as an error for its sender; unknown fields before all others."""
    faults = exc.errors(include_url=False, include_context=False, include_input=False)
    if unknown := sorted(str(fault["loc"][0]) for fault in faults if fault["type"] == "extra_forbidden"):
        message = f"Unknown: {', '.join(unknown)}. Only these are taken: {', '.join(kind.model_fields)}."
        return RequestError(message, code="unknown_parameter")
    if not faults[0]["loc"]:
        return _no_object(kind)
    name = str(faults[0]["loc"][0])
    message = f"{name}: {faults[0]['msg']}. {kind.model_fields[name].description}"
    return RequestError(message, param=name, code="invalid_value")


def _no_object(kind: type[JsonBody]) -> RequestError:
    """The error for a body that is no object: where one field is required, that one is missing."""
    required = [name for name, field in kind.model_fields.items() if field.is_required()]
    message = f"The request body must be an object with {', '.join(kind.model_fields)}."
    if len(required) == 1:
        return RequestError(message, param=required[0], code="invalid_value")
    return RequestError(message, code="invalid_type")


def described(kind: type[JsonBody]) -> dict[str, Any]:
    """A route's `openapi_extra`: FastAPI sees no body, since the endpoint reads it by itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": kind.model_json_schema()}}}}
