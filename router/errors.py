"""What the router can refuse. Which HTTP status it becomes is decided at the HTTP face, not here.

::

    Exception
    ├── CannotServe       no allowed route can serve the request
    │   ├── BudgetSpent       nobody but the cloud could, and its budget is spent
    │   └── MustStayLocal     it may not leave, and nobody here is there for it
    ├── ArtifactError     a fitted classifier that cannot be used
    └── DatasetError      labels that cannot be used
"""

from router.decision import Reason


class CannotServe(Exception):
    """No route that is allowed can serve the request; the message says what is missing and what would help.

    Parameters
    ----------
    reason : Reason
        The rule that found no way, `Reason.CONTEXT` say.
    param : str, optional
        The request field at fault, in OpenAI's notation.
    """

    def __init__(self, message: str, reason: Reason, param: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.param = param


class MustStayLocal(CannotServe):
    """The request may not leave this machine, and where it would have to go is the cloud."""

    def __init__(self, why: str, obstacle: str) -> None:
        super().__init__(f"This request may not leave this machine: {why}. {obstacle}", Reason.PRIVACY)


class BudgetSpent(CannotServe):
    """Only the cloud could serve the request, and no more may be spent there for now."""

    def __init__(self, spent: str, obstacle: str) -> None:
        super().__init__(f"The cloud may not be asked: {spent}. {obstacle}", Reason.BUDGET)


class ArtifactError(Exception):
    """A fitted classifier cannot be used: missing, damaged, of another version; the message says which, and a cure."""


class DatasetError(Exception):
    """Labels cannot be used; the message names the file, the column or the line."""
