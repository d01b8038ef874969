"""POST /v1/completions: OpenAI's older text completions."""

from typing import Any

from gateway.dialects.completions.answer import CompletionsTranslator, to_completion
from gateway.dialects.completions.request import NAMES_HERE, read_request
from gateway.dialects.dialect import COMMENT
from gateway.http.errors import error_object
from models.wire.backend import Completion
from models.wire.chat import ChatRequest


class CompletionsDialect:
    """OpenAI's text completions."""

    endpoint = "completions"
    sign_of_life = COMMENT

    def request(self, body: Any) -> ChatRequest:
        return read_request(body)

    def completion(self, _request: ChatRequest, completion: Completion) -> bytes:
        return to_completion(completion.body)

    def translator(self, _request: ChatRequest) -> CompletionsTranslator:
        return CompletionsTranslator()

    def error(self, exc: Exception, _request_id: str) -> Any:
        return error_object(exc, NAMES_HERE)
