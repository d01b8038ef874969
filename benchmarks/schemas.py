"""How much of a collection of JSON schemas the engine can follow, whether its answers are valid, and how fast they are.

    slimgate engine --port 8089 &
    python -m benchmarks.schemas ~/schemas --url http://127.0.0.1:8089 --compile 1500 --answers 300
    python -m benchmarks.schemas ~/schemas --url http://127.0.0.1:8089 --url http://127.0.0.1:8090 --speed

The folder holds a schema in each `*.json`, such as the `data` of github.com/guidance-ai/jsonschemabench. A random part
of it is sent as `response_format`: with one token of answer, to see whether the schema is taken; then with an answer at
temperature 1, which is checked by `jsonschema`. With `--speed`, several engines take turns at one schema of twenty
properties. Figures belong to a machine; compare those of one run.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for

ASK = [{"role": "user", "content": "Answer with an example, as JSON."}]
KINDS: list[Any] = [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"enum": ["red", "green"]}]
TWENTY = {
    "type": "object",
    "properties": {f"property_{i}": KINDS[i % 4] | ({"maxLength": 30} if i % 4 == 0 else {}) for i in range(20)},
    "required": [f"property_{i}" for i in range(20)],
    "additionalProperties": False,
}
ROUNDS = 4


class Engine:
    """A running engine."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, f"{url}/v1/chat/completions"

    async def ask(self, schema: Any, max_tokens: int, **fields: Any) -> tuple[int, Any]:
        body = {"model": "local", "messages": ASK, "max_tokens": max_tokens, **fields}
        if schema is not None:
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        try:
            async with self._http.post(self._url, json=body) as response:
                return response.status, await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            return 0, type(exc).__name__


def outcome(status: int, answer: Any, schema: Any) -> str:
    """What became of one request."""
    if status != 200:
        code = answer["error"]["code"] if isinstance(answer, dict) else answer
        return f"refused: {code}" if status == 400 else f"failed: {status} {code}"
    choice = answer["choices"][0]
    if choice["finish_reason"] != "stop":
        return "cut by max_tokens"
    try:
        text = json.loads(choice["message"]["content"])
        return "valid" if validator_for(schema)(schema).is_valid(text) else "invalid"
    except ValueError:
        return "invalid: no JSON"
    except Exception as exc:  # a schema that jsonschema cannot read either
        return f"unknown: {type(exc).__name__}"


async def coverage(engine: Engine, schemas: list[tuple[str, Any]], max_tokens: int, show: bool) -> Counter[str]:
    """The outcomes for all `schemas`, four at a time."""
    places = asyncio.Semaphore(4)

    async def one(number: int, name: str, schema: Any) -> str:
        async with places:
            found = outcome(*await engine.ask(schema, max_tokens, temperature=1, seed=number), schema)
        if show and found.startswith(("invalid", "failed")):
            print(f"  {name}: {found}", flush=True)
        return found

    return Counter(await asyncio.gather(*(one(number, *each) for number, each in enumerate(schemas))))


async def tokens_per_s(engine: Engine, schema: Any, callers: int) -> float:
    """Tokens a second over all callers."""
    started = time.perf_counter()
    answers = await asyncio.gather(*(engine.ask(schema, 160, temperature=0.8, seed=i) for i in range(callers)))
    n_tokens: int = sum(answer["usage"]["completion_tokens"] for _, answer in answers)
    return n_tokens / (time.perf_counter() - started)


async def speed(engines: dict[str, Engine]) -> None:
    """Medians of `ROUNDS` rounds, in which the engines take turns."""
    for engine in engines.values():
        await tokens_per_s(engine, TWENTY, 1)
    for words, schema in (("without a schema", None), ("twenty properties", TWENTY)):
        for callers in (1, 8):
            rates: dict[str, list[float]] = {url: [] for url in engines}
            for _ in range(ROUNDS):
                for url, engine in engines.items():
                    rates[url].append(await tokens_per_s(engine, schema, callers))
            for url, measured in rates.items():
                shown = " ".join(f"{rate:.1f}" for rate in measured)
                print(f"{words}, {callers} callers, {url}: {statistics.median(measured):.1f} tokens/s ({shown})")


def sample(folder: Path, n: int) -> list[tuple[str, Any]]:
    """`n` schemas at random, always the same; those that are no valid schemas are left out."""
    files = sorted(folder.rglob("*.json"))
    random.Random(0).shuffle(files)
    schemas: list[tuple[str, Any]] = []
    for file in files:
        schema = json.loads(file.read_text("utf-8"))
        try:
            validator_for(schema).check_schema(schema)
        except SchemaError:
            continue
        schemas.append((file.name, schema))
        if len(schemas) == n:
            break
    return schemas


async def main(options: argparse.Namespace) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as http:
        engines = {url: Engine(http, url) for url in options.url}
        if options.speed:
            await speed(engines)
            return
        schemas = sample(options.folder, max(options.compile, options.answers))
        for url, engine in engines.items():
            taken = await coverage(engine, schemas[: options.compile], 1, show=False)
            print(f"{url}: {options.compile} schemas, one token: {dict(taken.most_common())}", flush=True)
            answered = await coverage(engine, schemas[: options.answers], options.max_tokens, show=True)
            print(f"{url}: {options.answers} answers: {dict(answered.most_common())}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds a JSON schema in each *.json")
    parser.add_argument("--url", action="append", required=True, help="of an engine; several for several")
    parser.add_argument("--compile", type=int, default=1500, help="schemas to try with one token")
    parser.add_argument("--answers", type=int, default=300, help="schemas to answer")
    parser.add_argument("--max-tokens", type=int, default=200, help="of each answer")
    parser.add_argument("--speed", action="store_true", help="measure tokens a second instead")
    asyncio.run(main(parser.parse_args()))
