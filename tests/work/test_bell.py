"""The bell is only speed: whatever Redis does, ringing never fails and never keeps anybody long."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from rq import Queue

from doctapp.work import bell
from doctapp.work.timetable import QUEUES
from tests.servers.redis import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def redis(app: Flask, server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> RedisServer:
    """The Redis of the settings, running and empty, and a bell that has heard of no trouble."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], redis_url=server.url))
    monkeypatch.setattr(bell, "_silent_until", 0.0)
    monkeypatch.setattr(bell, "misses", 0)
    bell._redis.cache_clear()
    server.start()
    server.flush()
    return server


def rung(redis: RedisServer) -> int:
    return len(Queue("letters", connection=redis.client(), serializer="json"))


def test_a_ring_is_a_job_of_ids_in_json(redis: RedisServer) -> None:
    bell.ring("notifications.send", 12)
    job = Queue("letters", connection=redis.client(), serializer="json").jobs[0]

    assert (job.func_name, list(job.args)) == ("doctapp.work.runner.run", ["notifications.send", 12])
    assert json.loads(job.serializer.dumps(job.args)) == ["notifications.send", 12]


def test_nobody_rings_where_no_worker_listens(redis: RedisServer) -> None:
    with pytest.raises(ValueError, match="no worker"):
        bell.ring("notifications.send", 12, queue="nowhere")


def test_every_queue_can_be_rung(redis: RedisServer) -> None:
    for queue in QUEUES:
        bell.ring("notifications.send", 12, queue=queue)

    assert bell.misses == 0


def test_a_bell_without_redis_is_counted(redis: RedisServer) -> None:
    redis.stop()
    bell.ring("notifications.send", 12)

    assert bell.misses == 1


def test_a_hung_redis_costs_one_wait_and_then_none(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    bell.ring("notifications.send", 1)
    redis.hang()
    try:
        began = time.monotonic()
        bell.ring("notifications.send", 2)
        record_property("seconds of the first ring", round(time.monotonic() - began, 3))
        monkeypatch.setattr(bell, "Queue", None)  # whoever goes to Redis now fails
        bell.ring("notifications.send", 3)
    finally:
        redis.wake()

    assert bell.misses == 2


def test_after_a_while_the_bell_is_tried_again(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    redis.stop()
    bell.ring("notifications.send", 1)
    redis.start()
    bell.ring("notifications.send", 2)
    assert rung(redis) == 0

    monkeypatch.setattr(bell, "_silent_until", time.monotonic())
    bell.ring("notifications.send", 3)
    assert rung(redis) == 1


def test_a_flushed_redis_is_rung_as_before(redis: RedisServer) -> None:
    bell.ring("notifications.send", 1)
    redis.flush()
    bell.ring("notifications.send", 2)

    assert (rung(redis), bell.misses) == (1, 0)


def test_a_restarted_redis_costs_at_most_one_ring(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    bell.ring("notifications.send", 1)
    redis.stop()
    redis.start()
    bell.ring("notifications.send", 2)
    monkeypatch.setattr(bell, "_silent_until", 0.0)
    bell.ring("notifications.send", 3)

    assert rung(redis) >= 1
    assert bell.misses <= 1


def test_a_forked_process_rings_on_a_connection_of_its_own(redis: RedisServer) -> None:
    bell.ring("notifications.send", 1)
    child = os.fork()
    if child == 0:
        try:
            bell.ring("notifications.send", 2)
        finally:
            os._exit(bell.misses)
    bell.ring("notifications.send", 3)

    assert os.waitpid(child, 0)[1] == 0
    assert rung(redis) == 3
