"""Failed logins, counted by address, so that nobody tries keys one after the other."""

import ipaddress
import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from gateway.login.errors import LoginThrottled

LIMITS = "5/minute;30/hour"
"""Failures from one address that are looked at."""

RECORDED = "60/hour"
"""Failures of all addresses together that become entries of the audit chain; others are only counted."""

IPV6_NETWORK_BITS = 64
"""One household or one server has so much: its addresses count as one."""


class LoginThrottle:
    """Counts failures. In memory: each worker counts for itself."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._limits = parse_many(LIMITS)
        (self._recorded,) = parse_many(RECORDED)
        self._unrecorded = 0

    def check(self, address: str) -> None:
        """Return if an attempt from `address` may be looked at.

        Raises
        ------
        LoginThrottled
            If too many failed before.
        """
        source = source_of(address)
        full = [limit for limit in self._limits if not self._limiter.test(limit, source)]
        if full:
            raise LoginThrottled(max(self._opens_in_s(limit, source) for limit in full))

    def failed(self, address: str) -> int | None:
        """Count a failure. How many went unrecorded before it if it is to be recorded; otherwise None."""
        source = source_of(address)
        for limit in self._limits:
            self._limiter.hit(limit, source)
        if not self._limiter.hit(self._recorded):
            self._unrecorded += 1
            return None
        unrecorded, self._unrecorded = self._unrecorded, 0
        return unrecorded

    def _opens_in_s(self, limit: RateLimitItem, source: str) -> float:
        return max(1.0, math.ceil(self._limiter.get_window_stats(limit, source).reset_time - time.time()))


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or an IPv6 network.

    >>> source_of("203.0.113.9"), source_of("2001:db8:1:2:3:4:5:6"), source_of("::ffff:203.0.113.9"), source_of("")
    ('203.0.113.9', '2001:db8:1:2::/64', '203.0.113.9', '')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if mapped := parsed.ipv4_mapped:
        return str(mapped)
    return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
