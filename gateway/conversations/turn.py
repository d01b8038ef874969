"""One turn of a conversation in the Responses API: its request, and all that the request only refers to.

A request may name an earlier response (`previous_response_id`) or single items (`item_reference`) instead of repeating
them. The chat format knows no such references, so they are replaced by what was kept. A cloud that speaks Responses
itself is given back its own ids, and everything else as items.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.conversations.store import Item, KeptResponse
from models.wire.errors import RequestError

REFERENCE = "item_reference"

_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A request, and what it refers to.

    Attributes
    ----------
    body : mapping
        The caller's JSON.
    owner : str
        The id of the key that it came with; empty for a gateway without one.
    is_kept : bool
        Whether the answer will be kept.
    earlier : sequence of KeptResponse
        The responses before it, the first one first; empty where it continues none that is kept here.
    referred : mapping of str to (item, KeptResponse)
        The items referred to, here or in `earlier`, and the responses that hold them.
    stays : str or None
        Why it may not leave this machine, where it holds a summary of text that may not.
    missing : RequestError or None
        What it refers to and is not here; only a cloud that speaks Responses itself may know it.
    """

    body: Mapping[str, Any]
    owner: str = ""
    is_kept: bool = False
    earlier: Sequence[KeptResponse] = ()
    referred: Mapping[str, tuple[Item, KeptResponse]] = field(default_factory=dict)
    stays: str | None = None
    missing: RequestError | None = None

    @property
    def refers(self) -> bool:
        """Whether it refers to anything that is kept here."""
        return bool(self.earlier or self.referred)

    @property
    def private(self) -> str | None:
        """Why the text may not leave this machine, where that was so of any of what it refers to."""
        return self.stays or next((kept.private for kept in self._holders if kept.private is not None), None)

    @property
    def began(self) -> str | None:
        """The side that has to go on: the one that keeps the last response itself, or that called tools in it."""
        last = next(reversed(self._holders), None)
        if last is None:
            return None
        called = any(str(item.get("type")).endswith("_call") for item in last.output)
        return last.route if last.native or called else None

    @property
    def is_native(self) -> bool:
        """Whether it goes on from a response that a cloud keeps itself."""
        last = next(reversed(self._holders), None)
        return last is not None and last.native

    @property
    def items_before(self) -> list[Item]:
        """The items of the earlier responses, with references replaced."""
        return [item for kept in self.earlier for item in (*map(self._resolved, kept.input), *kept.output)]

    @property
    def whole_body(self) -> Mapping[str, Any]:
        """The request without references to anything that is kept here: the whole conversation in `input`."""
        if not self.refers:
            return self.body
        items = [*self.items_before, *(self._resolved(item) for item in input_items(self.body))]
        body = {**self.body, "input": items}
        if self.earlier:
            del body["previous_response_id"]
        return body

    @property
    def native_body(self) -> Mapping[str, Any]:
        """The request for a cloud that speaks Responses itself: it knows what it answered, and is told the rest."""
        if all(kept.native for kept in self._holders):
            return self.body
        known = max((number for number, kept in enumerate(self.earlier, 1) if kept.native), default=0)
        items = [item for kept in self.earlier[known:] for item in self._told(kept)]
        items += (item for given in input_items(self.body) for item in self._given(given))
        body = {**self.body, "input": items}
        if known:
            body["previous_response_id"] = self.earlier[known - 1].id
        elif self.earlier:
            del body["previous_response_id"]
        return body

    def kept(
        self, response: dict[str, Any], *, route: str, model: str, native: bool, private: str | None
    ) -> KeptResponse:
        """The response to it, as it is kept."""
        previous = self.body.get("previous_response_id")
        given = [_with_id(item) for item in input_items(self.body)]
        return KeptResponse(response["id"], self.owner, previous, route, model, native, private, given, response)

    @property
    def _holders(self) -> list[KeptResponse]:
        """The responses that it refers to, the last one last."""
        own = [id for item in input_items(self.body) if (id := referred_id(item)) in self.referred]
        holders = [kept for _, kept in self.referred.values()]
        return [*holders, *self.earlier, *(self.referred[id][1] for id in own if id is not None)]

    def _resolved(self, item: Item) -> Item:
        id = referred_id(item)
        return self.referred[id][0] if id is not None and id in self.referred else item

    def _told(self, kept: KeptResponse) -> list[Item]:
        """What a cloud is told of a response that another side gave."""
        return [told for item in (*kept.input, *kept.output) for told in self._given(item, ours=True)]

    def _given(self, item: Item, *, ours: bool = False) -> list[Item]:
        """One item as a cloud gets it: its own as they are, those made here without the ids that it does not know."""
        id = referred_id(item)
        if id is not None and id in self.referred:
            found, kept = self.referred[id]
            return [item] if kept.native else _foreign(found)
        return _foreign(item) if ours else [item]


def input_items(body: Mapping[str, Any]) -> list[Item]:
    """The request's own input, as items; what is no object is left to whoever reads the request."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]}]
    return given if isinstance(given, list) else []


def referred_id(item: Any) -> str | None:
    """The id of the item that `item` refers to; None where it is an item itself. The type may be left out."""
    if not isinstance(item, dict) or item.get("type", REFERENCE) not in (REFERENCE, None):
        return None
    id = item.get("id")
    return id if isinstance(id, str) and item.keys() <= {"type", "id"} else None


def _with_id(item: Any) -> Item:
    if (referred := referred_id(item)) is not None:
        return {"type": REFERENCE, "id": referred}
    kind = item.get("type") or "message"
    id = item.get("id") or f"{_PREFIXES.get(kind, 'item')}_{secrets.token_hex(20)}"
    return {**item, "type": kind, "id": id}


def _foreign(item: Item) -> list[Item]:
    """An item as a cloud takes it that did not make it: without id, and reasoning only if it can read it."""
    if item.get("type") == "reasoning" and not item.get("encrypted_content"):
        return []
    return [{name: value for name, value in item.items() if name not in ("id", "status")}]
