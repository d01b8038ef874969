"""POST /v1/messages: Anthropic's API, translated to the chat format and back."""

from dataclasses import replace
from typing import Any

import orjson

from gateway.dialects.messages.errors import anthropic_error
from gateway.dialects.messages.output import MessagesOutput, assemble
from gateway.dialects.messages.request import LOCAL_ONLY, shows_thinking, to_chat
from gateway.dialects.messages.shapes import ending, new_message, to_usage
from gateway.dialects.messages.stream import PING, MessagesTranslator
from models.wire.backend import Completion
from models.wire.chat import CUT_SHORT, ChatRequest
from models.wire.errors import InvalidResponse
from models.wire.json_reader import JsonReader


class MessagesDialect:
    """Anthropic's messages."""

    endpoint = "messages"
    sign_of_life = PING

    def request(self, body: Any) -> ChatRequest:
        request = ChatRequest.parse(to_chat(JsonReader(body)), original=body, local_only=LOCAL_ONLY)
        return replace(request, early_usage=request.stream)

    def completion(self, request: ChatRequest, completion: Completion) -> bytes:
        request_body, answer = request.original, orjson.loads(completion.body)
        choice = answer["choices"][0]
        output = MessagesOutput(shows_thinking=shows_thinking(request_body))
        events = [*output.take(choice.get("message") or {}), *output.close()]
        try:
            content = assemble(events, cut_short=choice.get("finish_reason") in CUT_SHORT)
        except ValueError as exc:
            raise InvalidResponse(completion.model, str(exc)) from exc
        message = new_message(completion.model, content)
        message |= ending(request_body, choice, called=output.called, refused=output.refused)
        message["usage"] = to_usage(completion.usage)
        return orjson.dumps(message)

    def translator(self, request: ChatRequest) -> MessagesTranslator:
        return MessagesTranslator(request.original)

    def error(self, exc: Exception, request_id: str) -> Any:
        return anthropic_error(exc, request_id)
