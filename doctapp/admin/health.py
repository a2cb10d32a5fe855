"""Whether all work gets done: what is due, what is overdue, and when time last did its own. Counts and moments only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.payments.models import Attempt, Refund
from doctapp.work import bell, turns

QUEUE_LATE = timedelta(minutes=3)
GATEWAY_LATE = timedelta(minutes=15)
LEAST_LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class Queue:
    """Work that is due, and how much of it should have been done long ago."""

    name: str
    due: int
    overdue: int

    @property
    def ok(self) -> bool:
        return not self.overdue


@dataclass(frozen=True)
class Beat:
    """Something that happens again and again: when it last did, if ever."""

    name: str
    at: datetime | None
    ok: bool


@dataclass(frozen=True)
class Answer:
    """Something else that must answer."""

    name: str
    ok: bool


def queues(now: datetime) -> list[Queue]:
    """What waits to be done by itself."""
    waiting, lost = Letter.state == "waiting", (Letter.state == "sending") & (Letter.lease_until <= now)
    going_back = Refund.state.in_(("refund_due", "refunding"))
    kept = Appointment.status.in_(("held", "offered"))
    return [
        _queue("letters", Letter.due_at, (waiting & (Letter.due_at <= now)) | lost, now=now, late=QUEUE_LATE),
        _queue("refunds", Refund.next_try_at, going_back, now=now, late=GATEWAY_LATE),
        _queue("attempts", Attempt.next_query_at, Attempt.next_query_at.is_not(None), now=now, late=GATEWAY_LATE),
        _queue("holds", Appointment.held_until, kept, now=now, late=QUEUE_LATE),
    ]


def _queue(name: str, due_at: Any, which: ColumnElement[bool], *, now: datetime, late: timedelta) -> Queue:
    """One query: how many of these rows are due, and how many have been for too long."""
    overdue = func.count().filter(due_at <= now - late)
    due, too_late = db.session.execute(select(func.count(), overdue).where(which, due_at <= now)).one()
    return Queue(name, due, too_late)


def beats(spans: Mapping[str, timedelta], *, now: datetime) -> list[Beat]:
    """When these turns were last taken; `spans` says for how long each is, which is how often it comes."""
    return [_beat(name, span, now=now) for name, span in spans.items()]


def _beat(name: str, span: timedelta, *, now: datetime) -> Beat:
    until = turns.until(name)
    at = until - span if until else None
    return Beat(name, at, ok=at is not None and now - at <= span + max(LEAST_LATE, span / 12))


def answers() -> list[Answer]:
    """Who else answers; that this page is here says that the database does."""
    return [Answer("database", db.session.scalar(select(1)) == 1), Answer("redis", bell.answers())]
