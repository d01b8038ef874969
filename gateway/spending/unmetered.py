"""Costs of a request beyond the tokens that an answer's usage reports: a budget cannot count those."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.usage.shapes import tier
from models.wire.chat import ChatRequest

COUNTED_TOOLS = (
    "function", "custom", "namespace", "mcp", "local_shell", "apply_patch", "computer", "bash", "text_editor", "memory",
    "web_fetch",
)  # fmt: skip
"""Prefixes of tool types that cost only tokens: the caller runs them, or the provider runs them for free.

All others cost money by the call, the session or the gigabyte: see OpenAI's pricing page under "Built-in tools", and
Anthropic's under "Tool use pricing".
"""


def uncounted(request: ChatRequest) -> str | None:
    """The first part of `request` whose cost no usage reports, in words; None where there is none."""
    native = request.native
    is_translated = native is not None and native.left_out and native.untranslatable is None
    return next(_uncounted(request.body if is_translated else request.original), None)


def tier_of(request: ChatRequest) -> str | None:
    """The service tier that `request` asks for; None for the standard one."""
    return tier(request.original.get("service_tier")) or tier(request.original.get("speed"))


def _uncounted(body: Mapping[str, Any]) -> Iterator[str]:
    if body.get("background"):
        yield "an answer in the background ('background') goes on costing after the gateway's request has ended"
    if body.get("web_search_options") is not None:
        yield "web searches ('web_search_options') are paid by the call"
    if body.get("prompt") is not None and isinstance(body["prompt"], Mapping):
        yield "a stored prompt ('prompt') may include tools that are paid by the call"
    for tool in tools if isinstance(tools := body.get("tools"), list) else ():
        kind = tool.get("type") if isinstance(tool, Mapping) else None
        if isinstance(kind, str) and not kind.startswith(COUNTED_TOOLS):
            yield f"the provider's tool '{kind:.40}' is paid by the call"
