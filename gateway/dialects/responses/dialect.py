"""POST /v1/responses: OpenAI's Responses API."""

import re
from collections import deque
from dataclasses import replace
from typing import Any

import orjson

from gateway.conversations.turn import Turn
from gateway.dialects.dialect import COMMENT
from gateway.dialects.responses.output import ResponsesOutput
from gateway.dialects.responses.request import NAMES_HERE, to_chat
from gateway.dialects.responses.shapes import ResponseShapes, ending, to_logprobs, to_usage
from gateway.dialects.responses.stream import ResponsesTranslator
from gateway.dialects.responses.tool_names import ToolNames, offered
from gateway.http.errors import error_object
from models.wire.backend import Completion
from models.wire.chat import ChatRequest, Native
from models.wire.errors import LeftOut, RequestError
from models.wire.json_reader import JsonReader
from models.wire.responses import PATH

_INDEX = re.compile(r"\binput\[(\d+)\]")


class ResponsesDialect:
    """OpenAI's Responses: passed on to clouds that take them, and translated to a chat for everybody else."""

    endpoint = "responses"
    sign_of_life = COMMENT

    def request(self, body: Any) -> ChatRequest:
        return _to_request(Turn(body))

    def turn(self, turn: Turn) -> ChatRequest:
        """The chat request for a request that may refer to what is kept here; raises as `request` does."""
        request = _to_request(turn)
        return replace(request, original={**request.original, "store": turn.is_kept})

    def completion(self, request: ChatRequest, completion: Completion) -> bytes:
        answer = orjson.loads(completion.body)
        if "choices" not in answer:
            return completion.body
        choice = answer["choices"][0]
        status, reason = ending(choice.get("finish_reason"))
        output = ResponsesOutput(ToolNames(offered(request.original)))
        deque(output.take(choice.get("message") or {}, to_logprobs(choice)), maxlen=0)
        deque(output.close(status), maxlen=0)
        shapes = ResponseShapes(request.original, completion.model, answer.get("service_tier"))
        usage = to_usage(completion.usage)
        return orjson.dumps(shapes.response(status, output.items(), usage=usage, incomplete=reason))

    def translator(self, request: ChatRequest) -> ResponsesTranslator:
        return ResponsesTranslator(request.original)

    def error(self, exc: Exception, _request_id: str) -> Any:
        return error_object(exc, NAMES_HERE)


def _to_request(turn: Turn) -> ChatRequest:
    before = len(turn.items_before)
    refusals = [] if turn.missing is None else [turn.missing]
    try:
        chat = to_chat(JsonReader(turn.whole_body, refusals=refusals))
        native = Native.translated(PATH, turn.native_body, [_renumbered(refusal, before) for refusal in refusals])
        request = ChatRequest.parse(chat, original=turn.body, native=native)
    except RequestError as exc:
        raise _renumbered(exc, before) from None
    return replace(request, private=turn.private, began=turn.began)


def _renumbered(exc: RequestError, before: int) -> RequestError:
    """The same error for a caller who did not send the first `before` items."""
    match = _INDEX.match(exc.param or "")
    if match is None or not before:
        return exc
    if (number := int(match[1])) < before:
        param, message = "previous_response_id", f"An earlier turn holds what cannot be said here: {exc.message}"
    else:
        here = f"input[{number - before}]"
        param, message = (_INDEX.sub(here, text, count=1) for text in (exc.param or "", exc.message))
    if isinstance(exc, LeftOut):
        return LeftOut(message, param=param, what=exc.what)
    return RequestError(message, param=param, code=exc.code)
