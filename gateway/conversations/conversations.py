"""What the endpoints use of kept responses: find what a request refers to, keep what was answered."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from gateway.config.settings import Settings
from gateway.conversations.cipher import Cipher, cipher_keys
from gateway.conversations.store import (
    ConversationTooLong,
    Item,
    KeptResponse,
    ResponseStore,
    ResponsesUnavailable,
)
from gateway.conversations.summaries import Summaries
from gateway.conversations.turn import Turn, input_items, referred_id
from gateway.ledger.database import DatabasePassword
from models.wire.asgi import BodyTooLarge
from models.wire.errors import RequestError

logger = logging.getLogger(__name__)

DATABASE = "responses.db"
CURE = (
    "send the whole conversation in 'input', with the earlier answers' output items in it, or set responses.keep_days "
    "(SLIMGATE_RESPONSES__KEEP_DAYS)"
)


class ResponseNotFound(Exception):
    """No response of this id is kept for the caller."""


class Conversations:
    """Finds, keeps and deletes the responses of one gateway.

    Parameters
    ----------
    store : ResponseStore or None
        Where they are; None where nothing is kept.
    summaries : Summaries or None
        Seals summaries that callers keep; None where nothing is kept.
    max_bytes : int
        The most that the earlier turns of one request may hold, in bytes.
    cipher : Cipher, optional
        The one that `store` and `summaries` use, so that its keys can be replaced.
    """

    def __init__(
        self, store: ResponseStore | None, summaries: Summaries | None, max_bytes: int, cipher: Cipher | None = None
    ) -> None:
        self.store = store
        self.summaries = summaries
        self._max_bytes = max_bytes
        self._cipher = cipher

    def take_secrets(self, settings: Settings) -> None:
        """Encrypt with the key of `settings` from now on, and open what its older ones have sealed."""
        if self._cipher is not None:
            self._cipher.use(*cipher_keys(settings))

    async def turn(self, body: Any, owner: str) -> Turn:
        """A request's body with what it refers to.

        Raises
        ------
        RequestError
            If it refers to what is not there, and no cloud may have it either.
        BodyTooLarge
            If what it refers to holds more than a request may.
        ResponsesUnavailable
        """
        if not isinstance(body, dict):
            return Turn(body, owner)  # whoever reads it says what is wrong
        private = None
        if self.summaries is not None:
            body, private = self.summaries.open_all(body, owner)
        is_kept = self.store is not None and body.get("store") is not False
        turn = Turn(body, owner, is_kept, stays=private)
        previous = body.get("previous_response_id")
        ids = [id for item in input_items(body) if (id := referred_id(item)) is not None]
        if previous is None and not ids:
            return turn
        if previous is not None and not (isinstance(previous, str) and previous):
            raise RequestError(
                "Field 'previous_response_id' must be a string.", param="previous_response_id", code="invalid_type"
            )
        if self.store is None:
            return Turn(body, owner, missing=_not_kept("previous_response_id" if previous else "input"))
        return await asyncio.to_thread(self._find, self.store, turn, previous, ids)

    async def keep(self, kept: KeptResponse) -> None:
        """Keep a response that was given. If that fails, the log says so, and the caller is answered all the same."""
        if self.store is None:
            return
        try:
            await asyncio.to_thread(self.store.keep, kept)
        except (ResponsesUnavailable, SQLAlchemyError) as exc:
            logger.error("the response %s could not be kept: %s", kept.id, type(exc).__name__)

    async def find(self, owner: str, id: str) -> KeptResponse | None:
        """The response of this id; None where it is not here, and a cloud may have it.

        Raises
        ------
        ResponseNotFound
            If it is somebody else's.
        """
        if self.store is None:
            return None
        kept = await asyncio.to_thread(self.store.find, owner, id)
        if kept is None:
            foreign = await asyncio.to_thread(self.store.foreign, owner, [id])
            if foreign:
                raise not_found(id)
        return kept

    async def input_of(self, kept: KeptResponse) -> list[Item]:
        """All that was given to the model for this response, the earlier turns included."""
        assert self.store is not None
        body = {"input": kept.input, "previous_response_id": kept.previous_id}
        ids = [id for item in kept.input if (id := referred_id(item)) is not None]
        turn = Turn(body, kept.owner)
        if kept.previous_id is not None or ids:
            turn = await asyncio.to_thread(self._find, self.store, turn, kept.previous_id, ids, as_far_as_kept=True)
        return input_items(turn.whole_body)

    async def delete(self, kept: KeptResponse) -> None:
        """Delete one response and its items."""
        assert self.store is not None
        await asyncio.to_thread(self.store.delete, kept.owner, kept.id)

    def _find(
        self, store: ResponseStore, turn: Turn, previous: str | None, ids: list[str], *, as_far_as_kept: bool = False
    ) -> Turn:
        try:
            earlier, lost = ([], None) if previous is None else store.turns(turn.owner, previous, self._max_bytes)
            inner = [id for kept in earlier for item in kept.input if (id := referred_id(item)) is not None]
            referred = store.holders(turn.owner, [*ids, *inner], self._max_bytes)
        except ConversationTooLong as exc:
            raise BodyTooLarge(f"{exc} Begin a new one, or compact it.") from None
        unknown = [id for id in ids if id not in referred]
        if foreign := store.foreign(turn.owner, [*unknown, *([] if lost is None or earlier else [lost])]):
            raise _no_response(f"No response or item {min(foreign)!r:.100} is kept here")
        missing = _missing(earlier, lost)
        if missing is None and unknown:
            number = next(n for n, item in enumerate(input_items(turn.body)) if referred_id(item) == unknown[0])
            missing = _no_item(unknown[0], f"input[{number}].id")
        if missing is None and (gone := next((id for id in inner if id not in referred), None)) is not None:
            missing = _no_item(gone, "previous_response_id")
        if missing is not None and not as_far_as_kept and earlier and not earlier[-1].native:
            raise missing  # no cloud knows the response either
        return replace(turn, earlier=earlier, referred=referred, missing=missing)


def make_conversations(settings: Settings, password: DatabasePassword | None = None) -> Conversations:
    """The conversations that `settings` ask to be kept.

    Raises
    ------
    SettingsError
        If the key cannot be read or made.
    ExtraMissingError
        If the database's driver is not installed.
    """
    wanted = settings.responses
    if not wanted.keep_days:
        return Conversations(None, None, settings.max_body_bytes)
    cipher = Cipher(*cipher_keys(settings))
    url = settings.ledger_url if settings.ledger_url.startswith("postgres") else _sqlite(settings)
    store = ResponseStore(url, cipher, wanted.keep_days, wanted.keep_mb, password)
    return Conversations(store, Summaries(cipher), settings.max_body_bytes, cipher)


def _sqlite(settings: Settings) -> str:
    return f"sqlite:///{settings.state_dir / DATABASE}"


def not_found(id: str) -> ResponseNotFound:
    """The error for an id that is not kept for the caller."""
    return ResponseNotFound(
        f"No response {id!r:.100} is kept here: it was never kept (store: false, responses.keep_days), was deleted, "
        "or is too old."
    )


def _missing(earlier: list[KeptResponse], lost: str | None) -> RequestError | None:
    if lost is None:
        return None
    if not earlier:
        return _no_response(f"No response {lost!r:.100} is kept here")
    return _no_response(f"An earlier turn of that conversation ({lost:.100}) was deleted, or is too old")


def _no_response(what: str) -> RequestError:
    return RequestError(f"{what}; {CURE}.", param="previous_response_id", code="previous_response_not_found")


def _no_item(id: str, param: str) -> RequestError:
    return RequestError(
        f"Field '{param}': no item {id!r:.100} is kept here; send the item itself.", param=param, code="item_not_found"
    )


def _not_kept(param: str) -> RequestError:
    return RequestError(
        f"Field '{param}' refers to an earlier answer, and this gateway keeps none (responses.keep_days is 0): {CURE}.",
        param=param,
        code="unsupported_parameter",
    )
