"""POST /v1/responses: OpenAI's Responses API."""

from collections import deque
from typing import Any

import orjson

from gateway.dialects.responses.output import ResponsesOutput
from gateway.dialects.responses.request import NAMES_HERE, to_chat
from gateway.dialects.responses.shapes import ResponseShapes, ending, to_logprobs, to_usage
from gateway.dialects.responses.stream import ResponsesTranslator
from gateway.dialects.responses.tool_names import ToolNames, offered
from gateway.http.errors import error_object
from models.wire.backend import Completion
from models.wire.chat import ChatRequest, Native
from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader
from models.wire.responses import PATH


class ResponsesDialect:
    """OpenAI's Responses: passed on to clouds that take them, and translated to a chat for everybody else."""

    endpoint = "responses"

    def request(self, body: Any) -> ChatRequest:
        refusals: list[RequestError] = []
        chat = to_chat(JsonReader(body, refusals=refusals))
        native = Native.translated(PATH, body, refusals)
        return ChatRequest.parse(chat, original=body, native=native)

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
