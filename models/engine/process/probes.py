"""Finds out what the loaded model can do, by letting it do each thing once. Nothing is advertised that was not seen."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from models.engine.engine import Engine
from models.engine.errors import EngineBusy
from models.engine.http.responses import whole_chat
from models.engine.http.shapes import ChatShapes
from models.engine.request.chat import parse_chat
from models.wire.errors import ModelError

logger = logging.getLogger(__name__)

TIME_LIMIT_S = 60.0
"""A model that needs longer for its probes is too slow for these features to be of use."""

BUSY_PAUSE_S = 1.0

WITHOUT_ASKING = frozenset({"completions"})
"""What every model can do that got so far: it has computed a step already."""

Answer = Mapping[str, Any]
Check = Callable[[Answer], bool]

_CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
_TOOL = {"name": "get_weather", "description": "Get the current weather of a city.", "parameters": _CITY}
_SCHEMA = {
    "type": "object",
    "properties": {"ok": {"const": True}},
    "required": ["ok"],
    "additionalProperties": False,
}


def _asking(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "local", "messages": [{"role": "user", "content": text}], "temperature": 0, **fields}


def _greeting(**fields: Any) -> dict[str, Any]:
    """All begin alike, so that the prompt is computed once."""
    return _asking("Hello!", **fields)


def _message(answer: Answer) -> Mapping[str, Any]:
    message: Mapping[str, Any] = answer["choices"][0]["message"]
    return message


def _calls_weather(answer: Answer) -> bool:
    calls = _message(answer).get("tool_calls") or []
    return bool(calls) and "paris" in str(json.loads(calls[0]["function"]["arguments"])["city"]).lower()


def _begins_object(answer: Answer) -> bool:
    return str(_message(answer)["content"]).startswith("{")


def _fits_schema(answer: Answer) -> bool:
    return bool(json.loads(_message(answer)["content"]) == {"ok": True})


def _has_logprobs(answer: Answer) -> bool:
    content = answer["choices"][0]["logprobs"]["content"]
    return bool(content) and all(len(c["top_logprobs"]) == 2 and c["logprob"] <= 0 for c in content)


def _is_one_token(answer: Answer) -> bool:
    content = answer["choices"][0]["logprobs"]["content"]
    return len({c["token"] for c in content}) == 1


def _has_two(answer: Answer) -> bool:
    return len(answer["choices"]) == 2


Probes = Mapping[str, tuple[dict[str, Any], Check]]

OF_THE_ENGINE: Probes = {
    "json_object": (_greeting(max_tokens=2, response_format={"type": "json_object"}), _begins_object),
    "json_schema": (
        _greeting(
            max_tokens=24,
            response_format={"type": "json_schema", "json_schema": {"name": "ok", "schema": _SCHEMA}},
        ),
        _fits_schema,
    ),
    "logprobs": (_greeting(max_tokens=2, logprobs=True, top_logprobs=2), _has_logprobs),
    "logit_bias": (_greeting(max_tokens=2, logprobs=True, logit_bias={"100": 100}), _is_one_token),
    "several_choices": (_greeting(max_tokens=2, n=2), _has_two),
}
"""Whether this engine's means take hold of this model: a few tokens each show it, before anybody is served."""

OF_THE_MODEL: Probes = {
    # Whether the model turns to a tool of its own accord; that it can be made to is the grammar's doing.
    "tools": (
        _asking(
            "What is the weather in Paris right now?",
            max_tokens=48,
            tools=[{"type": "function", "function": _TOOL}],
        ),
        _calls_weather,
    ),
}
"""What the model makes of it: a long prompt, half a minute for a large model, so it is tried while others are served.
Features are the router's; each has its request and its check."""


async def probe(engine: Engine, probes: Probes) -> frozenset[str]:
    """Try `probes`; return what worked."""
    if not engine.can_chat:
        return frozenset()
    seen = await asyncio.gather(*(_shown(engine, *attempt) for attempt in probes.values()))
    return frozenset(name for name, works in zip(probes, seen, strict=True) if works)


async def _shown(engine: Engine, body: dict[str, Any], check: Check) -> bool:
    """Whether one request gets what it asks for; it waits where others fill the queue."""
    while True:
        try:
            async with asyncio.timeout(TIME_LIMIT_S):
                return check(await _answer(engine, body))
        except EngineBusy:
            await asyncio.sleep(BUSY_PAUSE_S)
        except (ModelError, TimeoutError, ValueError, LookupError, TypeError):
            return False


async def _answer(engine: Engine, body: dict[str, Any]) -> Answer:
    shapes = ChatShapes(engine.info.model, engine.fingerprint, engine.token_bytes)
    job = parse_chat(body)
    generations = await asyncio.to_thread(engine.prepare, job)
    with engine.open(generations) as answer:
        return await whole_chat(answer, job, shapes)
