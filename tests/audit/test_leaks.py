"""One whole booking, with everything listening: nothing of a patient, no code and no token stands where others read."""

import logging
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from doctapp import clock
from doctapp.accounts.models import Person
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.work import bell, sweep
from tests import make
from tests.appointments.steps import MOMENA, PHONE, answer, code_sent, look, send, take
from tests.audit.rows import entries
from tests.see import see
from tests.servers.redis import RedisServer

REASON = "Blood in the cough"
WRONG, PASSWORD = "99999", "demo-demo-demo"


@pytest.fixture
def redis(app, monkeypatch):
    """A Redis that is rung, and empty."""
    with RedisServer() as server:
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], redis_url=server.url))
        monkeypatch.setattr(bell, "_silent_until", 0.0)
        bell._redis.cache_clear()
        yield server
        bell._redis.cache_clear()


@pytest.fixture
def addresses(client, other, monkeypatch):
    """Every address that the two browsers ask for or are led to."""
    seen = []
    for browser in (client, other):
        monkeypatch.setattr(browser, "open", listening(browser.open, seen))
    return seen


def listening(opening, seen):
    def open_and_note(*args, **kwargs):
        response = opening(*args, **kwargs)
        seen.extend(
            [response.request.url, *(past.headers.get("Location", "") for past in (*response.history, response))]
        )
        return response

    return open_and_note


def walked(client, other, evening, caplog):
    """What was typed and handed out while Momena was booked, accepted, told and cancelled by herself."""
    caplog.set_level("DEBUG")
    caplog.set_level("INFO", "sqlalchemy")  # rows are logged at DEBUG, which no setting of ours turns on
    row = take(client, evening.sitting)
    page = answer(client, row, reason=REASON)
    code = code_sent()
    see(send(client, page, "code", code=WRONG))
    check = see(send(client, look(client, row, "code"), "code", code=code))
    send(client, check, "payment", method="chamber")
    make.sign_in(other, db.session.get(Person, evening.doctor.person_id))
    inbox = see(other.get("/doctor/requests"))
    assert MOMENA["name"] in inbox and REASON in inbox
    send(other, inbox, f"acceptance-{row.ref}")
    other.get(f"/appointments/{row.ref}")
    send(client, look(client, row, "cancellation"), "cancellation")
    sweep.sweep_once(clock.now())
    digits = re.sub(r"\D", "", PHONE)
    tokens = [
        cookie.value for browser in (client, other) for cookie in browser._cookies.values() if len(cookie.value) > 20
    ]
    assert tokens
    return [MOMENA["name"], "Momena", digits, digits[1:], PHONE, REASON, code, WRONG, *tokens]


def test_no_log_no_address_no_job_and_no_subject_tells_what_is_private(
    client, other, evening, redis, addresses, caplog
):
    secrets = walked(client, other, evening, caplog)
    places = {
        "log": "\n".join(logged(record) for record in caplog.records),
        "address": "\n".join(addresses),
        "Redis": kept_in(redis),
        "subject": "\n".join(subject for subject in db.session.scalars(select(Letter.subject)) if subject),
        "audit": "\n".join(" ".join(map(str, row_of(entry))) for entry in entries()),
    }

    assert all(places.values()) and "INSERT INTO letter" in places["log"], "something was not listened to"
    found = [(place, secret) for place, text in places.items() for secret in secrets if secret in text]
    assert found == []
    assert {"read", "request", "accept", "cancel", "sign_in"} <= {entry.act for entry in entries()}


def row_of(entry):
    return [getattr(entry, column.name) for column in AuditEntry.__table__.columns if column.name not in {"id", "at"}]


def logged(record: logging.LogRecord) -> str:
    """All that any handler could write of a record."""
    shown = logging.Formatter("%(name)s %(message)s").format(record)
    return f"{shown} {record.args!r}"


def kept_in(redis: RedisServer) -> str:
    """Everything that stands in Redis, names and contents."""
    client = redis.client()
    found = []
    for key in client.scan_iter():
        kind = client.type(key).decode()
        read = {"hash": client.hgetall, "string": client.get, "set": client.smembers}
        read |= {"list": lambda k: client.lrange(k, 0, -1), "zset": lambda k: client.zrange(k, 0, -1)}
        found.append(f"{key!r} {read[kind](key)!r}")
    return "\n".join(found)
