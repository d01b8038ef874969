"""Options of `slimgate keys` for the details and terms of a key; those for terms are made of their descriptions."""

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from gateway.keys.terms import KeyTerms, Role, Sees

MANY = ("routes", "models")
"""Terms with several values: their options are in the singular, and may be repeated."""

PAIRS = "aliases"
FLAGS = ("may_override", "local_only")

DETAILS: dict[str, Any] = {
    "owner": Annotated[str | None, typer.Option(help="Who is responsible for it.")],
    "team": Annotated[str | None, typer.Option(help="The team that it belongs to, for reports and budgets.")],
    "tags": Annotated[list[str] | None, typer.Option("--tag", help="A word for reports. Repeatable.")],
    "role": Annotated[
        Role | None,
        typer.Option(help="caller asks models, viewer looks at page and reports, admin may do everything."),
    ],
    "sees": Annotated[Sees | None, typer.Option(help="Whose requests it may look at: its own, its team's, or all.")],
    "expires": Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="When it stops to work: 90d (days), 12h (hours), 2027-01-31, or never."),
    ],
}

Command = Callable[..., None]


def with_details(command: Command) -> Command:
    """Give `command` options for all details and terms.

    Those that are set come as its argument `given`, a mapping as `gateway.keys.details` reads it.
    """
    options = [*(_optional(name, kind) for name, kind in DETAILS.items()), *map(_term, KeyTerms.model_fields)]

    def called(**values: Any) -> None:
        set_ones = {option.name: values.pop(option.name) for option in options}
        command(**values, given=_read({name: value for name, value in set_ones.items() if value not in (None, [])}))

    own = [one for one in inspect.signature(command).parameters.values() if one.name != "given"]
    called.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]  # which Typer reads
    called.__annotations__ = {one.name: one.annotation for one in (*own, *options)}
    called.__doc__, called.__name__ = command.__doc__, command.__name__
    return called


def _term(name: str) -> inspect.Parameter:
    flag, words = f"--{name.replace('_', '-')}", KeyTerms.model_fields[name].description
    if name == PAIRS:
        option = typer.Option("--alias", metavar="NAME=MODEL", help=f"{words} Repeatable.", rich_help_panel="Terms")
        return _optional(name, Annotated[list[str] | None, option])
    if name in MANY:
        option = typer.Option(flag[:-1], metavar="NAME", help=f"{words} Repeatable.", rich_help_panel="Terms")
        return _optional(name, Annotated[list[str] | None, option])
    if name in FLAGS:
        option = typer.Option(f"{flag}/--no-{flag[2:]}", help=words, rich_help_panel="Terms")
        return _optional(name, Annotated[bool | None, option])
    metavar = "USD" if name.startswith("usd_") else "NAME" if name.endswith("_model") else "NUMBER"
    return _optional(
        name, Annotated[str | None, typer.Option(flag, metavar=metavar, help=words, rich_help_panel="Terms")]
    )


def _optional(name: str, kind: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _read(given: Mapping[str, Any]) -> dict[str, Any]:
    details = {name: value for name, value in given.items() if name in DETAILS}
    terms = {name: value for name, value in given.items() if name not in DETAILS}
    if "expires" in details:
        details["expires"] = moment(details["expires"])
    if PAIRS in terms:
        terms[PAIRS] = dict(map(_pair, terms[PAIRS]))
    return {**details, "terms": terms} if terms else details


def _pair(text: str) -> tuple[str, str]:
    name, sign, model = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} is not NAME=MODEL", param_hint="--alias")
    return name, model


def moment(text: str) -> datetime | None:
    """When a key expires, as people write it.

    >>> moment("never")
    >>> moment("2027-01-31")
    datetime.datetime(2027, 1, 31, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if text == "never":
        return None
    try:
        if span := re.fullmatch(r"(\d{1,6})([dh])", text):
            unit = timedelta(days=1) if span[2] == "d" else timedelta(hours=1)
            return datetime.now(UTC) + int(span[1]) * unit
        day = datetime.fromisoformat(text)
        return day if day.tzinfo else day.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        words = f"{text!r} is no moment: write 90d (days), 12h (hours), 2027-01-31, 2027-01-31T12:00:00+01:00, or never"
        raise typer.BadParameter(words, param_hint="--expires") from None
