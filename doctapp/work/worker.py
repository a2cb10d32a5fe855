"""The worker program, `python -m doctapp.work.worker`: it runs the jobs the bell rings for, each in a child of its own.

RQ's worker ends when Redis does. Ours waits and comes back, because rows are the work and Redis only a bell; and it
holds no connection to the database, so that every child makes its own.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from types import FrameType

import rq
from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from doctapp.config import Settings
from doctapp.work import runner
from doctapp.work.timetable import QUEUES, STEPS, find

SECONDS_TO_LIVE = 30  # RQ asks for work again every half of it
SECONDS_BETWEEN_CARE = 5
PAUSE = 2.0

log = logging.getLogger(__name__)


class Worker(rq.Worker):
    """RQ's worker for our queues, which remembers that it was asked to stop and leaves quietly."""

    max_connection_wait_time = 5.0
    asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the job in hand."""
        self.asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def subscribe(self) -> None:
        """Listen to no commands: nobody sends any, and a thread would be forked with every job."""

    def teardown(self) -> None:
        """Say good-bye to Redis if it is there to hear it."""
        pool = self.connection.connection_pool
        pool.connection_kwargs |= {"socket_timeout": 1.0, "retry": Retry(NoBackoff(), 0)}
        pool.disconnect()
        pool.reset()
        try:
            super().teardown()  # type: ignore[no-untyped-call]
        except RedisError:
            log.debug("Redis was not there for a good-bye")


class WithoutTraces(logging.Filter):
    """Lets RQ say that Redis is away without pages of stack."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the trace of a connection's end off the record."""
        if record.exc_info and isinstance(record.exc_info[1], RedisError | OSError):
            record.exc_info = None
        return True


def build(settings: Settings) -> Worker:
    """A worker for every queue there is; raises RedisError where Redis is away."""
    connection = Redis.from_url(settings.redis_url, socket_connect_timeout=3)
    return Worker(
        QUEUES,
        connection=connection,
        serializer="json",
        worker_ttl=SECONDS_TO_LIVE,
        maintenance_interval=SECONDS_BETWEEN_CARE,
        log_job_description=False,
    )


def work_for_ever(app: Flask) -> None:
    """Work until SIGTERM or SIGINT; whenever Redis goes away, wait for it."""
    settings: Settings = app.config["SETTINGS"]
    while True:
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, _leave)
        try:
            worker = build(settings)
            log.info("the worker listens on %s", ", ".join(QUEUES))
            worker.work(logging_level="WARNING")
            if worker.asked_to_stop:
                return
        except (RedisError, OSError) as error:
            log.warning("Redis is away (%s); the sweep does the work meanwhile", type(error).__name__)
        time.sleep(PAUSE)


def _leave(*_: object) -> None:
    """Nothing is in hand while we wait for Redis."""
    sys.exit(0)


def main() -> None:
    """Make the application ready once, so that no child has to, and work."""
    from doctapp import create_app  # the root imports this floor

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("rq.worker", "rq.job"):
        logging.getLogger(name).addFilter(WithoutTraces())
    app = create_app()
    runner.preload(app)
    for step in STEPS:
        find(step)
    work_for_ever(app)


if __name__ == "__main__":
    main()
