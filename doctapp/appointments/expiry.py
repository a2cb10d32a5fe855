"""What time does by itself: requests lapse after a reminder, past appointments are closed. Each is harmless twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from doctapp.appointments import life, telling
from doctapp.appointments.life import TIME
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.schedules.models import Sitting

BATCH = 200
CLOSE_AFTER = timedelta(minutes=60)


def overdue_holds(*, now: datetime) -> Sequence[int]:
    """The ids of holds that ran out."""
    query = select(Appointment.id).where(Appointment.status == "held", Appointment.held_until <= now)
    return db.session.scalars(query.order_by(Appointment.held_until).limit(BATCH)).all()


def undecided(*, now: datetime) -> Sequence[int]:
    """The ids of requests whose time to be decided is over."""
    query = select(Appointment.id).where(Appointment.status == "requested", Appointment.lapses_at <= now)
    return db.session.scalars(query.order_by(Appointment.lapses_at).limit(BATCH)).all()


def to_remind(*, now: datetime) -> Sequence[int]:
    """The ids of requests half of whose time is over, their doctor not reminded yet."""
    query = select(Appointment.id).where(Appointment.status == "requested", Appointment.remind_at <= now)
    return db.session.scalars(query.order_by(Appointment.remind_at).limit(BATCH)).all()


def past(*, now: datetime) -> Sequence[int]:
    """The ids of booked appointments whose sitting ended an hour ago and never ran."""
    query = select(Appointment.id).join(Sitting, Sitting.id == Appointment.sitting_id)
    query = query.where(Appointment.status == "booked", Sitting.ends_at <= now - CLOSE_AFTER)
    return db.session.scalars(query.order_by(Appointment.id).limit(BATCH)).all()


def lapse(row: Appointment, *, now: datetime) -> bool:
    """End an undecided request and tell the patient; False where somebody decided it meanwhile."""
    due = (Appointment.lapses_at <= now,)
    event = life.change(row, act="lapse", was="requested", became="lapsed", by=TIME, now=now, only_if=due)
    if event:
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


def close(row: Appointment, *, now: datetime) -> bool:
    """A sitting that never ran leaves its booked appointments elapsed; once."""
    event = life.change(row, act="close", was="booked", became="elapsed", by=TIME, now=now, closed_at=now)
    return event is not None
