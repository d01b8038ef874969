"""Where limits are counted: in Redis for all processes together, or in each by itself."""

import logging

from gateway.limits.counts import MemoryCounts
from gateway.limits.key_limits import KeyLimits
from gateway.limits.places import MemoryPlaces
from gateway.limits.redis import RedisCounts, RedisLink, RedisPlaces

logger = logging.getLogger(__name__)


def make_limits(redis_url: str | None, workers: int) -> tuple[KeyLimits, RedisPlaces | None]:
    """The limits of one of `workers` processes; and the places in Redis, where it is used, which have to be renewed.

    Raises
    ------
    ExtraMissingError
        If there is a URL and the package is not installed.
    """
    if redis_url is not None:
        link = RedisLink(redis_url)
        places = RedisPlaces(link, workers)
        return KeyLimits(RedisCounts(link, workers), places), places
    if workers > 1:
        logger.info("limits of keys: each of %d workers gives out its even part; limits.redis_url joins them", workers)
    return KeyLimits(MemoryCounts(), MemoryPlaces(), share=workers), None
