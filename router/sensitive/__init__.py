"""What a text should not give away: addresses, account and identity numbers, keys."""

from router.sensitive.detector import Detector, Sensitive
from router.sensitive.plain import OVERLAP_CHARS, WINDOW_CHARS, windows

__all__ = ["OVERLAP_CHARS", "WINDOW_CHARS", "Detector", "Sensitive", "windows"]
