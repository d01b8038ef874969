"""What callers see of a provider's faults, how long it takes, and what the ledger says of it: tables in Markdown.

    python -m benchmarks.faults

A gateway under uvicorn, real sockets, the provider that misbehaves in the tests, and for the third table the bundled
model. Limits are scaled down so that nobody has to wait: 1 s to the first event and between two, 2 s for an answer in
one piece; the providers would otherwise be silent for a minute. Every fault meets a gateway that knows nothing of it.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import Progress

from gateway.config.sections.exam import ExamSettings
from gateway.config.settings import Settings
from tests.kills import KILLS, PROMPT, kill
from tests.live import Gateway, running_gateway
from tests.provider import WORDS, Provider, running_provider

LIMITS = {"first_byte_timeout_s": 1, "chunk_timeout_s": 1, "total_timeout_s": 2}
NO_EXAM = ExamSettings(enabled=False)
WORD_PAUSE_S = 0.02
PLAIN, STREAM = False, True


@dataclass(frozen=True)
class Case:
    """A fault, how often the provider shows it, and how often it is asked.

    Attributes
    ----------
    first : tuple of str
        What the provider does at first; `then` afterwards.
    """

    name: str
    then: str = "none"
    first: tuple[str, ...] = ()
    modes: tuple[bool, ...] = (PLAIN, STREAM)
    requests: int = 1


CASES = [
    Case("429 once, Retry-After 1", first=("rate_limited_briefly",)),
    Case("429 always, Retry-After 7", "rate_limited"),
    Case("500 once", first=("error_500",)),
    Case("500 always", "error_500"),
    Case("503 always", "error_503"),
    Case("TCP reset once", first=("reset",)),
    Case("TCP reset always", "reset"),
    Case("silence", "silence"),
    Case("slow first token, within the limit", "hesitates"),
    Case("slow first token, beyond it", "slow_first_token"),
    Case("cut in mid-answer", "cut_stream"),
    Case("reset in mid-answer", "reset_stream", modes=(STREAM,)),
    Case("stall in mid-answer (30 s, limit 1 s)", "stall"),
    Case("malformed chunk", "malformed_chunk", modes=(STREAM,)),
    Case("chunk of another format", "odd_chunk", modes=(STREAM,)),
    Case("error event first", "error_event_first", modes=(STREAM,)),
    Case("error event in mid-answer", "error_event", modes=(STREAM,)),
    Case("missing [DONE]", "missing_done", modes=(STREAM,)),
    Case("[DONE], but no finish reason", "done_without_finish", modes=(STREAM,)),
    Case("context length", "context_length"),
    Case("content filter", "content_filter"),
    Case("prefill refused", "prefill_refused"),
    Case("wrong key (401)", "bad_key"),
    Case("empty 200", "empty_200"),
    Case("HTML 200", "html_200"),
    Case("200 without choices", "no_choices", modes=(PLAIN,)),
    Case("flapping: every second call is a 500", first=("error_500", "none") * 8, requests=8),
    Case("accounting: usage beside the last choice", "usage_in_last_choice", modes=(STREAM,)),
    Case("accounting: no usage at all", "no_usage", modes=(STREAM,)),
]

RUNS = [(case, stream) for case in CASES for stream in case.modes]


@dataclass(frozen=True)
class Seen:
    """What one request came to.

    Attributes
    ----------
    answer : str
        What the caller saw, in words.
    honest : bool
        Whether that was the right answer, or an error that says so.
    billed : list of (prompt, completion) tokens
        By the provider that answered, or would have.
    wasted : list of (prompt, completion) tokens
        By one that was given up on because another answered.
    """

    answer: str
    honest: bool
    seconds: float
    row: dict[str, Any]
    billed: list[tuple[int, int]]
    wasted: list[tuple[int, int]]

    @property
    def ledger(self) -> str:
        row = self.row
        return f"{row['route']}, {row['reason']}: {row['outcome']}"

    @property
    def tokens(self) -> tuple[int, int]:
        return self.row["prompt_tokens"], self.row["completion_tokens"]

    @property
    def agrees(self) -> bool:
        """Whether ledger and provider count the same; a local answer is counted by the local model alone."""
        return self.row["route"] == "local" or self.tokens == _total(self.billed)


class Bench:
    """Runs cases against gateways with one answering side or another behind a first provider that misbehaves."""

    def __init__(self, folder: Path, local: Gateway | None = None, *, second: bool = False) -> None:
        self._folder = folder
        self._local = local
        self._second = second

    def run(self, case: Case, stream: bool) -> list[Seen]:
        """Each request's outcome, from a fresh gateway."""
        with ExitStack() as stack:
            provider = stack.enter_context(running_provider())
            second = stack.enter_context(running_provider()) if self._second else None
            for one in (provider, second):
                if one is not None:
                    one.pause_s = WORD_PAUSE_S
            provider.always = case.then
            provider.faults.extend(case.first)
            gateway = stack.enter_context(running_gateway(self._settings(provider, second)))
            if self._local is not None:
                gateway.wait_ready()
            return [self._ask(gateway, stream, provider, second) for _ in range(case.requests)]

    def _settings(self, provider: Provider, second: Provider | None) -> Settings:
        cloud: dict[str, Any] = {"base_url": provider.base_url, **LIMITS}
        if second is not None:
            cloud["fallbacks"] = [{"base_url": second.base_url, "model": "second", **LIMITS}]
        local: dict[str, Any] = {"enabled": False}
        if self._local is not None:
            local = {"base_url": f"{self._local.url}/v1", "model": "local"}
        folder = tempfile.mkdtemp(dir=self._folder)
        return Settings(state_dir=folder, local=local, cloud=cloud, router={"threshold": 0}, exam=NO_EXAM)

    def _ask(self, gateway: Gateway, stream: bool, provider: Provider, second: Provider | None) -> Seen:
        providers = [provider] if second is None else [provider, second]
        before = [len(one.billed) for one in providers]
        body = {"model": "auto", "stream": stream, "max_tokens": 8, "messages": [{"role": "user", "content": PROMPT}]}
        started = time.monotonic()
        response = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=60)
        seconds = time.monotonic() - started
        answer, honest = (_stream if stream and response.status_code == 200 else _whole)(response)
        row = gateway.row()
        for one in providers:
            _wait_idle(one)
        billed = [one.billed[count:] for one, count in zip(providers, before, strict=True)]
        if row["route"] == "local":
            return Seen(answer, honest, seconds, row, [], billed[0])
        if second is not None and billed[1]:
            return Seen(answer, honest, seconds, row, billed[1], billed[0])
        return Seen(answer, honest, seconds, row, billed[0], [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(running_gateway(Settings(state_dir=folder / "engine", exam=NO_EXAM)))
        progress = stack.enter_context(Progress(console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()))
        task = progress.add_task("faults", total=3 * len(RUNS))
        engine.wait_ready()

        def step() -> None:
            progress.advance(task)

        print_faults("Nobody else to answer", Bench(folder), step)
        print_faults("A second cloud model", Bench(folder, second=True), step)
        print_faults("The local model", Bench(folder, engine), step)
        print_kills(folder)


def print_faults(title: str, bench: Bench, step: Callable[[], None]) -> None:
    """One table: every fault, plain and streamed."""
    print(f"\n### {title}\n")
    print("| fault | | the caller saw | s | ledger | tokens there | provider's count |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    seen: list[Seen] = []
    for case, stream in RUNS:
        found = bench.run(case, stream)
        print(_line(case, stream, found), flush=True)
        seen += found
        step()
    print(f"\n{_verdict(seen)}")


def print_kills(folder: Path) -> None:
    """Callers killed in mid-stream."""
    print("\n### Callers killed in mid-stream\n")
    print("| killed | ledger | tokens there | provider's count | s until the provider was let go |")
    print("| --- | --- | --- | --- | --- |")
    with running_provider() as provider:
        cloud: dict[str, Any] = {"base_url": provider.base_url}
        settings = Settings(state_dir=folder / "kills", local={"enabled": False}, cloud=cloud)
        with running_gateway(settings) as gateway:
            for at in KILLS:
                provider.billed.clear()
                seconds = kill(gateway, provider, at)
                seen = Seen("", True, seconds, gateway.row(), list(provider.billed), [])
                let_go = f"{seconds:.2f}" if at.fault else "never asked"
                print(f"| {at.point} | {seen.ledger} | {_tokens(seen)} | {_counts(seen.billed)} | {let_go} |")


def _whole(response: httpx.Response) -> tuple[str, bool]:
    if response.status_code == 200:
        words, right = _judge(response, response.json()["choices"][0]["message"]["content"])
        return f"200, {words}", right
    told = [f"{response.status_code} `{response.json()['error']['code']}`"]
    told += [
        f"{name}: {response.headers[name]}" for name in ("retry-after", "x-should-retry") if name in response.headers
    ]
    return ", ".join(told), response.status_code != 401


def _stream(response: httpx.Response) -> tuple[str, bool]:
    """A stream is whole with its [DONE], or broken and says so: never both, never neither."""
    payloads = [event.removeprefix("data: ") for event in response.text.split("\n\n") if event]
    chunks = [json.loads(payload) for payload in payloads if payload != "[DONE]"]
    deltas = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", ())]
    errors = [chunk["error"]["code"] for chunk in chunks if "error" in chunk]
    if errors:
        said = sum(map(bool, deltas))
        return f"200, {said} words, then error `{errors[0]}`", payloads[-1] != "[DONE]"
    words, right = _judge(response, "".join(deltas))
    return f"200, {words}", right and payloads[-1] == "[DONE]"


def _judge(response: httpx.Response, text: str) -> tuple[str, bool]:
    if response.headers["x-slimgate-route"] == "local":
        return ("a local answer", True) if text else ("nothing", False)
    right = text == "".join(WORDS)
    return "the answer" if right else f"not the answer: {text!r}", right


def _line(case: Case, stream: bool, found: Sequence[Seen]) -> str:
    seconds = sorted(f"{one.seconds:.1f}" for one in found)
    cells = [
        case.name,
        "stream" if stream else "plain",
        _each(one.answer for one in found),
        "–".join(dict.fromkeys((seconds[0], seconds[-1]))),
        _each(one.ledger for one in found),
        _each(map(_tokens, found)),
        _each(_counts(one.billed) + (f" ({_counts(one.wasted)} given up on)" if one.wasted else "") for one in found),
    ]
    return f"| {' | '.join(cells)} |"


def _each(texts: Iterable[str]) -> str:
    counted = Counter(texts)
    if len(counted) == 1 and counted.total() == 1:
        return next(iter(counted))
    return "; ".join(f"{count} × {text}" for text, count in counted.items())


def _tokens(seen: Seen) -> str:
    return f"{seen.tokens[0]} + {seen.tokens[1]}{' (estimate)' if seen.row['usage_estimated'] else ''}"


def _counts(billed: Sequence[tuple[int, int]]) -> str:
    return " + ".join(map(str, _total(billed)))


def _total(billed: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(prompt for prompt, _ in billed), sum(completion for _, completion in billed)


def _verdict(seen: Sequence[Seen]) -> str:
    honest = sum(one.honest for one in seen)
    told = [one.agrees for one in seen if not one.row["usage_estimated"]]
    guessed = [one.agrees for one in seen if one.row["usage_estimated"]]
    return (
        f"{honest} of {len(seen)} requests ended in the right answer or an honest error. Where it was told, the ledger "
        f"has the count of the provider that answered in {sum(told)} of {len(told)}; where it was not, it says that it "
        f"estimates, and has it in {sum(guessed)} of {len(guessed)}."
    )


def _wait_idle(provider: Provider) -> None:
    while provider.at_once:
        time.sleep(0.01)


if __name__ == "__main__":
    main()
