"""Keys of callers: /v1/keys. For administrators; a secret is shown once, where it is made."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from gateway.endpoints.answer_models import Key, KeyList, KeyWithSecret
from gateway.http.actor import actor_of
from gateway.http.json_body import described, read_model
from gateway.keys.active import ActiveKeys
from gateway.keys.api_key import ApiKey
from gateway.keys.details import KeyChange, NewKey, Rotation
from gateway.keys.store import KeyStore, KeyUnchangeable
from gateway.keys.terms import Role
from gateway.ledger.units import now_ms
from gateway.shared.peers import Peers
from models.wire.errors import RequestError

Limit = Annotated[int, Query(ge=1, le=200, description="How many, newest first.")]
After = Annotated[str | None, Query(max_length=100, description="The `next` of the page before.")]
Search = Annotated[
    str | None,
    Query(max_length=100, description="Only keys with this in id, name, owner, team or tags, or at a secret's start."),
]
Revoked = Annotated[bool, Query(description="Whether revoked keys are listed too.")]


FIRST = (
    "role: must be admin for the first key, since from then on every call needs a key, and only an admin makes others. "
    "`slimgate keys create` makes keys of any role at any time."
)

Changed = TypeVar("Changed")


def keys_endpoints(store: KeyStore, keys: ActiveKeys, peers: Peers | None) -> APIRouter:
    """The endpoints over `store`; what they change holds in this process at once, in others within a second."""
    endpoints = APIRouter(tags=["keys"])

    @endpoints.post("/v1/keys", summary="Make a key", status_code=201, openapi_extra=described(NewKey))
    async def create(request: Request) -> KeyWithSecret:
        """The answer has the `secret`, this once: the gateway keeps only a hash of it.

        The first key must be an admin's: from then on every call needs a key, and only an admin makes others.
        """
        wanted, actor = await read_model(request, NewKey), actor_of(request.scope)
        if keys.closes_with_next_key and wanted.role is not Role.ADMIN:
            raise RequestError(FIRST, param="role", code="invalid_value")
        if peers is not None and peers.trouble is not None:  # the key would work here only
            raise KeyUnchangeable(f"No key is made: {peers.trouble}.")
        key, secret = await run_in_threadpool(_in_force, keys, lambda: store.create(wanted, actor))
        return KeyWithSecret(**_shown(key), secret=secret)

    @endpoints.get("/v1/keys", summary="Keys")
    def list_keys(limit: Limit = 50, after: After = None, revoked: Revoked = False, search: Search = None) -> KeyList:
        """One page, newest first; `next` leads to the page after it."""
        page = store.list(limit, after, with_revoked=revoked, search=search)
        return KeyList(data=[Key(**_shown(key)) for key in page.keys], next=page.next)

    @endpoints.get("/v1/keys/{id}", summary="One key")
    def find(id: str) -> Key:
        """Everything about it except its secret."""
        return Key(**_shown(store.find(id)))

    @endpoints.patch("/v1/keys/{id}", summary="Change a key", openapi_extra=described(KeyChange))
    async def change(request: Request, id: str) -> Key:
        """What is not given stays as it is; of `terms` too."""
        wanted, actor = await read_model(request, KeyChange), actor_of(request.scope)
        return Key(**_shown(await run_in_threadpool(_in_force, keys, lambda: store.update(id, wanted, actor))))

    @endpoints.delete("/v1/keys/{id}", summary="Revoke a key")
    async def revoke(request: Request, id: str) -> Key:
        """It stops within a second everywhere, for good. Its requests stay in the ledger under its id."""
        actor = actor_of(request.scope)
        return Key(**_shown(await run_in_threadpool(_in_force, keys, lambda: store.revoke(id, actor))))

    @endpoints.post("/v1/keys/{id}/rotate", summary="Give a key another secret", openapi_extra=described(Rotation))
    async def rotate(request: Request, id: str) -> KeyWithSecret:
        """The answer has the new `secret`, this once; the old one works for `grace_s` seconds more."""
        wanted, actor = await read_model(request, Rotation), actor_of(request.scope)
        key, secret = await run_in_threadpool(_in_force, keys, lambda: store.rotate(id, wanted.grace_s, actor))
        return KeyWithSecret(**_shown(key), secret=secret)

    return endpoints


def _in_force(keys: ActiveKeys, change: Callable[[], Changed]) -> Changed:
    """Make a change, and know it in this process before it is answered."""
    changed = change()
    keys.refresh()
    return changed


def _shown(key: ApiKey) -> dict[str, Any]:
    return key.to_json(now_ms())
