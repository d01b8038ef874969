"""The arithmetic of a sliding minute, from the counts of two fixed ones.

What was used in the minute before counts in proportion to the part of it that still lies within the last 60 seconds
("sliding window counter"): two numbers a limit, whatever is used, and never twice the limit at a border of minutes.
"""

import math
from dataclasses import dataclass

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Window:
    """What was used.

    Attributes
    ----------
    before, now : int
        In the window before this one, and in this one.
    left_s : float
        Until this window ends, and the next begins.
    """

    before: int
    now: int
    left_s: float

    @property
    def used(self) -> int:
        """What counts at this moment."""
        return max(0, math.floor(self.before * self.left_s / WINDOW_S) + self.now)

    def remaining(self, limit: int) -> int:
        """How much may be used at this moment."""
        return max(0, limit - self.used)

    def free_in_s(self, limit: int, n: int) -> float:
        """In how many seconds `n` may be used, if nothing else is meanwhile; infinite if they never may.

        >>> Window(0, 10, 30.0).free_in_s(10, 5)
        54.0
        >>> Window(10, 3, 30.0).free_in_s(10, 5), Window(0, 3, 30.0).free_in_s(10, 5), Window(0, 3, 9.0).free_in_s(3, 4)
        (12.0, 0.0, inf)
        """
        if n > limit:
            return math.inf
        if self.used + n <= limit:
            return 0.0
        room = limit - n + 1  # what counts must be less than this
        if self.now < room:
            return self.left_s - WINDOW_S * (room - self.now) / self.before
        return self.left_s + WINDOW_S * (1 - room / self.now)

    def full_in_s(self, limit: int) -> float:
        """In how many seconds nothing of `limit` is used any more."""
        return self.free_in_s(limit, limit)
