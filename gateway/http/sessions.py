"""Which session a request belongs to, and which person it is for, as its caller or the caller's agent says.

Few clients know this gateway's own header, so what agents and other gateways' clients send is read too. Only what is
known to exist is in the tables; the first entry that is there counts, and a session of its own is less than that of
the agent that began it: what a sub-agent finds goes back there.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from models.wire.errors import RequestError

SESSION_HEADER = "x-slimgate-session"

SESSION_CHARS = 200
"""The longest session id."""

HEADERS = (
    b"x-claude-code-session-id",  # Claude Code: https://code.claude.com/docs/en/llm-gateway-protocol
    b"session-id",  # Codex, shared by all sub-agents: https://github.com/openai/codex/pull/20437
    b"session_id",  # Codex before 2026; Roo Code and Cline for OpenAI (Cline: sdk/packages/llms, request-headers.ts)
    b"conversation_id",  # Codex before 2026, the same as session_id: https://github.com/openai/codex/pull/9107
    b"x-parent-session-id",  # OpenCode, of a sub-agent: packages/opencode/src/session/llm/request.ts
    b"x-opencode-session",  # OpenCode's own provider, and clients of it
    b"x-session-id",  # OpenCode for all other providers; clients of OpenRouter
    b"x-session-affinity",  # OpenCode again, with the same value
    b"x-litellm-session-id",  # clients of LiteLLM: https://docs.litellm.ai/docs/proxy/request_headers
    b"x-litellm-trace-id",  # Cline for OpenAI-compatible servers, with its session's id
    b"helicone-session-id",  # clients of Helicone, OpenCode's plugin for it: https://docs.helicone.ai
)
"""Headers that name a session. `prompt_cache_key` is not among what is read: many sessions may share one."""

_READ = frozenset((SESSION_HEADER.encode(), *HEADERS))

_USER_SESSION = "_session_"
"""Between person and session in the `user_id` of Claude Code before 2026: ``user_…_account_…_session_…``."""

JsonObject = Mapping[str, Any]


def session_of(headers: Iterable[tuple[bytes, bytes]], body: Any) -> str | None:
    """The id of the session that a request belongs to; None where it does not say.

    Raises
    ------
    RequestError
        If this gateway's own header holds something else than an id.
    """
    found = {name: value for name, value in headers if name in _READ}
    if (own := found.get(SESSION_HEADER.encode())) is not None:
        return _own(own.decode("latin-1"))
    named = (found[name].decode("latin-1") for name in HEADERS if name in found)
    fields = (read(body) for read in _FIELDS) if isinstance(body, dict) else ()
    return next((id for id in (*named, *fields) if _is_id(id)), None)


def end_user_of(body: Any) -> str:
    """The person for whom a request is made, as its body names them; empty where it does not."""
    if not isinstance(body, dict):
        return ""
    user, _ = _split_user(_metadata(body).get("user_id"))
    named = (body.get("safety_identifier"), body.get("user"), user)
    return next((name for name in named if isinstance(name, str) and name), "")


def _own(text: str) -> str:
    id = text.strip()
    if not _is_id(id):
        raise RequestError(
            f"Header {SESSION_HEADER} must be an id of 1 to {SESSION_CHARS} printable characters; got {text!r:.100}.",
            param=SESSION_HEADER,
            code="invalid_value",
        )
    return id


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= SESSION_CHARS and value.isprintable()


def _metadata(body: JsonObject) -> JsonObject:
    metadata = body.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _of_user_id(body: JsonObject) -> Any:
    return _split_user(_metadata(body).get("user_id"))[1]


def _conversation(body: JsonObject) -> Any:
    conversation = body.get("conversation")
    return conversation.get("id") if isinstance(conversation, dict) else conversation


_FIELDS: tuple[Callable[[JsonObject], Any], ...] = (
    _of_user_id,  # Claude Code
    _conversation,  # OpenAI's Responses API
    lambda body: body.get("session_id"),  # OpenRouter's API
    lambda body: body.get("litellm_session_id"),  # https://docs.litellm.ai/docs/proxy/ui_logs_sessions
    lambda body: _metadata(body).get("session_id"),  # LiteLLM again, and what people call it
)
"""Fields of a body that name a session."""


def _split_user(user_id: Any) -> tuple[Any, Any]:
    """Person and session in Anthropic's ``metadata.user_id``, into which Claude Code writes both."""
    if not isinstance(user_id, str):
        return None, None
    if user_id.startswith("{"):
        try:
            said = orjson.loads(user_id)
        except orjson.JSONDecodeError:
            return user_id, None
        return said.get("account_uuid") or said.get("device_id"), said.get("session_id")
    person, _, session = user_id.rpartition(_USER_SESSION)
    return (person, session) if person else (user_id, None)
