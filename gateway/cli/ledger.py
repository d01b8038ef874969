"""How commands read the ledger, while the gateway is running or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from gateway.config.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection


@contextmanager
def read_ledger(settings: Settings) -> "Iterator[Connection]":
    """A connection for queries. If the database does not answer, prints why and exits with 1."""
    from gateway.config.state_dir import prepare_state_dir
    from gateway.ledger import Ledger, LedgerUnavailable
    from gateway.spending.pricing import Pricer

    prepare_state_dir(settings.state_dir)
    ledger = Ledger(settings.ledger_url, settings.state_dir / "spool", Pricer(settings).price)
    # Once started, it also stores the rows of a gateway that died. A running gateway's rows come a moment later.
    ledger.start()
    try:
        with ledger.read() as connection:
            yield connection
    except LedgerUnavailable as exc:
        errors = Console(stderr=True, highlight=False, soft_wrap=True)
        errors.print("slimgate:", style="bold red", end=" ")
        errors.print(str(exc), markup=False)
        raise typer.Exit(1) from None
    finally:
        ledger.close()
