"""Tool calls as servers send them: the arguments are a string of JSON, whatever came in its place."""

from collections.abc import Iterable
from typing import Any

import orjson


def mend_calls(calls: Iterable[Any], *, whole: bool) -> bool:
    """Make the arguments of each call a string of JSON, where they are not one; whether any was changed.

    In a piece of a stream (not `whole`), null is no mistake: further pieces follow.

    Raises
    ------
    TypeError, AttributeError
        If what should be calls are none.

    >>> call = {"function": {"name": "weather", "arguments": {"city": "Lund"}}}
    >>> mend_calls([call], whole=False), call["function"]["arguments"]
    (True, '{"city":"Lund"}')
    """
    called = [(call.get("function"), call.get("custom")) for call in calls]
    if not all(isinstance(inner, dict | None) for pair in called for inner in pair):
        raise TypeError("a call is no object")
    functions = [function for function, _ in called if function]
    wrong = [function for function in functions if _is_wrong(function.get("arguments"), whole=whole)]
    for function in wrong:
        arguments = function.get("arguments")
        function["arguments"] = "{}" if arguments is None else orjson.dumps(arguments).decode()
    return bool(wrong)


def _is_wrong(arguments: Any, *, whole: bool) -> bool:
    return whole if arguments is None else not isinstance(arguments, str)
