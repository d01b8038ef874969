"""`slimgate keys`: keys of callers, in the ledger's database, whether a gateway is running or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console

from gateway.cli.key_options import with_details
from gateway.cli.ledger import check_secret
from gateway.cli.serve import ConfigOption
from gateway.config.settings import Settings, load_settings
from gateway.keys.terms import NO_TERMS, KeyTerms

if TYPE_CHECKING:
    from gateway.audit.actions import Actor
    from gateway.keys.store import KeyStore

EXAMPLES = """
From the first key on, every call to the gateway needs one. Run this with the gateway's settings, above all state_dir,
ledger.url and SLIMGATE_SECRET.

[bold]slimgate keys create "Ada's laptop" --role admin[/bold]: the first one, which may do everything.

[bold]slimgate keys create shop --team web --tag prod --usd-per-month 50 --requests-per-minute 60[/bold]

[bold]slimgate keys create records --local-only --expires 90d[/bold]: nothing that it asks leaves this machine.

[bold]slimgate keys update key_0123456789ab --max-tokens 500 --clear usd_per_month[/bold]

[bold]slimgate keys rotate key_0123456789ab --grace 3600[/bold]: the old secret works for an hour more.
"""

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Make, change and revoke keys of callers.", epilog=EXAMPLES
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id, such as key_0123456789ab; `list` has it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as /v1/keys answers it.")]
Model = TypeVar("Model", bound=BaseModel)

PAGE = 200
"""Keys read at a time."""


@app.command("create")
@with_details
def create_key(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    json: AsJson = False,
    config: ConfigOption = None,
    *,
    given: dict[str, Any],
) -> None:
    """Make a key, and print its secret: this once, since only a hash of it is kept.

    Without options it is a caller's: it may ask every model, and do nothing else.
    """
    from gateway.cli.key_output import print_secret
    from gateway.keys.details import NewKey

    wanted = _checked(NewKey, {"name": name, **given})
    with _open(config) as (store, actor, settings):
        key, secret = store.create(wanted, actor)
    print_secret(key, secret, settings, json=json)


@app.command("list")
def list_keys(
    revoked: Annotated[bool, typer.Option("--revoked", help="Revoked keys too.")] = False,
    json: AsJson = False,
    config: ConfigOption = None,
) -> None:
    """List keys, newest first."""
    from gateway.cli.key_output import print_keys

    with _open(config) as (store, _, _):
        page = store.list(PAGE, with_revoked=revoked)
        keys = list(page.keys)
        while page.next is not None:
            page = store.list(PAGE, page.next, with_revoked=revoked)
            keys += page.keys
    print_keys(keys, json=json)


@app.command("show")
def show_key(id: Id, json: AsJson = False, config: ConfigOption = None) -> None:
    """Show everything about a key except its secret."""
    from gateway.cli.key_output import print_key

    with _open(config) as (store, _, _):
        key = store.find(id)
    print_key(key, json=json)


@app.command("update")
@with_details
def update_key(
    id: Id,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="Set a term back, such as usd_per_month; or tags. Repeatable."),
    ] = None,
    json: AsJson = False,
    config: ConfigOption = None,
    *,
    given: dict[str, Any],
) -> None:
    """Change a key: what is not given stays as it is. --tag, --route, --model and --alias replace all of theirs."""
    from gateway.cli.key_output import print_key
    from gateway.keys.details import KeyChange

    named = {} if name is None else {"name": name}
    change = _checked(KeyChange, {**named, **_cleared(given, clear or [])})
    with _open(config) as (store, actor, _):
        key = store.update(id, change, actor)
    print_key(key, json=json)


@app.command("rotate")
def rotate_key(
    id: Id,
    grace: Annotated[
        int, typer.Option(metavar="SECONDS", help="How long the old secret still works; 0 stops it at once.")
    ] = 86_400,
    json: AsJson = False,
    config: ConfigOption = None,
) -> None:
    """Give a key another secret, and print it; the old one works for a while, so that clients can change over."""
    from gateway.cli.key_output import print_secret
    from gateway.keys.details import Rotation

    rotation = _checked(Rotation, {"grace_s": grace})
    with _open(config) as (store, actor, settings):
        key, secret = store.rotate(id, rotation.grace_s, actor)
    print_secret(key, secret, settings, json=json)


@app.command("revoke")
def revoke_key(id: Id, json: AsJson = False, config: ConfigOption = None) -> None:
    """Stop a key for good; within a second no gateway admits it. Its requests stay in the reports."""
    from gateway.cli.key_output import print_key

    with _open(config) as (store, actor, _):
        key = store.revoke(id, actor)
    print_key(key, json=json)


@contextmanager
def _open(config: Any) -> "Iterator[tuple[KeyStore, Actor, Settings]]":
    """The keys, who changes them, and the settings. What cannot be done is printed as a sentence, and exits with 1."""
    from gateway.audit.actions import command_line_actor
    from gateway.audit.chain import AuditChain
    from gateway.config.secret import derived_keys
    from gateway.config.state_dir import prepare_state_dir
    from gateway.keys.secrets import HASHING, SecretHasher
    from gateway.keys.store import KeyNotFound, KeyStore, KeyUnchangeable
    from gateway.ledger import Ledger, LedgerUnavailable
    from gateway.spending.pricing import Pricer

    settings = load_settings(config, serves=False)
    prepare_state_dir(settings.state_dir)
    chain = AuditChain.of(settings)
    hasher = SecretHasher(derived_keys(settings, HASHING))
    ledger = Ledger(settings.ledger_url, settings.state_dir / "spool", Pricer(settings).price, chain=chain)
    ledger.start()  # which makes the tables, where no gateway has been yet
    try:
        ledger.flush()
        check_secret(settings, ledger)
        yield KeyStore(ledger, chain, hasher), command_line_actor(), settings
    except (KeyNotFound, KeyUnchangeable, LedgerUnavailable) as exc:
        _fail(str(exc), 1)
    finally:
        ledger.close()


def _cleared(given: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """`given`, with `fields` set back to what they are by default."""
    terms = dict(given.get("terms", {}))
    for field in fields:
        if field != "tags" and field not in KeyTerms.model_fields:
            known = ", ".join(["tags", *KeyTerms.model_fields])
            raise typer.BadParameter(f"{field!r} is none of {known}", param_hint="--clear")
    terms |= {field: getattr(NO_TERMS, field) for field in fields if field != "tags"}
    return {**given, **({"tags": ()} if "tags" in fields else {}), **({"terms": terms} if terms else {})}


def _checked(kind: type[Model], values: dict[str, Any]) -> Model:
    """The `kind` of these values; the first wrong one is printed with what it should be, and exits with 2."""
    from pydantic import ValidationError

    from gateway.http.json_body import to_request_error

    try:
        return kind.model_validate(values)
    except ValidationError as exc:
        _fail(str(to_request_error(exc, kind)), 2)


def _fail(message: str, status: int) -> NoReturn:
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    errors.print("slimgate:", style="bold red", end=" ")
    errors.print(message, markup=False)
    raise typer.Exit(status) from None
