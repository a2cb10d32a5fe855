"""The worker as a process: it sends what the bell rings for, and outlives Redis."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from doctapp import clock
from doctapp.notifications import jobs
from doctapp.work import bell, worker
from doctapp.work.timetable import QUEUES
from tests.notifications.letters import ADDRESS, PHONE, read, tales, use, write, write_code  # noqa: F401
from tests.patience import PATIENCE
from tests.servers.redis import RedisServer
from tests.servers.sms import SmsServer
from tests.servers.smtp import MailServer
from tests.work import programs

pytestmark = pytest.mark.usefixtures("tales")


@pytest.fixture
def from_now() -> None:
    """The processes here have the clock of the machine, so the test has it too."""


@pytest.fixture(scope="module")
def valkey() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def redis(app: Flask, valkey: RedisServer, monkeypatch: pytest.MonkeyPatch) -> RedisServer:
    """The Redis of the settings, running and empty."""
    use(app, monkeypatch, redis_url=valkey.url)
    monkeypatch.setattr(bell, "_silent_until", 0.0)
    valkey.start()
    valkey.flush()
    return valkey


@pytest.fixture
def mails(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with MailServer() as server:
        use(app, monkeypatch, mail_server=server.host, mail_port=server.port)
        yield server


@pytest.fixture
def texts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmsServer]:
    with SmsServer() as server:
        use(app, monkeypatch, sms_url=f"{server.url}?to={{to}}&text={{text}}")
        yield server


def until(found: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Wait until this is so."""
    end = time.monotonic() + timeout
    while not found():
        assert time.monotonic() < end, "It did not come to that in time."
        time.sleep(0.02)


def test_every_queue_has_a_worker(app: Flask, redis: RedisServer) -> None:
    assert worker.build(app.config["SETTINGS"]).queue_names() == list(QUEUES)


def test_a_worker_sends_a_mail(app: Flask, redis: RedisServer, mails: MailServer) -> None:
    with programs.worker(app) as process:
        process.wait_for("listens on")
        letter = write("mail")
        arrived = mails.wait_for(ADDRESS)
        until(lambda: read(letter).state == "sent")

    assert arrived.text.startswith("Hello")


def test_a_worker_sends_what_was_rung_for_before_it_came(app: Flask, redis: RedisServer, texts: SmsServer) -> None:
    write_code(now=clock.now())
    with programs.worker(app):
        assert texts.code_for(PHONE) == "12345"


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_when_it_is_asked(app: Flask, redis: RedisServer, wanted: signal.Signals) -> None:
    with programs.worker(app) as process:
        process.wait_for("listens on")
        time.sleep(0.5)
        os.kill(process.pid, wanted)
        assert process.wait(5) == 0
        assert "Traceback" not in process.tail(400)


def test_a_worker_waits_for_a_redis_that_is_away(app: Flask, redis: RedisServer, mails: MailServer) -> None:
    redis.stop()
    with programs.worker(app) as process:
        process.wait_for("Redis is away")
        redis.start()
        process.wait_for("listens on")
        write("mail")
        mails.wait_for(ADDRESS)
        assert "Traceback" not in process.tail(400)


def test_a_worker_ends_while_redis_is_away(app: Flask, redis: RedisServer) -> None:
    redis.stop()
    with programs.worker(app) as process:
        process.wait_for("Redis is away")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(5) == 0
        assert "Traceback" not in process.tail(400)


def test_a_worker_outlives_its_redis(
    app: Flask, redis: RedisServer, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with programs.worker(app) as process:
        process.wait_for("listens on")
        write("mail", cause="event:1")
        mails.wait_for(ADDRESS)
        redis.stop()
        time.sleep(1)
        redis.start()
        mails.clear()
        monkeypatch.setattr(bell, "_silent_until", 0.0)
        write("mail", cause="event:2")
        mails.wait_for(ADDRESS)
        assert "Traceback" not in process.tail(400)


def test_a_worker_goes_on_after_redis_forgot_everything(app: Flask, redis: RedisServer, mails: MailServer) -> None:
    with programs.worker(app) as process:
        process.wait_for("listens on")
        time.sleep(0.5)
        redis.flush()
        write("mail")
        mails.wait_for(ADDRESS)
        assert "Traceback" not in process.tail(400)


def test_a_worker_that_is_killed_while_it_sends_loses_nothing(app: Flask, redis: RedisServer, texts: SmsServer) -> None:
    texts.hang()
    with programs.worker(app) as process:
        process.wait_for("listens on")
        letter = write("sms")
        until(lambda: texts.requests == 1)
        process.kill()
    assert read(letter).state == "sending"

    texts.normal()
    lease_until = read(letter).lease_until
    assert lease_until is not None
    jobs.send_due(lease_until)
    assert texts.texts_to(PHONE) == ["12 Hello"]
    assert read(letter).state == "sent"


def test_the_sweep_sends_a_code_where_redis_and_the_worker_are_gone(
    app: Flask, redis: RedisServer, texts: SmsServer
) -> None:
    redis.stop()
    write_code(now=clock.now() - jobs.BELL_HAS_FOR_CODES)
    with programs.sweeper(app) as process:
        assert texts.code_for(PHONE) == "12345"
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait() == 0
        assert "Traceback" not in process.tail(400)


def test_a_worker_ends_while_redis_hangs(app: Flask, redis: RedisServer) -> None:
    with programs.worker(app) as process:
        process.wait_for("listens on")
        time.sleep(0.5)
        redis.hang()
        try:
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(9) == 0
        finally:
            redis.wake()
        assert "Traceback" not in process.tail(400)


def test_a_worker_that_is_asked_to_end_finishes_its_letter(app: Flask, redis: RedisServer, texts: SmsServer) -> None:
    texts.slow(1)
    with programs.worker(app) as process:
        process.wait_for("listens on")
        letter = write("sms")
        until(lambda: texts.requests == 1)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(8) == 0
        assert "Traceback" not in process.tail(400)
    assert read(letter).state == "sent"
