"""POST /v1/chat/completions: the shape that everything inside speaks, so nothing is translated."""

from typing import Any

from gateway.dialects.dialect import COMMENT
from gateway.http.errors import error_object
from models.wire.backend import Completion
from models.wire.chat import ChatRequest
from models.wire.sse import encode_event


class ChatDialect:
    """OpenAI's chat completions. Also its own translator: the bytes pass through."""

    endpoint = "chat.completions"
    sign_of_life = COMMENT

    def request(self, body: Any) -> ChatRequest:
        return ChatRequest.parse(body)

    def completion(self, _request: ChatRequest, completion: Completion) -> bytes:
        return completion.body

    def translator(self, _request: ChatRequest) -> "ChatDialect":
        return self

    def error(self, exc: Exception, _request_id: str) -> Any:
        return error_object(exc)

    def event(self, event: bytes) -> bytes:
        return event

    def failed(self, exc: Exception, _request_id: str) -> bytes:
        return encode_event(error_object(exc))
