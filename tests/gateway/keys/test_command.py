"""`slimgate keys`: a key's whole life, without a gateway and beside one."""

import subprocess
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from rich.console import Console

from gateway.cli.key_output import print_table
from gateway.keys.api_key import ApiKey, KeySecret
from gateway.keys.terms import NO_TERMS, KeyTerms, Role, Sees
from tests.command import run
from tests.conftest import MakeGateway
from tests.live import wait_for

EVERY_TERM: dict[str, tuple[str | None, dict[str, Any]]] = {
    "--route": ("local", {"routes": ["local"]}),
    "--model": ("gpt-*", {"models": ["gpt-*"]}),
    "--threshold": ("0.4", {"threshold": 0.4}),
    "--no-may-override": (None, {"may_override": False}),
    "--local-only": (None, {"local_only": True}),
    "--alias": ("fast=local", {"aliases": {"fast": "local"}}),
    "--baseline-model": ("gpt-4.1", {"baseline_model": "gpt-4.1"}),
    "--requests-per-minute": ("60", {"requests_per_minute": 60}),
    "--tokens-per-minute": ("9000", {"tokens_per_minute": 9000}),
    "--max-concurrent": ("4", {"max_concurrent": 4}),
    "--max-n": ("1", {"max_n": 1}),
    "--max-tokens": ("500", {"max_tokens": 500}),
    "--max-body-bytes": ("100000", {"max_body_bytes": 100000}),
    "--usd-per-day": ("0.10", {"usd_per_day": "0.10"}),
    "--usd-per-week": ("1", {"usd_per_week": "1"}),
    "--usd-per-month": ("2.5", {"usd_per_month": "2.5"}),
}


def keys(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("keys", *arguments, cwd=folder, SLIMGATE_STATE_DIR=str(folder / "state"))


def answer(folder: Path, *arguments: str) -> Any:
    done = keys(folder, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return orjson.loads(done.stdout)


def test_every_term_has_an_option(tmp_path: Path) -> None:
    options = [part for flag, (value, _) in EVERY_TERM.items() for part in ([flag] if value is None else [flag, value])]
    wanted = {name: value for _, term in EVERY_TERM.values() for name, value in term.items()}
    assert wanted.keys() == KeyTerms.model_fields.keys()
    assert answer(tmp_path, "create", "n", *options)["terms"] == wanted
    id = answer(tmp_path, "create", "m")["id"]
    assert answer(tmp_path, "update", id, *options)["terms"] == wanted
    cleared = [part for name in KeyTerms.model_fields for part in ("--clear", name)]
    assert answer(tmp_path, "update", id, *cleared)["terms"] == KeyTerms().model_dump(mode="json")


def test_a_keys_life(tmp_path: Path) -> None:
    made = answer(tmp_path, "create", "shop", "--team", "web", "--tag", "a", "--tag", "b", "--expires", "90d")
    assert (made["team"], made["tags"], made["role"], made["status"]) == ("web", ["a", "b"], "caller", "live")
    id, first = made["id"], made.pop("secret")
    assert answer(tmp_path, "show", id) == made
    changed = answer(tmp_path, "update", id, "--name", "store", "--clear", "tags", "--expires", "never")
    assert (changed["name"], changed["team"], changed["tags"], changed["expires"]) == ("store", "web", [], None)
    rotated = answer(tmp_path, "rotate", id, "--grace", "60")
    assert [secret["expires"] is None for secret in rotated["secrets"]] == [True, False]
    assert rotated["secret"] != first
    assert [key["id"] for key in answer(tmp_path, "list")] == [id]
    assert answer(tmp_path, "revoke", id)["status"] == "revoked"
    assert answer(tmp_path, "list") == []
    assert [key["id"] for key in answer(tmp_path, "list", "--revoked")] == [id]


def test_the_secret_stands_alone_and_how_to_use_it_beside_it(tmp_path: Path) -> None:
    made = keys(tmp_path, "create", "[bold]Ada")
    secret = made.stdout.strip()
    assert len(secret) == 46
    assert "[bold]Ada" in made.stderr
    assert f"curl http://127.0.0.1:8000/v1/chat/completions -H 'Authorization: Bearer {secret}'" in made.stderr
    for shown in (keys(tmp_path, "list").stdout, keys(tmp_path, "show", answer(tmp_path, "list")[0]["id"]).stdout):
        assert "[bold]Ada" in shown
        assert secret[:11] in shown
        assert secret not in shown


KEY = ApiKey(
    "key_0123456789ab", 0, "a name that is rather long", "", "platform", ("production", "batch"),
    Role.CALLER, Sees.TEAM, NO_TERMS, None, None,
)  # fmt: skip


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_an_id_is_never_cut(columns: int) -> None:
    output = StringIO()
    secrets = (KeySecret("sg-abcdefgh", 0, None), KeySecret("sg-ijklmnop", 0, None))
    print_table([replace(KEY, secrets=secrets)], Console(file=output, force_terminal=True, width=columns))
    assert KEY.id in output.getvalue()


def test_in_a_pipe_a_key_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([KEY, replace(KEY, role=Role.ADMIN, sees=Sees.ALL)], Console(width=20))
    _, caller, admin = capsys.readouterr().out.splitlines()
    for cell in (KEY.id, KEY.name, "caller (sees team)", "production, batch", "never", "live"):
        assert cell in caller
    assert "sees" not in admin


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("create", ""), 2, "name: "),
        (("create", "n", "--max-n", "0"), 2, "terms.max_n: "),
        (("create", "n", "--threshold", "high"), 2, "terms.threshold: "),
        (("create", "n", "--alias", "fast"), 2, "NAME=MODEL"),
        (("create", "n", "--expires", "1m"), 2, "90d (days), 12h (hours)"),
        (("create", "n", "--expires", "9999999d"), 2, "90d (days), 12h (hours)"),
        (("create", "n", "--expires", "2020-01-01"), 2, "future"),
        (("create", "n", "--sees", "team"), 2, "name the team"),
        (("update", "key_x", "--clear", "everything"), 2, "usd_per_month"),
        (("rotate", "key_x", "--grace", "-1"), 2, "grace_s: "),
        (("show", "key_x"), 1, "no key 'key_x'"),
        (("revoke", "key_x"), 1, "no key 'key_x'"),
    ],
)
def test_what_cannot_be_is_a_sentence(tmp_path: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = keys(tmp_path, *arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert answer(tmp_path, "list") == []


def test_a_running_gateway_admits_and_refuses_what_the_command_makes_and_revokes(
    make_gateway: MakeGateway, tmp_path: Path
) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})

    def status(secret: str) -> int:
        return httpx.get(f"{gateway.url}/v1/models", headers={"x-api-key": secret} if secret else {}).status_code

    assert status("") == 200
    first = httpx.post(f"{gateway.url}/v1/keys", json={"name": "n"})
    assert (first.status_code, first.json()["error"]["param"]) == (400, "role")
    made = answer(tmp_path, "create", "first", "--role", "admin")
    wait_for(lambda: status("") == 401)
    assert status(made["secret"]) == 200
    answer(tmp_path, "revoke", made["id"])
    wait_for(lambda: status(made["secret"]) == 401)
    assert status("") == 401, "a gateway does not open because its last key is gone"
