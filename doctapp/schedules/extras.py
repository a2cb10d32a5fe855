"""Sittings beside the weekly hours: one date, one chamber; they go again while they are empty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from doctapp.clock import local, wall_start
from doctapp.db import db, lock
from doctapp.doctors.models import Chamber, Doctor
from doctapp.errors import DomainError, NotFound
from doctapp.schedules import hours, sittings
from doctapp.schedules.hours import Overlaps
from doctapp.schedules.models import Leave, Sitting

FARTHEST = timedelta(days=180)


@dataclass(frozen=True)
class Wanted:
    """An extra sitting as it is asked for; minutes count from the date's midnight."""

    day: date
    start: int
    until: int
    minutes: int
    capacity: int


class NoSuchTime(DomainError):
    message = _l("The clocks change on that day, and this time does not come. Choose another.")


class Bygone(DomainError):
    message = _l("This time is past. Choose a later one.")


class TooFar(DomainError):
    message = _l("Extra sittings can be added for the next 180 days.")


class StartTaken(DomainError):
    message = _l("A sitting that began at this time was cancelled. Begin some minutes earlier or later.")


class NotEmpty(DomainError):
    message = _l("Somebody has already been booked in this sitting. It can only be cancelled.")


def add(chamber: Chamber, wanted: Wanted, *, now: datetime) -> Sitting:
    """Make the sitting under the doctor's lock; refused where the doctor sits elsewhere, or is on leave, then."""
    lock(Doctor, chamber.doctor_id)
    starts_at = wall_start(wanted.day, wanted.start, chamber.clinic.zone)
    if starts_at is None:
        raise NoSuchTime
    if starts_at <= now:
        raise Bygone
    if starts_at > now + FARTHEST:
        raise TooFar
    ends_at = starts_at + timedelta(minutes=wanted.until - wanted.start)
    _refuse_overlap(chamber, wanted, (starts_at, ends_at), now=now)
    row = Sitting(
        chamber_id=chamber.id,
        doctor_id=chamber.doctor_id,
        local_date=wanted.day,
        local_start=wanted.start,
        starts_at=starts_at,
        ends_at=ends_at,
        minutes=wanted.minutes,
        capacity=wanted.capacity,
        extra=True,
    )
    db.session.add(row)
    db.session.flush()
    return row


def remove(sitting_id: int, *, unused: ColumnElement[bool], now: datetime) -> None:
    """Take an extra sitting away in which nothing ever happened; raises NotEmpty, or NotFound where it is gone."""
    row = db.session.get(Sitting, sitting_id)
    if row is None or not row.extra:
        raise NotFound
    lock(Doctor, row.doctor_id)
    locked = sittings.ahead(Sitting.id == sitting_id, now=now)
    if sittings.clear(locked, unused=unused):
        raise NotEmpty
    sittings.generate(row.doctor_id, now=now)


def _refuse_overlap(chamber: Chamber, wanted: Wanted, span: tuple[datetime, datetime], *, now: datetime) -> None:
    starts_at, ends_at = span
    there = select(Sitting).where(Sitting.doctor_id == chamber.doctor_id, Sitting.cancelled_at.is_(None))
    there = there.where(Sitting.starts_at < ends_at, Sitting.ends_at > starts_at).order_by(Sitting.starts_at)
    other = db.session.scalars(there).first()
    if other is not None:
        raise Overlaps(other)
    for leave in db.session.scalars(select(Leave).where(Leave.doctor_id == chamber.doctor_id).order_by(Leave.first)):
        if sittings.covers(leave, chamber.id, wanted.day, wanted.start, wanted.until):
            raise Overlaps(leave)
    _refuse_hours(chamber, span, now=now)
    same = {"chamber_id": chamber.id, "local_date": wanted.day, "local_start": wanted.start}
    if db.session.scalar(select(Sitting.id).filter_by(**same)) is not None:
        raise StartTaken


def _refuse_hours(chamber: Chamber, span: tuple[datetime, datetime], *, now: datetime) -> None:
    """Weekly hours count also on days for which no sitting is made yet, not where theirs was cancelled."""
    made_until = local(now, chamber.clinic.zone).date() + sittings.AHEAD
    if local(span[0], chamber.clinic.zone).date() < made_until - timedelta(days=1):
        return
    days = (span[1] - now).days + 2
    for each in hours.of_doctor(chamber.doctor_id):
        if hours.meet([span], hours.moments(each, now=now, days=days)):
            raise Overlaps(each)
