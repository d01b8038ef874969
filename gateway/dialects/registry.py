"""Every endpoint that answers, by its path."""

from gateway.dialects.chat import ChatDialect
from gateway.dialects.completions.dialect import CompletionsDialect
from gateway.dialects.dialect import Dialect
from gateway.dialects.messages.dialect import MessagesDialect
from gateway.dialects.responses.dialect import ResponsesDialect

DIALECTS: dict[str, Dialect] = {
    "/v1/chat/completions": ChatDialect(),
    "/v1/responses": ResponsesDialect(),
    "/v1/messages": MessagesDialect(),
    "/v1/completions": CompletionsDialect(),
}
