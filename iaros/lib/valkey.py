"""The way to Valkey, which holds nothing that cannot be made again: expect it empty or away."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings

WENT_WRONG = redis.RedisError


@cache
def client() -> redis.Redis:
    """One a process; an answer that takes longer than a fifth of a second is none."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2)
