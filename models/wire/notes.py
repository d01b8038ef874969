"""What is to be told with an answer beside its body: headers of the server, and what was left out of the request."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MOST_HEADERS = 20

REPLICA_HEADER = "x-slimgate-replica"

_REPLICA = re.compile(r"[!-~]{1,100}")
_PASSED_ON = re.compile(r"openai-processing-ms|x-ratelimit-[a-z-]{1,50}")
_VALUE = re.compile(r"[!-~](?:[ -~]{0,98}[!-~])?")


@dataclass(frozen=True, slots=True)
class Notes:
    """What is told with one answer.

    Attributes
    ----------
    headers : mapping of str to str
        The server's limits and times, for the caller.
    left_out : tuple of str
        Fields of the request that the model does not take.
    replica : str
        Which of several engines behind one address answered; empty where that is not told.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    replica: str = ""


NO_NOTES = Notes()


def passed_on(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those of a server's headers that callers want to see: how long it took, and what they may still ask.

    >>> passed_on([("X-RateLimit-Remaining-Tokens", "149984"), ("set-cookie", "a=b"), ("x-ratelimit-x", "")])
    {'x-ratelimit-remaining-tokens': '149984'}
    """
    lowered = ((name.lower(), value.strip()) for name, value in headers)
    kept = [(name, value) for name, value in lowered if _PASSED_ON.fullmatch(name) and _VALUE.fullmatch(value)]
    return dict(kept[:MOST_HEADERS])


def replica_in(headers: Mapping[str, str]) -> str:
    """The replica that the headers name; empty where they name none."""
    named = headers.get(REPLICA_HEADER, "")
    return named if _REPLICA.fullmatch(named) else ""
