"""From a conversation to the tokens of the prompt."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.engine.errors import TemplateError
from models.engine.grammar.source import literal, token_literal
from models.engine.native.llama import Model
from models.engine.prompt.call_format import HERMES, detect_call_format
from models.engine.prompt.conversation import (
    calls_as_text,
    system_as_user,
    tools_in_system,
    with_parsed_arguments,
    with_short_ids,
    with_system,
)
from models.engine.prompt.template import ChatTemplate, Message
from models.engine.prompt.tools import Toolbox
from models.wire.errors import RequestError

# Unicode noncharacters: they never occur in text, so they can mark it.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_LITERAL = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_SYSTEM = {"role": "system", "content": "probe_system"}
_USER = {"role": "user", "content": "hello"}
_STRAY = str.maketrans("", "", _OPEN + _CLOSE)


class Prompter:
    """Renders the chat template and tokenizes the result.

    The text of callers stays text: the name of a control token in a message (``<|im_end|>``) is tokenized as ordinary
    text and cannot end the caller's turn.

    Parameters
    ----------
    template : ChatTemplate, optional
        None for a model without one: it continues text and cannot chat.

    Attributes
    ----------
    calls : CallFormat
        The format in which the model writes tool calls.
    """

    def __init__(self, model: Model, template: ChatTemplate | None) -> None:
        self._model = model
        self._template = template
        self._bos = model.text_of_special(model.bos)
        self._takes_system = self._shows("probe_system", [_SYSTEM, _USER])
        detected = detect_call_format(template) if template else None
        self.calls = detected or HERMES
        self._takes_tools = detected is not None
        controls = sorted(model.control_texts, key=len, reverse=True)
        self._controls = re.compile("|".join(map(re.escape, controls))) if controls else None

    @property
    def can_chat(self) -> bool:
        """Whether there is a template."""
        return self._template is not None

    def tag(self, text: str) -> str:
        """The grammar that matches a tag around tool calls: one token, if the model has one for it."""
        token = self._model.token_named(text)
        return literal(text) if token is None else token_literal(token)

    def text(self, messages: Sequence[Message], **variables: Any) -> str:
        """The prompt as text, with marks around texts that must not become control tokens.

        Raises
        ------
        TemplateError, RequestError
            As `ChatTemplate.render`.
        """
        if self._template is None:
            raise TemplateError("this model has no chat template, so it cannot chat; use /v1/completions")
        return self._template.render(self._mark(messages), **{name: self._mark(v) for name, v in variables.items()})

    def chat_tokens(self, messages: Sequence[Message], toolbox: Toolbox | None = None) -> list[int]:
        """The prompt as tokens.

        Raises
        ------
        TemplateError, RequestError
            As `ChatTemplate.render`.
        """
        variables: dict[str, Any] = {}
        tools = [tool.definition for tool in toolbox.tools] if toolbox is not None else []
        if not self._takes_tools:
            messages = calls_as_text(messages, self.calls)
            messages = with_system(messages, toolbox.prompt()) if toolbox is not None else messages
        elif self.calls.tools_in_system:
            messages = calls_as_text(messages, self.calls)
            messages = tools_in_system(messages, tools) if tools else messages
        else:
            messages = [with_parsed_arguments(message) for message in messages]
            messages = [with_short_ids(message) for message in messages] if self.calls.short_ids else messages
            variables = {"tools": tools} if tools else {}
        if not self._takes_system:
            messages = system_as_user(messages)
        text = self.text(messages, **variables)
        # Most templates print the begin token themselves; it must not occur twice.
        add_special = not (self._bos and text.startswith(self._bos))
        tokens: list[int] = []
        for index, (piece, is_literal) in enumerate(_pieces(text)):
            first = add_special and index == 0
            tokens += self._model.tokenize(piece, add_special=first, parse_special=not is_literal)
        return tokens

    def _shows(self, word: str, messages: Sequence[Message], **variables: Any) -> bool:
        """Whether the template prints `word`, which `messages` or `variables` contain."""
        if self._template is None:
            return False
        try:
            return word in self._template.render(messages, **variables)
        except (RequestError, TemplateError):
            return False

    def _mark(self, value: Any) -> Any:
        if isinstance(value, str):
            clean = value.translate(_STRAY)
            return self._controls.sub(lambda m: f"{_OPEN}{m.group()}{_CLOSE}", clean) if self._controls else clean
        if isinstance(value, Mapping):
            return {key: self._mark(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._mark(inner) for inner in value]
        return value


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Split at the marks: pieces of text, and whether each must be tokenized as ordinary text."""
    for index, piece in enumerate(_LITERAL.split(text)):
        if piece := piece.translate(_STRAY):
            yield piece, index % 2 == 1
