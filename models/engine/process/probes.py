"""Probes the features of the loaded model with one request each. Only features that worked are advertised."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from models.engine.engine import Engine
from models.engine.errors import EngineBusy
from models.engine.http.responses import collect_chat
from models.engine.http.shapes import ChatShapes
from models.engine.request.chat import parse_chat
from models.wire.errors import ModelError

logger = logging.getLogger(__name__)

TIME_LIMIT_S = 60.0
"""A model that needs longer for a probe is too slow to use the feature."""

BUSY_PAUSE_S = 1.0

ALWAYS_SUPPORTED = frozenset({"completions"})
"""Features of every model that passed the self-test."""

ChatCompletion = Mapping[str, Any]
Check = Callable[[ChatCompletion], bool]

_CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
_TOOL = {"name": "get_weather", "description": "Get the current weather of a city.", "parameters": _CITY}
_SCHEMA = {
    "type": "object",
    "properties": {"ok": {"const": True}},
    "required": ["ok"],
    "additionalProperties": False,
}


def _request(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "local", "messages": [{"role": "user", "content": text}], "temperature": 0, **fields}


def _short_request(**fields: Any) -> dict[str, Any]:
    """All have the same prompt, so that it is computed once."""
    return _request("Hello!", **fields)


def _message(completion: ChatCompletion) -> Mapping[str, Any]:
    message: Mapping[str, Any] = completion["choices"][0]["message"]
    return message


def _weather_request(**fields: Any) -> dict[str, Any]:
    tools = [{"type": "function", "function": _TOOL}]
    return _request("What is the weather in Paris right now?", max_tokens=48, tools=tools, **fields)


def _city(completion: ChatCompletion) -> str | None:
    """The city in a call of the tool; None where there is no call."""
    calls = _message(completion).get("tool_calls") or []
    return str(json.loads(calls[0]["function"]["arguments"])["city"]) if calls else None


def _calls_weather(completion: ChatCompletion) -> bool:
    return "paris" in (_city(completion) or "").lower()


def _calls_anything(completion: ChatCompletion) -> bool:
    return _city(completion) is not None


def _begins_object(completion: ChatCompletion) -> bool:
    return str(_message(completion)["content"]).startswith("{")


def _fits_schema(completion: ChatCompletion) -> bool:
    return bool(json.loads(_message(completion)["content"]) == {"ok": True})


def _has_logprobs(completion: ChatCompletion) -> bool:
    content = completion["choices"][0]["logprobs"]["content"]
    return bool(content) and all(len(c["top_logprobs"]) == 2 and c["logprob"] <= 0 for c in content)


def _is_one_token(completion: ChatCompletion) -> bool:
    content = completion["choices"][0]["logprobs"]["content"]
    return len({c["token"] for c in content}) == 1


def _has_two(completion: ChatCompletion) -> bool:
    return len(completion["choices"]) == 2


Probes = Mapping[str, tuple[dict[str, Any], Check]]

ENGINE_PROBES: Probes = {
    "json_object": (_short_request(max_tokens=2, response_format={"type": "json_object"}), _begins_object),
    "json_schema": (
        _short_request(
            max_tokens=24,
            response_format={"type": "json_schema", "json_schema": {"name": "ok", "schema": _SCHEMA}},
        ),
        _fits_schema,
    ),
    "logprobs": (_short_request(max_tokens=2, logprobs=True, top_logprobs=2), _has_logprobs),
    "logit_bias": (_short_request(max_tokens=2, logprobs=True, logit_bias={"100": 100}), _is_one_token),
    "several_choices": (_short_request(max_tokens=2, n=2), _has_two),
}
"""Features of the engine, tried with this model: a few tokens each, before requests are served."""

MODEL_PROBES: Probes = {
    # Whether the model calls a tool by itself, and whether the grammar can make it. Both have the same prompt.
    "tools": (_weather_request(), _calls_weather),
    "forced_tools": (_weather_request(tool_choice="required"), _calls_anything),
}
"""Features of the model. The prompt takes half a minute with a large model, so it is tried while requests are served.

The names are the values of the router's `Feature`; each has a request and a check of the answer."""


async def run_probes(engine: Engine, probes: Probes) -> frozenset[str]:
    """Run `probes`; return the features that worked.

    A probe ends when a caller comes, and begins again when none is there. What it has read stays in the prefix cache.
    """
    if not engine.can_chat:
        return frozenset()
    passed = await asyncio.gather(*(_passes(engine, *probe) for probe in probes.values()))
    return frozenset(name for name, works in zip(probes, passed, strict=True) if works)


async def _passes(engine: Engine, body: dict[str, Any], check: Check) -> bool:
    """Whether the answer to one request passes its check; waits and tries again while callers are here."""
    while True:
        try:
            return check(await _complete(engine, body))
        except EngineBusy:
            await asyncio.sleep(BUSY_PAUSE_S)
        except (ModelError, TimeoutError, ValueError, LookupError, TypeError):
            return False


async def _complete(engine: Engine, body: dict[str, Any]) -> ChatCompletion:
    shapes = ChatShapes(engine.info.model, engine.fingerprint, engine.token_bytes)
    job = parse_chat(body)
    async with asyncio.timeout(TIME_LIMIT_S):
        with engine.submit(await engine.prepare(job), gives_way=True) as events:
            return await collect_chat(events, job, shapes)
