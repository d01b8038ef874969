"""`slimgate replay`: decides past requests again, at several thresholds."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from orjson import JSONEncodeError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.cli.ledger import read_ledger
from gateway.cli.serve import ConfigOption
from gateway.config.settings import Settings, load_settings
from gateway.ledger.units import days_ago_ms
from gateway.scoring.active_threshold import ActiveThreshold
from gateway.scoring.artifact_store import ArtifactStore
from models.wire.errors import ModelError, RequestError
from router.artifact import Artifact
from router.decision import Feature
from router.policy import LocalCapabilities
from router.threshold import HIGHEST_THRESHOLD

if TYPE_CHECKING:
    from gateway.reports.replay.deciding import Prices, Replayer
    from gateway.reports.replay.whatif import WhatIf

SHOWN_BAD = 20
"""The most unreadable lines that are named; all are counted."""

USUAL_N_CTX = 8192
"""The built-in engine's largest default context, in tokens."""

SHOW_EVERY_S = 0.1


@dataclass
class _Bad:
    """Lines that could not be read: all are counted, the first ones are named."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, where: str, why: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN_BAD:
            self.first.append(f"{where}: {why}")


def replay(
    logs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files of requests, plain or gzipped: request bodies, one a line (chat completions, responses, "
            'messages, completions), also with their answer as {"request": …, "response": …}; OpenAI batch files; '
            "conversations as 'messages', in ShareGPT's form, or as ChatGPT exports them.",
            show_default=False,
        ),
    ] = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="Replay the gateway's own ledger instead of files.")] = False,
    days: Annotated[
        float | None, typer.Option(min=0, help="Only the last so many days of the ledger. Default: all.")
    ] = None,
    thresholds: Annotated[str, typer.Option(help="Thresholds to compare with the one in force.")] = "0.3,0.45,0.6",
    answer_tokens: Annotated[
        int, typer.Option(min=1, help="Assumed length of an answer that the log does not have, in tokens.")
    ] = 256,
    features: Annotated[
        str | None,
        typer.Option(
            help='What the local model can do beyond text, such as tools,json_schema; "" for nothing. Default: '
            "local.features, else tools and JSON.",
        ),
    ] = None,
    n_ctx: Annotated[
        int | None,
        typer.Option(min=128, help=f"Its context window in tokens. Default: local.n_ctx, else {USUAL_N_CTX}."),
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line a threshold.")] = False,
) -> None:
    """Show where past requests would have gone, and what that would have cost. No model is called.

    Every answer in a conversation counts as one request. A model name other than local, cloud and your aliases counts
    as auto. A line that cannot be read is named, counted and left out. Token counts are the recorded ones; else one
    for every 4 bytes of UTF-8 and 4 for each message, none for images. Prices and rules are those of the
    configuration. Both sides are assumed to be up and idle: queues, budgets, tool loops and second looks are ignored.
    For example:

      slimgate replay requests.jsonl

      slimgate replay conversations.json --thresholds 0.4,0.5,0.7

      slimgate replay --ledger --days 7 --json
    """
    if bool(logs) == ledger:
        raise typer.BadParameter("Give files or --ledger: slimgate replay requests.jsonl")
    if as_json and as_csv:
        raise typer.BadParameter("Give --json or --csv, not both.")
    from gateway.reports.replay.whatif import WhatIf

    settings = load_settings(config, serves=False)
    artifact = ArtifactStore.of(settings).load_in_use()
    in_force = ActiveThreshold.of(settings, artifact).value
    whatif, bad, local = WhatIf([*_numbers(thresholds), in_force]), _Bad(), _local(settings, features, n_ctx)
    if ledger:
        _replay_ledger(whatif, settings, days, artifact.version)
    else:
        asyncio.run(_replay_files(whatif, logs or [], _replayer(settings, artifact, local, answer_tokens), bad))
    _print_bad(bad)
    if not whatif.requests:
        Console(stderr=True).print("No request was found.", highlight=False)
        raise typer.Exit(1)
    from gateway.cli import replayed

    assumed = None if ledger else replayed.Assumed(local, answer_tokens)
    if as_csv:
        replayed.print_csv(whatif)
    elif as_json:
        unreadable = {"unreadable": bad.count, "unreadable_first": bad.first}
        replayed.print_json(whatif, in_force, settings.baseline_model, assumed, unreadable)
    else:
        replayed.show(whatif, in_force, settings.baseline_model, assumed)


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        numbers = [-1.0]
    if not all(0 <= number <= HIGHEST_THRESHOLD for number in numbers):
        raise typer.BadParameter(
            f"{text!r}: give numbers from 0 to {HIGHEST_THRESHOLD}, as 0.3,0.45,0.6", param_hint="--thresholds"
        )
    return numbers


def _local(settings: Settings, features: str | None, n_ctx: int | None) -> LocalCapabilities:
    """The local model's capabilities by the options, or else by the configuration; no server is asked."""
    from gateway.dispatch.local_server import COMMON_FEATURES

    if features is None:
        able = COMMON_FEATURES if settings.local.features is None else frozenset(settings.local.features)
    else:
        names = [name.strip() for name in features.split(",") if name.strip()]
        if unknown := [name for name in names if name not in (*Feature,)]:
            raise typer.BadParameter(
                f"unknown: {', '.join(unknown)}; there are {', '.join(Feature)}", param_hint="--features"
            )
        able = frozenset(Feature(name) for name in names)
    return LocalCapabilities(able | {Feature.COMPLETIONS}, n_ctx or settings.local.n_ctx or USUAL_N_CTX)


