"""What each role may call: every route has a row, and every row a route."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from gateway.access.auth import OPEN_PATHS
from gateway.access.cookie_login import is_for_login
from gateway.access.permissions import ANY, PERMISSIONS, Need, Permissions
from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.keys.caller import ANYBODY, Caller
from gateway.keys.terms import Role
from models.wire.errors import ForbiddenError


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("app")
    return create_app(Settings(state_dir=folder, local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}))


def flat(routes: Iterable[Any]) -> Iterator[Route]:
    """All routes, those within routers too, which newer versions of FastAPI keep together."""
    for route in routes:
        if (router := getattr(route, "original_router", None)) is not None:
            yield from flat(router.routes)
        else:
            assert isinstance(route, Route), f"{route} has no row, and nothing here would see that it lacks one"
            yield route


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of everything that the app serves, without the probes and the steps of a login."""
    for route in flat(app.router.routes):
        for method in route.methods or ():
            if not route.path.startswith(OPEN_PATHS) and not is_for_login({"method": method, "path": route.path}):
                yield method, route.path


def test_every_route_has_a_row(app: FastAPI) -> None:
    served = list(routes(app))
    assert len(served) > 30
    table = Permissions()
    calls = [(method, path.replace(":path}", "/more}")) for method, path in served]
    assert [call for call in calls if table.find(*call) is None] == []


def test_every_row_has_a_route(app: FastAPI) -> None:
    served = [
        (method, re.sub(r"\{\w+(:path)?\}", "{*}" if ":path}" in path else "{}", path)) for method, path in routes(app)
    ]
    for row in PERMISSIONS:
        assert any(path == row.path and row.method in (ANY, method) for method, path in served), row


def called(role: Role, method: str, path: str) -> bool:
    try:
        Permissions().check(Caller("id", "n", role), method, path)
    except ForbiddenError:
        return False
    return True


CASES = [
    # method, path, caller, viewer
    ("POST", "/v1/chat/completions", True, False),
    ("GET", "/v1/chat/completions", True, False),  # told 405 by what is there
    ("POST", "/v1/messages/count_tokens", True, False),
    ("GET", "/v1/responses/resp_1", True, False),
    ("POST", "/v1/route", True, False),
    ("GET", "/v1/models", True, True),
    ("HEAD", "/v1/models", True, True),
    ("GET", "/v1/models/a", True, True),
    ("GET", "/v1/models/a/b", True, True),
    ("GET", "/v1/models/", False, False),
    ("GET", "/v1/savings", True, True),
    ("GET", "/v1/decisions/abc", True, True),
    ("GET", "/v1/decisions/export", False, False),
    ("GET", "/v1/status", False, True),
    ("GET", "/metrics", False, True),
    ("GET", "/dashboard", True, True),
    ("GET", "/v1/threshold", False, True),
    ("POST", "/v1/threshold", False, False),
    ("POST", "/v1/keys", False, False),
    ("GET", "/v1/keys/key_1", False, False),
    ("POST", "/v1/keys/key_1/rotate", False, False),
    ("GET", "/nowhere", False, False),
    ("GET", "/v1/savings/", False, False),
    ("GET", "//v1/savings", False, False),
    ("get", "/v1/savings", False, False),
    ("", "/v1/savings", False, False),
    ("GET", "/v1/savings\n", False, False),
]


@pytest.mark.parametrize(("method", "path", "caller", "viewer"), CASES)
def test_who_may_call_what(method: str, path: str, caller: bool, viewer: bool) -> None:
    assert called(Role.CALLER, method, path) == caller
    assert called(Role.VIEWER, method, path) == viewer
    assert called(Role.ADMIN, method, path)


def test_a_refusal_names_the_roles_that_may() -> None:
    with pytest.raises(
        ForbiddenError, match="GET /v1/status needs a key of role viewer or admin; this one is a caller"
    ):
        Permissions().check(Caller("id", "n", Role.CALLER), "GET", "/v1/status")


def test_without_keys_anybody_may_everything() -> None:
    Permissions().check(ANYBODY, "POST", "/v1/threshold")


def test_no_need_lets_everybody_through() -> None:
    assert all(set(need.value) < set(Role) for need in Need)
