"""Who is booked is reminded a day and two hours before, each once, unless the clinic turned that off.

A day's reminder does not come at night where it can wait for the morning. A move to another time reminds anew; whoever
was only just told of the time needs no reminder of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from doctapp.appointments import life, telling
from doctapp.appointments.models import Appointment, Event
from doctapp.clinics.models import Clinic
from doctapp.clock import local, wall_start
from doctapp.db import db, later
from doctapp.doctors.models import Chamber
from doctapp.schedules.models import Sitting

DAY, NEAR, JUST_TOLD = timedelta(hours=24), timedelta(hours=2), timedelta(hours=3)
NIGHT_FROM, NIGHT_UNTIL = 22, 8
BATCH = 200


def day_before(*, now: datetime) -> Sequence[int]:
    """The ids of bookings within a day that were known before it began, where it is day, or night until the visit."""
    query = _booked(now + NEAR, now + DAY).where(Appointment.reminded_day_at.is_(None), Clinic.reminds_day_before)
    day_begins = later(Appointment.about_at, literal(-int(DAY.total_seconds() // 60)))
    return db.session.scalars(query.where(Event.at <= day_begins, _is_day(now))).all()


def near(*, now: datetime) -> Sequence[int]:
    """The ids of bookings within two hours, but for those made or changed within the last three."""
    query = _booked(now, now + NEAR).where(Appointment.reminded_near_at.is_(None), Clinic.reminds_same_day)
    return db.session.scalars(query.where(Event.at <= now - JUST_TOLD)).all()


def _booked(after: datetime, until: datetime) -> Select[int]:
    """The ids of what is booked for then, soonest first, with the event that made it what it is."""
    query = select(Appointment.id).join(Event, Event.id == Appointment.last_event_id)
    query = query.join(Sitting, Sitting.id == Appointment.sitting_id).join(Chamber, Chamber.id == Sitting.chamber_id)
    query = query.join(Clinic, Clinic.id == Chamber.clinic_id).where(Sitting.cancelled_at.is_(None))
    query = query.where(Appointment.status == "booked", Appointment.about_at > after, Appointment.about_at <= until)
    return query.order_by(Appointment.about_at).limit(BATCH)


def _is_day(now: datetime) -> ColumnElement[bool]:
    """It is day at the clinic, or the visit is before the night is over."""
    mornings = {zone: morning(zone, now=now) for zone in db.session.scalars(select(Clinic.zone).distinct())}
    by_day = Clinic.zone.in_([zone for zone, at in mornings.items() if at is None])
    by_night = (and_(Clinic.zone == zone, Appointment.about_at <= at) for zone, at in mornings.items() if at)
    return or_(by_day, *by_night)


def morning(zone: str, *, now: datetime) -> datetime | None:
    """When the night is over that it is now in this zone; None by day."""
    here = local(now, zone)
    if NIGHT_UNTIL <= here.hour < NIGHT_FROM:
        return None
    day = here.date() + timedelta(days=1 if here.hour >= NIGHT_FROM else 0)
    return wall_start(day, NIGHT_UNTIL * 60, zone)


def remind_day_before(row: Appointment, *, now: datetime) -> bool:
    """Remind the patient of tomorrow, once; False where that was done, or it is no longer so."""
    return _remind(row, "day_before", Appointment.reminded_day_at, now=now)


def remind_near(row: Appointment, *, now: datetime) -> bool:
    """Remind the patient that it is soon, once; False where that was done, or it is no longer so."""
    return _remind(row, "same_day", Appointment.reminded_near_at, now=now)


def _remind(row: Appointment, kind: str, column: InstrumentedAttribute[datetime | None], *, now: datetime) -> bool:
    same = (Appointment.status == "booked", Appointment.about_at == row.about_at, column.is_(None))
    once = update(Appointment).where(Appointment.id == row.id, *same).values({column: now})
    done: Any = db.session.execute(once, execution_options={"synchronize_session": False})
    if done.rowcount != 1:
        return False
    telling.reminded(row, kind, now=now)
    return True


def is_true(*, ref: str, cause: str, now: datetime) -> bool:
    """Whether a reminder still says what is so: it is booked for the same time, which is still to come."""
    row = life.by_ref(ref)
    told = cause.split(":", 2)[2]
    return row is not None and row.status == "booked" and row.about_at.isoformat() == told and row.about_at > now
