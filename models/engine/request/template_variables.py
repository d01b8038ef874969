"""`chat_template_kwargs`: variables that a caller sets for the model's chat template, such as ``enable_thinking``."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from models.wire.json_reader import JsonReader

MAX_VARIABLES = 32
MAX_BYTES = 16 * 1024

RESERVED = frozenset({
    *("messages", "tools", "add_generation_prompt", "continue_final_message", "bos_token", "eos_token"),
    *("raise_exception", "strftime_now", "range", "dict", "cycler", "joiner", "namespace", "lipsum"),
    *("self", "super", "loop", "caller", "varargs", "kwargs"),
})  # fmt: skip
"""Names that a template has already: the conversation, and Jinja's own."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def read_template_variables(variables: JsonReader) -> Mapping[str, Any]:
    """The variables, as JSON values; empty if there are none.

    Raises
    ------
    RequestError
        If a name is no identifier or is taken, or if they are too many or too large.
    """
    if not variables.given:
        return {}
    values = variables.value
    if not isinstance(values, dict) or len(values) > MAX_VARIABLES:
        raise variables.must_be(f"an object of up to {MAX_VARIABLES} variables for the chat template")
    for name in values:
        if not _NAME.fullmatch(name):
            raise variables.must_be("an object whose names are letters, digits and underscores", "invalid_value")
        if name in RESERVED:
            raise variables[name].must_be("left out: the template gets this from the request itself", "invalid_value")
    if len(orjson.dumps(values)) > MAX_BYTES:
        raise variables.must_be(f"at most {MAX_BYTES} bytes of JSON", "invalid_value")
    return values