def _replayer(settings: Settings, artifact: Artifact, local: LocalCapabilities, answer_tokens: int) -> "Replayer":
    from gateway.dispatch.assumed import assumed_decider
    from gateway.reports.replay.deciding import Replayer

    decider = assumed_decider(settings, artifact.scorer, local, lambda: artifact.threshold)
    return Replayer(decider, _prices(settings), answer_tokens)


def _prices(settings: Settings) -> "Prices":
    from gateway.dispatch.local_engine import engine_options
    from gateway.reports.replay.deciding import Prices
    from gateway.spending.pricing import Pricer

    if settings.local.base_url is not None:
        return Prices(Pricer(settings), settings.local.model or "")
    try:
        name = engine_options(settings.local, settings.state_dir).name
    except ModelError:  # there is no local model here, so it has no price either
        name = ""
    return Prices(Pricer(settings), name)


async def _replay_files(whatif: "WhatIf", paths: list[Path], replayer: "Replayer", bad: _Bad) -> None:
    for path in paths:
        try:
            with _progress(path) as moved:
                await _replay_file(whatif, path, replayer, bad, moved)
        except OSError as exc:
            raise typer.BadParameter(f"{path}: {exc.strerror or exc}") from exc


async def _replay_file(whatif: "WhatIf", path: Path, replayer: "Replayer", bad: _Bad, moved: Any) -> None:
    from gateway.reports.replay.json_stream import Unreadable, read_values
    from gateway.reports.replay.recorded import requests_in
    from router.training.json_lines import opened

    with opened(path) as (file, raw):
        for place, value in read_values(file):
            try:
                if isinstance(value, Unreadable):
                    raise ValueError(value.why)
                # Count all of a line or nothing of it.
                for replayed in [await replayer.replay(recorded) for recorded in requests_in(value)]:
                    whatif.add(replayed)
            except (ValueError, RecursionError, JSONEncodeError, RequestError) as exc:
                bad.add(f"{path}{place}", str(exc))
            moved(raw, whatif.requests)


@contextmanager
def _progress(path: Path) -> Iterator[Any]:
    """A progress bar over the bytes of a file, updated a few times a second."""
    bars = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    count = TextColumn("{task.fields[requests]:,} requests")
    errors, shown_at = Console(stderr=True), 0.0
    with Progress(*bars, count, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(path.name, total=path.stat().st_size or None, requests=0)

        def moved(raw: Any, requests: int) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at > SHOW_EVERY_S:
                shown_at = time.monotonic()
                bar.update(task, completed=raw.tell() if raw.seekable() else None, requests=requests)

        yield moved


def _replay_ledger(whatif: "WhatIf", settings: Settings, days: float | None, artifact: str) -> None:
    from gateway.reports.replay.deciding import ledger_outcomes

    prices, others = _prices(settings), 0
    since_ms = 0 if days is None else days_ago_ms(days)
    with read_ledger(settings) as connection, Console(stderr=True).status("reading the ledger"):
        for replayed in ledger_outcomes(connection, prices, since_ms, artifact):
            if replayed is None:
                others += 1
            else:
                whatif.add(replayed)
    if others:
        Console(stderr=True).print(f"{others:,} requests that another classifier scored are left out.", highlight=False)


def _print_bad(bad: _Bad) -> None:
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for words in bad.first:
        errors.print(words, markup=False)
    if bad.count:
        more = f", of which the first {len(bad.first)} are named above" if bad.count > len(bad.first) else ""
        errors.print(f"{bad.count:,} could not be read{more}; the figures leave them out.")
