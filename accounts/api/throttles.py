"""How often somebody may call; a cache that is down must not close the API."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rest_framework import throttling

if TYPE_CHECKING:  # rest_framework.views imports this module by the settings
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class _OpenWithoutCache(throttling.SimpleRateThrottle):
    """Counts in the cache, and lets everybody pass while it cannot be asked."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this call is within the rate."""
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError):
            logger.warning("The cache does not answer: calls are not counted.")
            return True


class AddressThrottle(_OpenWithoutCache, throttling.AnonRateThrottle):
    """Calls of nobody, by their address."""


class PersonThrottle(_OpenWithoutCache, throttling.UserRateThrottle):
    """Calls of a person."""
