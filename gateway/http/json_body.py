"""Bodies of endpoints that answer no prompts: read with a limit, checked by a model, described by the same model."""

import json
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


Body = TypeVar("Body", bound=BaseModel)


async def read_model(request: Request, kind: type[Body]) -> Body:
    """The request's body as a `kind`.

    Raises
    ------
    RequestError
        Naming the field at fault, and what it should be.
    """
    value = parse_json(await read_body(request.receive, MAX_BODY_BYTES))
    try:
        # As JSON, in which texts may be moments, amounts and names of a list; nothing else is converted.
        return kind.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as exc:
        raise to_request_error(exc, kind) from None


def to_request_error(exc: ValidationError, kind: type[BaseModel]) -> RequestError:
    """The first fault of a body as an error for its sender; unknown fields before all others."""
    faults = exc.errors(include_url=False, include_context=False, include_input=False)
    if unknown := sorted(_path(fault["loc"]) for fault in faults if fault["type"] == "extra_forbidden"):
        taken = _model_at(kind, unknown[0].split(".")[:-1]).model_fields
        message = f"Unknown: {', '.join(unknown)}. Only these are taken: {', '.join(taken)}."
        return RequestError(message, code="unknown_parameter")
    loc, words = faults[0]["loc"], faults[0]["msg"].removeprefix("Value error, ")
    if not loc:
        return _no_object(kind) if faults[0]["type"] != "value_error" else RequestError(words, code="invalid_value")
    return RequestError(f"{_path(loc)}: {words}. {_description(kind, loc)}", param=_path(loc), code="invalid_value")


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _description(kind: type[BaseModel], loc: tuple[int | str, ...]) -> str | None:
    """What the innermost field of `loc` is for."""
    model = _model_at(kind, [str(part) for part in loc[:-1]])
    field = model.model_fields.get(str(loc[-1])) or kind.model_fields[str(loc[0])]
    return field.description


def _model_at(kind: type[BaseModel], path: list[str]) -> type[BaseModel]:
    """The model of the object at `path`, as far as models describe it."""
    for name in path:
        field = kind.model_fields.get(name)
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return kind
        kind = field.annotation
    return kind


def _no_object(kind: type[BaseModel]) -> RequestError:
    """The error for a body that is no object: where one field is required, that one is missing."""
    required = [name for name, field in kind.model_fields.items() if field.is_required()]
    message = f"The request body must be an object with {', '.join(kind.model_fields)}."
    if len(required) == 1:
        return RequestError(message, param=required[0], code="invalid_value")
    return RequestError(message, code="invalid_type")


def described(kind: type[BaseModel]) -> dict[str, Any]:
    """A route's `openapi_extra`: FastAPI sees no body, since the endpoint reads it by itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": kind.model_json_schema()}}}}
