"""One call that left this machine, as ledger and audit chain keep it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EgressCall:
    """What left, and where it went.

    Attributes
    ----------
    at_ms : int
        When the first byte was about to leave.
    host : str
        The server's host, with its port unless that is the usual one.
    model : str
        The model that it was meant for.
    call : str
        Method and path.
    bytes, sha256
        Size and SHA-256 of the body, of exactly the bytes that were sent.
    via_proxy : bool
        Whether a proxy passed it on.
    rule : str
        The reason of the decision that allowed it.
    """

    at_ms: int
    host: str
    model: str
    call: str
    bytes: int
    sha256: str
    via_proxy: bool
    rule: str
