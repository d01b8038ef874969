"""What an engine does with a model of Phi-3-mini's size: reading, writing, several callers, one long prompt, memory.

`python -m benchmarks.engine --phi3-sized` runs this. The model has Phi-3-mini's shape and 4-bit weights, drawn at
random: its speed and memory are the real one's, its text is not. It is written once (2.15 GB, about 15 s) to the cache
folder.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import aiohttp
import gguf
import numpy as np

from benchmarks.engine import Engine, free_port, slimgate_command
from models.engine.native.machine import processor_name

N_EMBD, N_LAYER, N_FF, N_HEAD, N_VOCAB, N_CTX = 3072, 32, 8192, 32, 32064, 4096
SLOTS = 4
"""What llama.cpp's server offers if nothing is set."""

CONTROLS = ("<unk>", "<s>", "</s>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|endoftext|>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
BLOCK_BYTES, BLOCK_NUMBERS = 144, 256
"""Of Q4_K."""


def model_file() -> Path:
    """The model, written if it is not there yet."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "slimgate-benchmarks"
    path = folder / "phi3-sized.gguf"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"writing {path}", file=sys.stderr)
        unfinished = path.with_suffix(".part")
        write_model(unfinished)
        unfinished.rename(path)
    return path


def write_model(path: Path) -> None:
    """A GGUF file of Phi-3-mini's shape."""
    writer = gguf.GGUFWriter(path, "phi3")
    writer.add_name("phi3-sized")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(N_LAYER)
    writer.add_feed_forward_length(N_FF)
    writer.add_head_count(N_HEAD)
    writer.add_head_count_kv(N_HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(N_EMBD // N_HEAD)
    writer.add_rope_freq_base(10000.0)
    writer.add_sliding_window(2047)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    _add_vocabulary(writer)
    numbers = np.random.default_rng(0)
    _add_weights(writer, numbers, "token_embd.weight", N_VOCAB, N_EMBD)
    writer.add_tensor("output_norm.weight", np.ones(N_EMBD, np.float32))
    _add_weights(writer, numbers, "output.weight", N_VOCAB, N_EMBD)
    for layer in range(N_LAYER):
        name = f"blk.{layer}"
        writer.add_tensor(f"{name}.attn_norm.weight", np.ones(N_EMBD, np.float32))
        _add_weights(writer, numbers, f"{name}.attn_qkv.weight", 3 * N_EMBD, N_EMBD)
        _add_weights(writer, numbers, f"{name}.attn_output.weight", N_EMBD, N_EMBD)
        writer.add_tensor(f"{name}.ffn_norm.weight", np.ones(N_EMBD, np.float32))
        _add_weights(writer, numbers, f"{name}.ffn_up.weight", 2 * N_FF, N_EMBD)
        _add_weights(writer, numbers, f"{name}.ffn_down.weight", N_EMBD, N_FF)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: gguf.GGUFWriter) -> None:
    """Every byte, and words that prompts are made of."""
    tokens = [*CONTROLS, *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [gguf.TokenType.CONTROL] * len(CONTROLS) + [gguf.TokenType.BYTE] * 256
    kinds[0] = gguf.TokenType.UNKNOWN
    letters = ["▁", "▁x", *(chr(code) for code in range(33, 127))]
    tokens += letters + [f"▁x{number}" for number in range(N_VOCAB - len(tokens) - len(letters))]
    kinds += [gguf.TokenType.NORMAL] * (N_VOCAB - len(kinds))
    writer.add_vocab_size(N_VOCAB)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(number) for number in range(N_VOCAB)])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(CONTROLS.index("<s>"))
    writer.add_eos_token_id(CONTROLS.index("<|end|>"))
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)


