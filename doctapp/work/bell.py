"""The bell: it tells a worker at once that there is a row to see to.

The row is the work, the bell only its speed: whatever keeps Redis from answering is swallowed and counted, and the
sweep finds the row. After an error the bell is silent for five seconds, so that a hung Redis costs a request 200 ms.
"""

from __future__ import annotations

import logging
import os
import time
from functools import lru_cache
from typing import Any

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as RedisRetry
from rq import Queue, Retry

from doctapp.config import Settings
from doctapp.work.timetable import QUEUES

SECONDS_TO_ANSWER = 0.2
SECONDS_OF_SILENCE = 5.0
JOB: dict[str, Any] = {"timeout": 90, "result_ttl": 0, "failure_ttl": 3600, "retry": Retry(max=2)}

log = logging.getLogger(__name__)
misses = 0
_silent_until = 0.0


def ring(job: str, row_id: int, queue: str = "letters") -> None:
    """Ask a worker to run a job on a row; never fails, and never keeps its caller long."""
    global _silent_until
    if queue not in QUEUES:
        raise ValueError(f"no worker listens on {queue!r}")
    if time.monotonic() < _silent_until:
        _miss()
        return
    try:
        rings = Queue(queue, connection=_redis(_url(), os.getpid()), serializer="json")
        rings.enqueue_call("doctapp.work.runner.run", args=(job, row_id), **JOB)
    except (RedisError, OSError) as error:
        _silent_until = time.monotonic() + SECONDS_OF_SILENCE
        _miss()
        log.warning("the bell is silent for a while: %s; the sweep will find what it was for", type(error).__name__)


def answers() -> bool:
    """Whether Redis is there now."""
    try:
        return bool(_redis(_url(), os.getpid()).ping())
    except (RedisError, OSError):
        return False


def _miss() -> None:
    global misses
    misses += 1


def _url() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.redis_url


@lru_cache(maxsize=4)
def _redis(url: str, process: int) -> Redis:
    """One client a process, made on first use: a connection is never shared over a fork."""
    return Redis.from_url(
        url,
        socket_timeout=SECONDS_TO_ANSWER,
        socket_connect_timeout=SECONDS_TO_ANSWER,
        retry=RedisRetry(NoBackoff(), 0),
    )
