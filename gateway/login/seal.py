"""Seals bytes for cookies and URLs, so that what somebody made up costs no work in the database."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass

PAYLOAD_BYTES = 32
MARK_BYTES = 16

_SEALED = re.compile(r"[A-Za-z0-9_-]{64}")  # 48 bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What was sealed, and the key that sealed it, which stays the same after another came into use."""

    payload: bytes
    key: bytes

    def derive(self, purpose: str) -> str:
        """64 hexadecimal digits for one `purpose`, at most 16 characters; they do not tell the payload."""
        return hashlib.blake2b(self.payload, key=self.key, digest_size=32, person=purpose.encode("ascii")).hexdigest()


class Seal:
    """Seals payloads of 32 bytes.

    Parameters
    ----------
    keys : tuple of bytes
        The one in use first; what older ones have sealed can still be opened.
    purpose : str
        At most 16 characters. What was sealed for one cannot be opened for another.
    """

    def __init__(self, keys: tuple[bytes, ...], purpose: str) -> None:
        self._keys = keys
        self._person = purpose.encode("ascii")

    def make(self, payload: bytes) -> str:
        """`payload` and our mark, as 64 characters that a cookie or a URL can hold."""
        return base64.urlsafe_b64encode(payload + self._mark(payload, self._keys[0])).decode("ascii")

    def open(self, sealed: str) -> Opened | None:
        """What `sealed` holds; None where we did not make it."""
        if not _SEALED.fullmatch(sealed):
            return None
        whole = base64.urlsafe_b64decode(sealed)
        payload, mark = whole[:PAYLOAD_BYTES], whole[PAYLOAD_BYTES:]
        fitting = [key for key in self._keys if secrets.compare_digest(mark, self._mark(payload, key))]
        return Opened(payload, fitting[0]) if fitting else None

    def _mark(self, payload: bytes, key: bytes) -> bytes:
        return hashlib.blake2b(payload, key=key, digest_size=MARK_BYTES, person=self._person).digest()
