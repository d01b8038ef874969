"""How wide tables of the command are: as a terminal is, or as they must be where there is none."""

from rich.console import Console
from rich.table import Table

UNLIMITED = 100_000


def natural_console(console: Console, table: Table) -> Console:
    """`console`; in a pipe or a file, made wide enough to print all of `table` on unbroken lines."""
    if not console.is_terminal:
        options = console.options.update(max_width=UNLIMITED)
        console.width = max(console.width, console.measure(table, options=options).maximum)
    return console
