"""What a caller is told who is over a limit."""


class LimitReached(Exception):
    """A limit of the caller's key is reached.

    Parameters
    ----------
    retry_after_s : float or None
        When the same request fits; None if it never will.
    """

    def __init__(self, message: str, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
