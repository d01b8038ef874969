"""Caps of a key on single requests: how many answers one may ask for, and how long each may be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.keys.terms import KeyTerms
from models.wire.chat import ChatRequest
from models.wire.errors import RequestError
from models.wire.responses import PATH as RESPONSES

CODE = "over_key_limit"

_LIMITS = ("max_output_tokens", "max_completion_tokens", "max_tokens")
"""What the limit on an answer is called, in any API shape."""


def within_caps(terms: KeyTerms, request: ChatRequest) -> ChatRequest:
    """`request`, limited to `max_tokens` where it has no limit of its own.

    Raises
    ------
    RequestError
        Naming the field that asks for more than the key may, and the cap.
    """
    if terms.max_n is not None:
        _check_n(terms.max_n, request.original)
    most = terms.max_tokens
    if most is None or (request.max_tokens is not None and request.max_tokens <= most):
        return request
    name = next((name for name in _LIMITS if request.original.get(name) is not None), None)
    if name is None:
        return with_answer_limit(request, most)
    raise RequestError(
        f"'{name}' is {request.max_tokens}, and this key may ask for {most} tokens at most (max_tokens).",
        param=name,
        code=CODE,
    )


def check_inputs(terms: KeyTerms, inputs: Any) -> None:
    """Check how many inputs an embeddings request has.

    Raises
    ------
    RequestError
    """
    if terms.max_n is not None and n_texts(inputs) > terms.max_n:
        raise _too_many("input", n_texts(inputs), "inputs", terms.max_n)


def n_texts(value: Any) -> int:
    """How many texts are in a field that takes one or several, each as a string or as token numbers.

    >>> n_texts("a"), n_texts(["a", "b"]), n_texts([1, 2, 3]), n_texts([[1], [2, 3]])
    (1, 2, 1, 2)
    """
    is_list = isinstance(value, list) and not all(isinstance(part, int) for part in value)
    return len(value) if is_list else 1


def n_answers(original: Mapping[str, Any]) -> int:
    """How many answers the body of a request asks for."""
    return n_texts(original.get("prompt")) * _n(original)


def _n(original: Mapping[str, Any]) -> int:
    """How many answers to each prompt. What is no number is refused elsewhere."""
    asked = [original.get(name) for name in ("n", "best_of")]
    return max([1, *(value for value in asked if isinstance(value, int))])


def _check_n(most: int, original: Mapping[str, Any]) -> None:
    if n_answers(original) <= most:
        return
    n = _n(original)
    if n > most:
        name = "best_of" if original.get("best_of") == n else "n"
        raise _too_many(name, n, "answers", most)
    raise _too_many("prompt", n_answers(original), "answers", most)


def _too_many(field: str, n: int, what: str, most: int) -> RequestError:
    return RequestError(
        f"'{field}' asks for {n} {what}, and this key may ask for {most} at most (max_n).", param=field, code=CODE
    )


def with_answer_limit(request: ChatRequest, most: int) -> ChatRequest:
    """`request` with a limit on its answer, in every shape in which it may be sent."""
    native = request.native
    if native is not None:
        name = "max_output_tokens" if native.path == RESPONSES else "max_tokens"
        native = replace(native, body={**native.body, name: most})
    return replace(
        request,
        body={**request.body, "max_completion_tokens": most},
        max_tokens=most,
        native=native,
        sub_requests=tuple(with_answer_limit(one, most) for one in request.sub_requests),
    )
