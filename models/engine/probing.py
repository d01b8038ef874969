"""Finds out what the loaded model can do, by letting it do each thing once. Nothing is advertised that was not seen."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from models.engine.answering import whole_chat
from models.engine.engine import Engine
from models.engine.request import parse_chat
from models.engine.wire import ChatShapes
from models.errors import ModelError

logger = logging.getLogger(__name__)

TIME_LIMIT_S = 60.0
"""A model that needs longer for its probes is too slow for these features to be of use."""

WITHOUT_ASKING = frozenset({"completions"})
"""What every model can do that got so far: it has computed a step already."""

Answer = Mapping[str, Any]
Check = Callable[[Answer], bool]

_CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
_TOOL = {"name": "get_weather", "description": "Get the current weather of a city.", "parameters": _CITY}
_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
    },
    "required": ["name", "age"],
}


def _asking(text: str, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "local", "messages": messages, "max_tokens": 48, "temperature": 0, **fields}


def _message(answer: Answer) -> Mapping[str, Any]:
    message: Mapping[str, Any] = answer["choices"][0]["message"]
    return message


def _calls_weather(answer: Answer) -> bool:
    calls = _message(answer).get("tool_calls") or []
    return bool(calls) and "paris" in str(json.loads(calls[0]["function"]["arguments"])["city"]).lower()


def _is_object(answer: Answer) -> bool:
    return isinstance(json.loads(_message(answer)["content"]), dict)


def _fits_schema(answer: Answer) -> bool:
    person = json.loads(_message(answer)["content"])
    return set(person) == {"name", "age"} and 0 <= person["age"] <= 120


def _has_logprobs(answer: Answer) -> bool:
    content = answer["choices"][0]["logprobs"]["content"]
    return bool(content) and all(len(c["top_logprobs"]) == 2 and c["logprob"] <= 0 for c in content)


def _is_one_token(answer: Answer) -> bool:
    content = answer["choices"][0]["logprobs"]["content"]
    return len({c["token"] for c in content}) == 1


def _has_two(answer: Answer) -> bool:
    return len(answer["choices"]) == 2


_PROBES: dict[str, tuple[dict[str, Any], Check]] = {
    # Whether the model turns to a tool of its own accord; that it can be made to is the grammar's doing.
    "tools": (
        _asking("What is the weather in Paris right now?", tools=[{"type": "function", "function": _TOOL}]),
        _calls_weather,
    ),
    "json_object": (
        _asking('Answer with {"colour": "red"} and nothing else.', response_format={"type": "json_object"}),
        _is_object,
    ),
    "json_schema": (
        _asking(
            "Ann is 31. Write it as JSON.",
            response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": _SCHEMA}},
        ),
        _fits_schema,
    ),
    "logprobs": (_asking("Hello!", max_tokens=2, logprobs=True, top_logprobs=2), _has_logprobs),
    "logit_bias": (
        _asking("Hello!", max_tokens=2, logprobs=True, logit_bias={"100": 100}),
        _is_one_token,
    ),
    "several_choices": (_asking("Hello!", max_tokens=2, n=2), _has_two),
}
"""Feature to request and check; the features are the router's."""


async def probe(engine: Engine) -> frozenset[str]:
    """Try every feature; return what worked."""
    if not engine.can_chat:
        return frozenset()
    seen = await asyncio.gather(*(_shown(engine, *attempt) for attempt in _PROBES.values()))
    return frozenset(name for name, works in zip(_PROBES, seen, strict=True) if works)


async def _shown(engine: Engine, body: dict[str, Any], check: Check) -> bool:
    """Whether one request gets what it asks for."""
    shapes = ChatShapes(engine.info.model, engine.fingerprint, engine.token_bytes)
    try:
        job = parse_chat(body)
        generations = await asyncio.to_thread(engine.prepare, job)
        async with asyncio.timeout(TIME_LIMIT_S):
            with engine.open(generations) as answer:
                return check(await whole_chat(answer, job, shapes))
    except (ModelError, TimeoutError, ValueError, LookupError, TypeError):
        return False
