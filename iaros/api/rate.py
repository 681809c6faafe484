"""How many requests a caller may send in a minute: one counter in Valkey for each caller and minute.

Without Valkey nobody is refused: the budget protects the platform from a partner's loop, it guards no secret.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse

WINDOW_SECONDS = 60
EXPIRES_AGAIN = 1_000  # should the first have been lost
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Budget:
    name: str
    quota: int
    spent: int
    seconds_left: int

    @property
    def exceeded(self) -> bool:
        return self.spent > self.quota

    def write_on(self, response: HttpResponse) -> None:
        """The headers of the IETF draft: the policy, and what is left of it."""
        left = max(self.quota - self.spent, 0)
        response["RateLimit-Policy"] = f'"{self.name}";q={self.quota};w={WINDOW_SECONDS}'
        response["RateLimit"] = f'"{self.name}";r={left};t={self.seconds_left}'
        if self.exceeded:
            response["Retry-After"] = str(self.seconds_left)


@cache
def _valkey() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2)


def spend(name: str, who: str, quota: int) -> Budget | None:
    """Count one request against the caller's minute; None when the counters cannot be reached."""
    now = int(time.time())
    window, passed = divmod(now, WINDOW_SECONDS)
    key = f"iaros:rate:{name}:{who}:{window}"
    try:
        spent = int(_valkey().incr(key))  # type: ignore[arg-type]
        if spent == 1 or not spent % EXPIRES_AGAIN:
            _valkey().expire(key, 2 * WINDOW_SECONDS)
    except redis.RedisError as error:
        log.warning("rate counters cannot be reached: %s", error)
        return None
    return Budget(name, quota, spent, WINDOW_SECONDS - passed)


def address_of(request: HttpRequest) -> str:
    """Where the request comes from; behind proxies, the last address that is not one of ours."""
    hops = settings.TRUSTED_PROXY_COUNT
    forwarded = [a.strip() for a in request.headers.get("X-Forwarded-For", "").split(",") if a.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return str(request.META.get("REMOTE_ADDR", ""))
