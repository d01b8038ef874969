"""The model's chat template: Jinja source from an untrusted author, rendered in a sandbox with limits."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, Protocol

from jinja2 import TemplateError as JinjaError
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.engine.errors import TemplateError
from models.engine.prompt.time_limit import TimeLimitExceeded, run_limited
from models.redaction.server_words import ServerWords
from models.wire.errors import RequestError

TIME_LIMIT_S = 2.0
MAX_PROMPT_CHARS = 16 * 1024 * 1024
TOO_MUCH_MEMORY = "the model's chat template needs too much memory for these messages"
MAX_NUMBER = 10_000
"""Largest number allowed where it sets the length of a text or the rounds of a loop."""

Message = Mapping[str, Any]

SET_BY_US = frozenset({"messages", "tools", "add_generation_prompt"})
"""Variables of every template that a request has other fields for, or none."""


class Template(Protocol):
    """What renders conversations: a `ChatTemplate`, or one in another process."""

    @property
    def source(self) -> str:
        """The Jinja source."""
        ...

    def render(self, messages: Sequence[Message], **variables: Any) -> str:
        """As `ChatTemplate.render`."""
        ...


class _GenerationTag(Extension):
    """Hugging Face's ``{% generation %}``, which marks the assistant's text for training: its content is printed."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _RefusedByTemplate(Exception):
    """The template called `raise_exception`: it refuses the conversation."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Forbids attributes that begin with an underscore, changes of values, and huge texts or numbers."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or _is_large(left) or _is_large(right):
            raise SecurityError(f"{operator} would make a number or text that is too large")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(getattr(function, "__self__", None), str) and any(map(_is_large, (*args, *kwargs.values()))):
            raise SecurityError("a number in a call of a text method is too large")
        return super().call(context, function, *args, **kwargs)


def _is_large(value: Any) -> bool:
    return isinstance(value, int) and abs(value) > MAX_NUMBER


def _with_bounded_numbers(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """`filter_`, but it refuses numbers above `MAX_NUMBER`: only an attack uses such widths."""

    def limited(*args: Any, **kwargs: Any) -> Any:
        if any(map(_is_large, (*args, *kwargs.values()))):
            raise SecurityError("a width is too large")
        return filter_(*args, **kwargs)

    return limited


_EXTENSIONS = ("jinja2.ext.loopcontrols", "jinja2.ext.do")
_USUAL = {"add_generation_prompt": True, "tools": None, "documents": None}
"""Variables that Hugging Face's `apply_chat_template` always sets."""


class ChatTemplate:
    """Turns a conversation into the text of the prompt.

    Parameters
    ----------
    source : str
        Jinja, as for Hugging Face's `apply_chat_template`.
    bos, eos : str
        The texts of the begin and end tokens, which templates print.

    Raises
    ------
    TemplateError
        If it does not compile.
    """

    def __init__(self, source: str, *, bos: str, eos: str, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._time_limit_s = time_limit_s
        self.source = source
        environment = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[*_EXTENSIONS, _GenerationTag])
        environment.filters["tojson"] = _tojson
        environment.globals.update(
            raise_exception=_raise_exception,
            strftime_now=_strftime_now,
            range=_bounded_range,
            bos_token=bos,
            eos_token=eos,
        )
        for name in ("center", "indent"):
            environment.filters[name] = _with_bounded_numbers(environment.filters[name])
        environment.globals.pop("lipsum")
        try:
            self._template = environment.from_string(source)
        except (JinjaError, RecursionError, SyntaxError) as exc:
            raise TemplateError(f"the model's chat template does not compile: {exc}") from exc

    def render(self, messages: Sequence[Message], **variables: Any) -> str:
        """The prompt, up to the beginning of the assistant's turn.

        Raises
        ------
        RequestError
            If the template refuses the conversation, for example because roles do not alternate.
        TemplateError
            If the template fails, breaks a rule of the sandbox, or does not end in time.
        """
        try:
            return run_limited(lambda: self._render(messages, variables), self._time_limit_s)
        except TimeLimitExceeded:
            raise TemplateError(f"the model's chat template did not end within {self._time_limit_s:g} s") from None
        except _RefusedByTemplate as exc:
            message = f"The model's chat template refuses these messages: {exc}"
            raise RequestError(message, param="messages", code="unsupported_value") from None
        except (TemplateError, RequestError):
            raise
        except MemoryError:
            raise TemplateError(TOO_MUCH_MEMORY) from None
        # The template is somebody else's program, so it may raise anything.
        except Exception as exc:
            raise TemplateError(
                f"the model's chat template failed ({type(exc).__name__})", server_words=ServerWords.from_error(exc)
            ) from exc

    def _render(self, messages: Sequence[Message], variables: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        length = 0
        for piece in self._template.generate(messages=messages, **{**_USUAL, **variables}):
            length += len(piece)
            if length > MAX_PROMPT_CHARS:
                raise TemplateError(f"the model's chat template printed more than {MAX_PROMPT_CHARS} characters")
            pieces.append(piece)
        return "".join(pieces)


def _raise_exception(message: str) -> NoReturn:
    raise _RefusedByTemplate(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def _bounded_range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > MAX_NUMBER:
        raise SecurityError(f"range is limited to {MAX_NUMBER} numbers here")
    return numbers


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Replaces Jinja's filter, which escapes HTML: models expect plain JSON. The options are Hugging Face's."""
    width = None if indent is None else min(indent, 8)
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=width, separators=separators, sort_keys=sort_keys)
