"""How much processor time one answer may take beside the model's own steps, which all answers wait for."""

from time import thread_time
from types import TracebackType

from models.wire.errors import RequestError

FIXED_S = 5.0
PER_TOKEN_S = 0.1
"""A grammar that looks at a whole vocabulary takes 0.05 s; most tokens take a hundredth of that."""


class SelectionAllowance:
    """Counts the processor time in which the tokens of one answer are chosen and read. It belongs to one thread.

    Examples
    --------
    >>> allowance = SelectionAllowance()
    >>> with allowance:
    ...     token = max(range(1000))
    >>> allowance.used_s < 1
    True
    """

    def __init__(self) -> None:
        self.used_s = 0.0
        self._n_tokens = 0
        self._began_s = 0.0

    def __enter__(self) -> None:
        self._began_s = thread_time()

    def __exit__(self, kind: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None) -> None:
        self._n_tokens += 1
        self.used_s += thread_time() - self._began_s
        if kind is None and self.used_s > FIXED_S + PER_TOKEN_S * self._n_tokens:
            raise RequestError(
                f"The rules for this answer took {self.used_s:.1f} s to apply to {self._n_tokens} tokens, while all "
                "others waited. Simplify the schema, the tools or the stop strings.",
                code="unsupported_value",
            )
