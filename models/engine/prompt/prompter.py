"""From a conversation to the tokens of the prompt."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

from models.engine.grammar.source import literal, token_literal
from models.engine.native.llama import Model
from models.engine.prompt.call_format import HERMES, TAGS, detect_call_format
from models.engine.prompt.conversation import (
    calls_as_text,
    tools_in_system,
    with_parsed_arguments,
    with_short_ids,
    with_system,
    without_empty_calls,
)
from models.engine.prompt.template import Message, Template
from models.engine.prompt.template_limits import TemplateLimits, find_limits
from models.engine.prompt.tools import Toolbox
from models.wire.errors import RequestError

# Unicode noncharacters: they never occur in text, so they can mark it.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_LITERAL = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_REASONING = re.compile(r"</?[\w-]+>")
"""Tags such as ``</think>``, which assistants write and templates look for in their earlier turns."""

_MARKER = re.compile(r"[<\[]?[|｜].+[|｜][>\]]?|\[/?[A-Z_]+\]|<<?/?[A-Z_]+>?>")
"""How the names of markers look where a vocabulary lists them among its ordinary texts: ``<|system|>``, ``[INST]``."""

_STRAY = str.maketrans("", "", _OPEN + _CLOSE)
NO_VARIABLES: Mapping[str, Any] = {}


class Prompter:
    """Renders the chat template and tokenizes the result.

    The text of callers stays text: the name of a control token in a message (``<|im_end|>``) is tokenized as ordinary
    text and cannot end the caller's turn. The same holds for markers that the model's author left among ordinary texts
    (``USER_DEFINED``), which llama.cpp makes tokens of wherever they stand.

    Parameters
    ----------
    template : Template, optional
        None for a model without one: it continues text and cannot chat.

    Attributes
    ----------
    calls : CallFormat
        The format in which the model writes tool calls.
    """

    def __init__(self, model: Model, template: Template | None) -> None:
        self._model = model
        self._template = template
        self._bos = model.text_of_special(model.bos)
        detected = detect_call_format(template) if template else None
        self.calls = detected or HERMES
        self._takes_tools = detected is not None
        prints_calls = self._takes_tools and not self.calls.tools_in_system
        self._limits = find_limits(template, prints_calls=prints_calls) if template else TemplateLimits()
        controls, markers = model.control_texts, self._markers()
        self._marker_tokens = frozenset(markers.values())
        self._markup = _any_of(controls | markers.keys())
        self._markup_of_assistants = _any_of(controls | {m for m in markers if not _REASONING.fullmatch(m)})

    def _markers(self) -> dict[str, int]:
        """The markers among the vocabulary's user-defined texts, with their tokens."""
        source = self._template.source if self._template else ""
        tags = {tag.decode() for tag in TAGS}
        texts = self._model.user_defined_texts
        return {t: n for t, n in texts.items() if t in tags or _MARKER.fullmatch(t) or (_is_tag(t) and t in source)}

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
            raise RequestError(
                "This model has no chat template, so it cannot chat: use /v1/completions, or another model.",
                param="messages",
                code="unsupported_value",
            )
        marked = [self._mark(message, assistant=message["role"] == "assistant") for message in messages]
        return self._template.render(marked, **{name: self._mark(v) for name, v in variables.items()})

    def chat_tokens(
        self,
        messages: Sequence[Message],
        toolbox: Toolbox | None = None,
        template_variables: Mapping[str, Any] = NO_VARIABLES,
    ) -> list[int]:
        """The prompt as tokens; `template_variables` are the caller's own, for the template.

        Raises
        ------
        TemplateError, RequestError
            As `ChatTemplate.render`.
        """
        variables: dict[str, Any] = {}
        tools = [tool.definition for tool in toolbox.tools] if toolbox is not None else []
        messages = [without_empty_calls(message) for message in messages]
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
        text = self.text(self._limits.fit(messages), **{**template_variables, **variables})
        # Most templates print the begin token themselves; it must not occur twice.
        add_special = not (self._bos and text.startswith(self._bos))
        tokens: list[int] = []
        for index, (piece, is_literal) in enumerate(_pieces(text)):
            first = add_special and index == 0
            tokenize = self._literal if is_literal else partial(self._model.tokenize, parse_special=True)
            tokens += tokenize(piece, add_special=first)
        return tokens

    def _literal(self, text: str, *, add_special: bool = False) -> list[int]:
        """Tokens of a text that must not become a marker: if it does as a whole, it is tokenized in parts."""
        tokens = self._model.tokenize(text, add_special=add_special, parse_special=False)
        if len(text) < 2 or self._marker_tokens.isdisjoint(tokens):
            return tokens
        head = self._model.tokenize(text[0], add_special=add_special, parse_special=False)
        return head + self._literal(text[1:])

    def _mark(self, value: Any, *, assistant: bool = False) -> Any:
        if isinstance(value, str):
            clean, markup = value.translate(_STRAY), self._markup_of_assistants if assistant else self._markup
            return markup.sub(lambda m: f"{_OPEN}{m.group()}{_CLOSE}", clean) if markup else clean
        if isinstance(value, Mapping):
            return {self._mark(key): self._mark(inner, assistant=assistant) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._mark(inner, assistant=assistant) for inner in value]
        return value


def _is_tag(text: str) -> bool:
    return text[:1] in "<[" and text[-1:] in ">]"


def _any_of(texts: AbstractSet[str]) -> re.Pattern[str] | None:
    """What finds any of `texts`, the longest first."""
    return re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True)))) if texts else None


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Split at the marks: pieces of text, and whether each must be tokenized as ordinary text."""
    for index, piece in enumerate(_LITERAL.split(text)):
        if piece := piece.translate(_STRAY):
            yield piece, index % 2 == 1
