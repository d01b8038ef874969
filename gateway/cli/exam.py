"""`slimgate exam`: examines the local model in the foreground, and shows what its exam has told."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer
from rich.console import Console

from gateway.cli.exam_card import show as show_marks
from gateway.cli.exam_card import show_all, show_comparison
from gateway.cli.exam_progress import ProgressScreen, in_words
from gateway.cli.ledger import open_ledger, recorded_command
from gateway.cli.serve import ConfigOption
from gateway.config.settings import Settings, SettingsError, load_settings
from models.host.private_files import OTHERS

if TYPE_CHECKING:
    from gateway.dispatch.local import LocalSide
    from gateway.marks.examinee import Examinee
    from gateway.marks.record import ExamFolder, Record

T = TypeVar("T")

LOAD_LIMIT_S = 600.0
LOOK_EVERY_S = 0.25
STOP_LIMIT_S = 10.0

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

console = Console(stderr=True, highlight=False, soft_wrap=True)


def exam(
    config: ConfigOption = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="End an exam that runs in the background, and let none begin by itself.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Forget this model's answers, and examine it from the beginning.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Print this model's report card, and ask nothing.")] = False,
    show_list: Annotated[bool, typer.Option("--list", help="List all models that were examined here.")] = False,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Print two models side by side, by the names that --list prints."),
    ] = None,
    failures: Annotated[
        bool, typer.Option("--failures", help="With --show: print all failures that are kept.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --show, --list or --compare: print JSON.")] = False,
) -> None:
    """Examine the local model: what it can do decides which requests it keeps.

    Several hundred questions with answers that a program can check: extraction, formats, translation, arithmetic and
    so on. The easiest and the hardest are skipped where their result is certain. From the marks follow the scores of
    requests, which then say how likely this very model is to fail, and the default threshold. Nothing leaves the
    machine, unless local.base_url is a server elsewhere.

    `slimgate serve` does the same by itself while the model is idle. This command does it now, with an engine of its
    own: minutes for a tiny model, at most exam.max_minutes for a large one. Ctrl-C keeps what was asked; run it
    again and it goes on. It exits with 0 once the exam is done.

    [dim]slimgate exam; slimgate exam --show[/dim]
    """
    from gateway.config.state_dir import prepare_state_dir
    from gateway.marks.record import ExamFolder

    if sum((stop, again, show, show_list, compare is not None)) > 1:
        raise typer.BadParameter("give one of --stop, --again, --show, --list and --compare")
    if as_json and not (show or show_list or compare):
        raise typer.BadParameter("it belongs to --show, --list or --compare", param_hint="--json")
    if failures and not show:
        raise typer.BadParameter("it belongs to --show", param_hint="--failures")
    settings = load_settings(config, serves=False)
    if show_list:
        show_all(settings.state_dir, Console(), json=as_json)
        return
    if compare is not None:
        show_comparison(settings.state_dir, *compare, Console(), json=as_json)
        return
    if not settings.local.enabled:
        raise SettingsError("local.enabled is false, so there is no model to examine")
    folder = ExamFolder(settings.state_dir)
    if not show:
        os.umask(OTHERS)
        prepare_state_dir(settings.state_dir)
    if stop:
        with recorded_command(settings, "exam stopped"):
            folder.stop()
        _wait_for_end(folder)
    elif show:
        examinee = folder.examinee(settings.local)
        key = None if examinee is None else examinee.key
        show_marks(settings.state_dir, key, Console(), json=as_json, all_failures=failures)
    else:
        with recorded_command(settings, "exam started", again=again):
            pass
        raise typer.Exit(asyncio.run(_Foreground(settings, folder).run(again=again)))


def _wait_for_end(folder: "ExamFolder") -> None:
    deadline = time.monotonic() + STOP_LIMIT_S
    while folder.examined is not None:
        if time.monotonic() > deadline:
            console.print("[bold red]slimgate:[/] the exam that runs does not end; is its process stuck?")
            raise typer.Exit(1)
        time.sleep(LOOK_EVERY_S)
    console.print(
        "No exam runs, and none begins by itself. What was asked is kept: `slimgate exam` goes on from there."
    )


def _fail(message: str) -> NoReturn:
    console.print("[bold red]slimgate:[/]", end=" ")
    console.print(message, markup=False)
    raise typer.Exit(1)


class _Interrupted(Exception):
    """Ctrl-C."""


class _Foreground:
    """One run of the command."""

    def __init__(self, settings: Settings, folder: "ExamFolder") -> None:
        self._settings = settings
        self._folder = folder
        self._interrupted = asyncio.Event()

    async def run(self, *, again: bool) -> int:
        """Examine; returns the exit code."""
        from gateway.record.logs import configure_logging

        configure_logging("warning")
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._interrupted.set)
        self._folder.allow()
        try:
            return await (self._examine_file if self._has_file else self._examine_server)(again=again)
        except _Interrupted:
            console.print("\nInterrupted. What was asked is kept: run `slimgate exam` again, and it goes on.")
            return INTERRUPTED
        except OSError as exc:
            _fail(f"{self._folder.path} cannot be written: {exc.strerror or exc}; what was asked is kept")

    @property
    def _has_file(self) -> bool:
        from gateway.marks.examinee import runs_own_engine

        return runs_own_engine(self._settings.local)

    async def _examine_file(self, *, again: bool) -> int:
        """The engine starts only once nobody else examines: its memory may not suffice for two."""
        examinee = self._folder.examinee(self._settings.local)
        assert examinee is not None
        async with self._locked(examinee, again=again) as lock:
            if self._is_done(examinee):
                return 0
            async with self._local() as local:
                return await self._examine(examinee, local, lock)

    async def _examine_server(self, *, again: bool) -> int:
        """A server may have to be asked first which model it has."""
        async with self._local() as local:
            examinee = self._folder.examinee(self._settings.local, local.model)
            assert examinee is not None
            async with self._locked(examinee, again=again) as lock:
                if self._is_done(examinee):
                    return 0
                return await self._examine(examinee, local, lock)

    @contextlib.asynccontextmanager
    async def _locked(self, examinee: "Examinee", *, again: bool) -> AsyncIterator[int]:
        """The lock; while somebody else has it, that exam's progress is shown."""
        while (lock := self._folder.lock(examinee.key)) is None:
            if again:
                _fail("a model is being examined already; `slimgate exam --stop` ends that")
            await self._watch()
        try:
            if again:
                self._folder.record(examinee.key).forget()
            yield lock
        finally:
            os.close(lock)

    async def _watch(self) -> None:
        key = self._folder.examined
        if key is None:
            return
        record = self._folder.record(key)
        name = record.model.get("name", "a model")
        console.print(f"{name} is being examined already, by a running gateway or another command. Its progress:")
        with ProgressScreen(console) as screen:
            while self._folder.examined == key:
                screen.show(record.progress)
                await self._unless_interrupted(asyncio.sleep(LOOK_EVERY_S))

    def _is_done(self, examinee: "Examinee") -> bool:
        from gateway.exam.due import is_due

        if examinee.obstacle is not None:
            _fail(examinee.obstacle)
        record, exam = self._folder.record(examinee.key), self._settings.exam
        if is_due(record, exam):
            return False
        _say_done(examinee, record)
        return True

    @contextlib.asynccontextmanager
    async def _local(self) -> "AsyncIterator[LocalSide]":
        """The local side, ready to answer."""
        from gateway.background import Background
        from gateway.dispatch.local import make_local

        patient = self._settings.local
        if self._has_file:
            patient = patient.model_copy(update={"ready_timeout_s": LOAD_LIMIT_S})
        local, background = make_local(patient, self._settings.state_dir), Background()
        assert local is not None
        await local.start(background)
        try:
            with console.status("loading the model …" if self._has_file else "asking the server for its models …"):
                await self._unless_interrupted(local.wait_ready())
                while not local.is_known:
                    await self._unless_interrupted(asyncio.sleep(LOOK_EVERY_S))
            yield local
        finally:
            await background.stop()
            await local.stop()

    async def _examine(self, examinee: "Examinee", local: "LocalSide", lock: int) -> int:
        from gateway.exam.job import EXIT_DONE, EXIT_FAILED, EXIT_STOPPED
        from gateway.exam.process import ExamProcess, job_for

        record = self._folder.record(examinee.key)
        record.begin(examinee, time.time())
        job = job_for(examinee, local, self._settings, self._settings.exam)
        console.print(f"[bold]{examinee.name}[/bold] is examined; Ctrl-C keeps what was asked")
        code: int | None = None
        with ProgressScreen(console) as screen:
            async with ExamProcess(job, lock) as process:
                while code is None:
                    code = await self._unless_interrupted(process.ended(LOOK_EVERY_S))
                    screen.show(record.progress)
        if code == EXIT_DONE:
            _say_done(examinee, record)
            await asyncio.to_thread(_publish, self._settings, examinee.key)
            return 0
        why = {
            EXIT_FAILED: record.progress.trouble,
            EXIT_STOPPED: "`slimgate exam --stop` has ended it",
        }.get(code, f"the examining process ended with code {code}")
        console.print("[bold red]slimgate:[/]", end=" ")
        console.print(f"{why}; what was asked is kept: run `slimgate exam` again, and it goes on", markup=False)
        return 1

    async def _unless_interrupted(self, work: Awaitable[T]) -> T:
        """The result of `work`.

        Raises
        ------
        _Interrupted
            If a signal comes first.
        """
        working, interrupted = asyncio.ensure_future(work), asyncio.ensure_future(self._interrupted.wait())
        try:
            await asyncio.wait({working, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise _Interrupted
            return working.result()
        finally:
            for task in (working, interrupted):
                task.cancel()
            await asyncio.gather(working, interrupted, return_exceptions=True)


def _publish(settings: Settings, key: str) -> None:
    """Give the marks to all gateways over the same database."""
    from gateway.ledger import LedgerUnavailable
    from gateway.shared.files import EXAM, SharedFiles
    from gateway.shared.packing import PackingError

    with open_ledger(settings) as (ledger, _):
        if (files := SharedFiles.of(settings, ledger)) is None:
            return
        try:
            files.publish(f"{EXAM}/{key}")
        except (LedgerUnavailable, PackingError, OSError) as exc:
            console.print(f"The marks stay on this machine: {exc}", markup=False)


def _say_done(examinee: "Examinee", record: "Record") -> None:
    from gateway.exam.due import FEWEST_ANSWERS

    if record.progress.asked < FEWEST_ANSWERS:
        console.print(
            f"[bold]{examinee.name}[/bold] was asked too little for marks: {in_words(record.progress)}; they need "
            f"{FEWEST_ANSWERS} answers. Raise exam.max_items, exam.max_minutes or, for a server, exam.max_requests, "
            "and run `slimgate exam` again: it goes on."
        )
        return
    console.print(
        f"[bold]{examinee.name}[/bold] has been examined: {in_words(record.progress)}. "
        "`slimgate exam --show` prints its marks, `slimgate exam --again` examines it anew."
    )