def _add_weights(writer: gguf.GGUFWriter, numbers: np.random.Generator, name: str, rows: int, columns: int) -> None:
    """Random Q4_K blocks whose scales are of a size that real weights have."""
    blocks = np.empty((rows * columns // BLOCK_NUMBERS, BLOCK_BYTES), np.uint8)
    blocks[:, 0:2] = np.frombuffer(np.float16(0.0006).tobytes(), np.uint8)
    blocks[:, 2:4] = np.frombuffer(np.float16(0.004).tobytes(), np.uint8)
    blocks[:, 4:] = numbers.integers(0, 256, (len(blocks), BLOCK_BYTES - 4), np.uint8)
    shaped = blocks.reshape(rows, columns // BLOCK_NUMBERS * BLOCK_BYTES)
    writer.add_tensor(name, shaped, raw_dtype=gguf.GGMLQuantizationType.Q4_K)


@dataclass(frozen=True)
class Answer:
    """One streamed answer, with the moments at which its tokens came, in seconds since the request."""

    n_prompt: int
    n_tokens: int
    token_s: list[float]
    end_s: float

    @property
    def first_s(self) -> float:
        return self.token_s[0]


def words(n: int, seed: object) -> str:
    """Words of about a token each, other ones for each `seed`."""
    choose = random.Random(str(seed))
    return " ".join(f"x{choose.randrange(20000)}" for _ in range(n))


async def ask(session: aiohttp.ClientSession, engine: Engine, prompt: str, max_tokens: int) -> Answer:
    """One streamed completion."""
    body = {"model": "local", "prompt": prompt, "max_tokens": max_tokens, "temperature": 0, "stream": True}
    body |= {"stream_options": {"include_usage": True}, "logit_bias": {"2": -100, "3": -100, "7": -100}}
    started, whole = time.perf_counter(), False
    token_s: list[float] = []
    usage: dict[str, int] = {}
    async with session.post(f"{engine.url}/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.content:
            data = line.removeprefix(b"data:").strip()
            whole = whole or data == b"[DONE]"
            if line.startswith(b"data:") and data != b"[DONE]":
                chunk = json.loads(data)
                usage = chunk.get("usage") or usage
                if chunk.get("choices"):
                    token_s.append(time.perf_counter() - started)
    if not (whole and usage and token_s):
        raise ValueError(f"{engine.name}: the stream broke off")
    return Answer(usage["prompt_tokens"], usage["completion_tokens"], token_s, time.perf_counter() - started)


def session() -> aiohttp.ClientSession:
    """For any number of callers who have time."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=1800), connector=aiohttp.TCPConnector(limit=0), read_bufsize=2**20
    )


async def together(engine: Engine, prompts: list[str], max_tokens: int) -> tuple[list[Answer], float]:
    """Several at the same moment; with them, the seconds until the last ended."""
    async with session() as http:
        started = time.perf_counter()
        answers = await asyncio.gather(*(ask(http, engine, prompt, max_tokens) for prompt in prompts))
        return answers, time.perf_counter() - started


async def one_caller(engine: Engine, seed: str) -> dict[str, float]:
    """A prompt of about 520 tokens that is only read, and one of 8 that is answered at length."""
    [read], _ = await together(engine, [words(520, seed)], 1)
    [written], _ = await together(engine, [words(8, seed)], 48)
    return {
        "reading, tokens/s": read.n_prompt / read.first_s,
        "writing alone, tokens/s": (written.n_tokens - 1) / (written.end_s - written.first_s),
    }


async def four_callers(engine: Engine, seed: str) -> dict[str, float]:
    """Answers to short prompts, from start to end."""
    answers, elapsed = await together(engine, [words(40, f"{seed} {n}") for n in range(4)], 48)
    return {"4 callers, short prompts, tokens/s": sum(answer.n_tokens for answer in answers) / elapsed}


async def sixteen_callers(engine: Engine, seed: str) -> dict[str, float]:
    """Answers to prompts of 600 tokens that begin with the same 400."""
    prefix = words(400, seed)
    prompts = [f"{prefix} {words(200, f'{seed} {n}')}" for n in range(16)]
    answers, elapsed = await together(engine, prompts, 24)
    return {"16 callers, shared prefix, tokens/s": sum(answer.n_tokens for answer in answers) / elapsed}


async def long_prompt(engine: Engine, seed: str) -> dict[str, float]:
    """A prompt of about 1,100 tokens."""
    [answer], _ = await together(engine, [words(1100, seed)], 1)
    return {"first token after 1,100 tokens, s": answer.first_s}


async def beside_streams(engine: Engine, seed: str) -> dict[str, float]:
    """A prompt of about 520 tokens that arrives while four answers are being written."""
    async with session() as http:
        started = time.perf_counter()
        streams = [asyncio.ensure_future(ask(http, engine, words(8, f"{seed} {n}"), 72)) for n in range(4)]
        await asyncio.sleep(4)
        arrived = time.perf_counter() - started
        read = await ask(http, engine, words(520, seed), 1)
        answers = await asyncio.gather(*streams)
    until = arrived + read.first_s
    gaps = [
        late - early
        for answer in answers
        for early, late in pairwise(answer.token_s)
        if late > arrived and early < until
    ]
    return {
        "reading beside 4 answers, tokens/s": read.n_prompt / read.first_s,
        "longest gap in them meanwhile, s": max(gaps, default=float("nan")),
    }


Running = Callable[[Engine], AbstractContextManager[None]]

SCENARIOS = (one_caller, four_callers, beside_streams, long_prompt, sixteen_callers)


def engines(arguments: argparse.Namespace, state_dir: str) -> list[Engine]:
    """Slimgate and, if named, llama.cpp's server, both at their defaults."""
    model, port = str(arguments.model), free_port()
    ours = [slimgate_command(), "engine", "--model", model, "--port", str(port)]
    found = [Engine("slimgate", ours, port, {"SLIMGATE_STATE_DIR": state_dir})]
    if arguments.llama_server:
        port = free_port()
        rest = [model, str(SLOTS), str(port), str(N_CTX // 2), str(arguments.threads)]
        found.append(Engine("llama.cpp server", [arguments.llama_server, "-c", arguments.llama_script, *rest], port))
    return found


def measure(found: list[Engine], rounds: int, running: Running) -> dict[str, list[list[float]]]:
    """For each figure, each engine's values. Every round starts and asks every engine, one after the other.

    Only one is loaded at a time: two such models slow each other, even while one of them does nothing.
    """
    results: dict[str, list[list[float]]] = {}
    for round_number in range(rounds):
        for number, engine in enumerate(found):
            with running(engine):
                asyncio.run(together(engine, [words(8, "warm")], 4))
                for scenario in SCENARIOS:
                    for name, value in asyncio.run(scenario(engine, f"{round_number} {scenario.__name__}")).items():
                        results.setdefault(name, [[] for _ in found])[number].append(value)
                        print(f"round {round_number + 1}, {name}: {engine.name} {value:.1f}", file=sys.stderr)
    return results


def table(found: list[Engine], results: dict[str, list[list[float]]], arguments: argparse.Namespace) -> Iterator[str]:
    """Medians, as Markdown; a ratio above 1 is in slimgate's favour."""
    machine = f"{processor_name() or platform.machine()}, {arguments.threads} threads"
    yield f"{date.today()}, {machine}, {arguments.model.name}, medians of {arguments.rounds} rounds\n"
    yield f"| | {' | '.join(engine.name for engine in found)} | ratio |"
    yield f"| --- | {'--- | ' * len(found)}--- |"
    rows = {name: [statistics.median(values) for values in columns] for name, columns in results.items()}
    rows["resident, GB"] = [engine.memory_mb / 1024 for engine in found]
    for name, values in rows.items():
        less_is_better = name.endswith((", s", "GB"))
        ratio = values[-1] / values[0] if less_is_better else values[0] / values[-1]
        yield f"| {name} | {' | '.join(f'{value:.1f}' for value in values)} | {ratio:.2f} |"
