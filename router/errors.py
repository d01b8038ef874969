"""The router's errors. `gateway.http.errors` gives them an HTTP status.

::

    Exception
    ├── CannotServe       no allowed route can serve the request
    │   ├── BudgetSpent       only the cloud could, and its budget is spent
    │   └── MustStayLocal     the request may not leave this machine, and the local model cannot serve it
    ├── ArtifactError     a fitted classifier that cannot be used
    └── DatasetError      labels that cannot be used
"""

from router.decision import Reason


class CannotServe(Exception):
    """No allowed route can serve the request; the message says what is missing and what would help.

    Parameters
    ----------
    reason : Reason
        The rule that found no route, such as `Reason.CONTEXT`.
    param : str, optional
        The request field at fault, in OpenAI's notation.
    """

    def __init__(self, message: str, reason: Reason, param: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.param = param


class MustStayLocal(CannotServe):
    """The request may not leave this machine, and only the cloud could serve it."""

    def __init__(self, why: str, obstacle: str) -> None:
        super().__init__(f"This request may not leave this machine: {why}. {obstacle}", Reason.PRIVACY)


class BudgetSpent(CannotServe):
    """Only the cloud could serve the request, and no more may be spent there for now."""

    def __init__(self, spent: str, obstacle: str) -> None:
        super().__init__(f"The cloud may not be asked: {spent}. {obstacle}", Reason.BUDGET)


class ArtifactError(Exception):
    """A fitted classifier is missing, damaged or of another version; the message says which, and how to fix it."""


class DatasetError(Exception):
    """Labels cannot be used; the message names the file, the column or the line."""
