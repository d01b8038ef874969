"""How `slimgate keys` prints keys: for people, or as JSON; a secret alone on standard output."""

import sys
from collections.abc import Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.tables import natural_console
from gateway.config.settings import Settings
from gateway.keys.api_key import ApiKey
from gateway.keys.terms import Role, Sees
from gateway.ledger.units import now_ms

HELLO = '{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}'
HEADINGS = ("id", "name", "secret", "role", "team", "tags", "expires", "status")
UNFOLDED = ("id", "expires", "status")
EVERYWHERE = ("0.0.0.0", "::", "")


def print_json(value: Any) -> None:
    """Print what the API answers."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def shown(key: ApiKey) -> dict[str, Any]:
    """A key as it is now."""
    return key.to_json(now_ms())


def print_keys(keys: Sequence[ApiKey], *, json: bool) -> None:
    """Print a line a key."""
    if json:
        print_json([shown(key) for key in keys])
        return
    if not keys:
        Console().print("There are no keys; `slimgate keys create NAME` makes one.")
        return
    print_table(keys, Console())


def print_table(keys: Sequence[ApiKey], console: Console) -> None:
    """Print a table of `keys`. Other columns fold before an id is cut: commands need it whole."""
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=heading in UNFOLDED, overflow="fold")
    for key in keys:
        table.add_row(*map(escape, _cells(key)))
    natural_console(console, table).print(table)


def _cells(key: ApiKey) -> tuple[str, ...]:
    now = shown(key)
    sees_more = key.role is not Role.ADMIN and key.sees is not Sees.OWN  # an administrator sees all anyway
    return (
        key.id,
        key.name,
        ", ".join(f"{secret.prefix}…" for secret in key.secrets),
        f"{key.role} (sees {key.sees})" if sees_more else key.role,
        key.team,
        ", ".join(key.tags),
        (now["expires"] or "never")[:10],
        now["status"],
    )


def print_key(key: ApiKey, *, json: bool) -> None:
    """Print everything about a key that is not as it is by default."""
    now = shown(key)
    if json:
        print_json(now)
        return
    secrets = (
        f"{secret['prefix']}…{' until ' + secret['expires'] if secret['expires'] else ''}" for secret in now["secrets"]
    )
    terms = key.terms.model_dump(mode="json", exclude_defaults=True)
    lines = {
        **{name: now[name] for name in ("id", "name", "status", "owner", "team", "role", "sees", "created")},
        "tags": ", ".join(key.tags),
        "expires": now["expires"] or "never",
        "revoked": now["revoked"],
        "secrets": ", ".join(secrets),
        **{name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in terms.items()},
    }
    for name, value in lines.items():
        if value:
            Console().print(f"{name:<20} {value}", markup=False, highlight=False, soft_wrap=True)


def print_secret(key: ApiKey, secret: str, settings: Settings, *, json: bool) -> None:
    """Print a secret, alone on standard output, and beside it how it is used."""
    if json:
        print_json({**shown(key), "secret": secret})
        return
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    errors.print(f"{key.id} ({key.name}): keep this secret now, it is not shown again.", markup=False)
    sys.stdout.write(f"{secret}\n")
    errors.print(_curl(key, secret, settings), markup=False)


def _curl(key: ApiKey, secret: str, settings: Settings) -> str:
    """A call that the key may make."""
    host = "127.0.0.1" if settings.host in EVERYWHERE else settings.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/v1"
    head = f"-H 'Authorization: Bearer {secret}'"
    if key.role is Role.VIEWER:
        return f"curl {url}/status {head}"
    return f"curl {url}/chat/completions {head} -H 'content-type: application/json' -d '{HELLO}'"
