"""What time does by itself: requests lapse after a reminder, unpaid holds are forgotten. Each is harmless twice.

What it does after a sitting's end is in closing.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select, update

from doctapp.appointments import giving_back, life, places, telling
from doctapp.appointments.life import TIME
from doctapp.appointments.models import Appointment, Event, TicketLook
from doctapp.db import db
from doctapp.payments.models import Attempt

BATCH = 200
KEPT = timedelta(days=30)


def overdue_holds(*, now: datetime) -> Sequence[int]:
    """The ids of holds and offers that ran out."""
    query = select(Appointment.id).where(places.is_overdue(now))
    return db.session.scalars(query.order_by(Appointment.held_until).limit(BATCH)).all()


def undecided(*, now: datetime) -> Sequence[int]:
    """The ids of requests whose time to be decided is over."""
    query = select(Appointment.id).where(Appointment.status == "requested", Appointment.lapses_at <= now)
    return db.session.scalars(query.order_by(Appointment.lapses_at).limit(BATCH)).all()


def to_remind(*, now: datetime) -> Sequence[int]:
    """The ids of requests half of whose time is over, their doctor not reminded yet."""
    query = select(Appointment.id).where(Appointment.status == "requested", Appointment.remind_at <= now)
    return db.session.scalars(query.order_by(Appointment.remind_at).limit(BATCH)).all()


def forgettable(*, now: datetime) -> Sequence[int]:
    """The ids of holds that ended thirty days ago and that nobody ever asked the doctor for, or tried to pay for."""
    query = select(Appointment.id).join(Event, Event.id == Appointment.last_event_id)
    query = query.where(*_left_nothing(), Event.at <= now - KEPT)
    return db.session.scalars(query.order_by(Appointment.id).limit(BATCH)).all()


def _left_nothing() -> tuple[ColumnElement[bool], ...]:
    """An ended hold or offer of which no request and no payment is left to tell."""
    unpaid = ~exists().where(Attempt.appointment_id == Appointment.id)
    return Appointment.status == "expired", Appointment.requested_at.is_(None), unpaid


def lapse(row: Appointment, *, now: datetime) -> bool:
    """End an undecided request and tell the patient; False where somebody decided it meanwhile."""
    due = (Appointment.lapses_at <= now,)
    event = life.change(row, act="lapse", was="requested", became="lapsed", by=TIME, now=now, only_if=due)
    if event:
        giving_back.ended(row, event, now=now)
        telling.lapsed(row, event, now=now)
    return event is not None


def remind(row: Appointment, *, now: datetime) -> bool:
    """Remind the doctor once of a request that waits; False where that was done, or it no longer waits."""
    taken = (
        update(Appointment)
        .where(Appointment.id == row.id, Appointment.status == "requested", Appointment.remind_at <= now)
        .values(remind_at=None)
        .execution_options(synchronize_session=False)
    )
    if db.session.execute(taken).rowcount != 1:  # type: ignore[attr-defined]
        return False
    telling.reminder(row, now=now)
    return True


def forget(ids: Sequence[int]) -> int:
    """Delete these holds with their events, as far as they may still be forgotten; how many were."""
    still = select(Appointment.id).where(Appointment.id.in_(ids), *_left_nothing())
    gone = db.session.scalars(still.with_for_update()).all()
    for rows in (TicketLook.appointment_id, Event.appointment_id, Appointment.id):
        deleting = delete(rows.class_).where(rows.in_(gone)).execution_options(synchronize_session=False)
        db.session.execute(deleting)
    return len(gone)
