"""How commands read the ledger, while the gateway is running or not."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console

from gateway.config.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.audit.chain import AuditChain
    from gateway.ledger import Ledger
    from gateway.ledger.reader import LedgerReader


@contextmanager
def read_ledger(settings: Settings) -> "Iterator[Connection]":
    """A connection for queries. If the database does not answer, prints why and exits with 1."""
    with open_ledger(settings) as (ledger, _), ledger.read() as connection:
        yield connection


@contextmanager
def recorded_command(settings: Settings, action: str, **details: Any) -> "Iterator[Ledger]":
    """Do something and put it into the audit chain. If the database does not answer, exits with 1 instead."""
    from gateway.audit.actions import command_line_actor, recorded

    with open_ledger(settings) as (ledger, chain):
        ledger.flush()  # makes the tables, where there are none yet
        check_secret(settings, ledger)
        with recorded(ledger, chain, command_line_actor(), action, details):
            yield ledger


@contextmanager
def open_ledger(settings: Settings) -> "Iterator[tuple[Ledger, AuditChain]]":
    """The ledger and its audit chain. If the database does not answer, prints why and exits with 1."""
    from gateway.audit.chain import AuditChain
    from gateway.config.state_dir import prepare_state_dir
    from gateway.ledger import Ledger
    from gateway.spending.pricing import Pricer

    prepare_state_dir(settings.state_dir)
    chain = AuditChain.of(settings)
    ledger = Ledger(settings.ledger_url, settings.state_dir / "spool", Pricer(settings).price, chain=chain)
    # Once started, it also stores the rows of a gateway that died. A running gateway's rows come a moment later.
    ledger.start()
    try:
        with _explained():
            yield ledger, chain
    finally:
        ledger.close()


def check_secret(settings: Settings, ledger: "Ledger") -> None:
    """Stop with 1 where a gateway that serves now has another secret: it would not believe what is made here."""
    from gateway.shared.peers import secret_differs

    if (why := secret_differs(settings, ledger)) is not None:
        _fail(why)


@contextmanager
def open_to_read(settings: Settings) -> "Iterator[LedgerReader]":
    """The ledger as it is stored, which stays as it is. If it cannot be read, prints why and exits with 1."""
    from gateway.ledger.reader import LedgerReader

    with _explained(), closing(LedgerReader(settings.ledger_url)) as reader:
        yield reader


@contextmanager
def _explained() -> Iterator[None]:
    from gateway.ledger import LedgerUnavailable

    try:
        yield
    except LedgerUnavailable as exc:
        _fail(str(exc))


def _fail(why: str) -> NoReturn:
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    errors.print("slimgate:", style="bold red", end=" ")
    errors.print(why, markup=False)
    raise typer.Exit(1) from None
