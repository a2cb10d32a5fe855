"""Sittings made from weekly hours for the next sixty days, less leave; never two of a doctor at overlapping times.

Whoever writes a doctor's sittings locks the doctor's row first, and the sittings after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update

from doctapp.clock import local, wall_start
from doctapp.db import db, insert, lock
from doctapp.doctors.models import Chamber, Doctor
from doctapp.schedules.models import Leave, Sitting, WeeklyHours

AHEAD = timedelta(days=60)
DAY = 24 * 60


def generate(doctor_id: int, *, now: datetime, days: int = AHEAD.days) -> int:
    """Make the sittings of a doctor's weekly hours that are not there yet; returns how many were made.

    The doctor's row is locked first, so that two writers never make overlapping sittings.
    """
    lock(Doctor, doctor_id)
    live = select(WeeklyHours).join(Chamber).where(Chamber.doctor_id == doctor_id, Chamber.live_at <= now)
    hours = db.session.scalars(live).all()
    leave = db.session.scalars(select(Leave).where(Leave.doctor_id == doctor_id)).all()
    there = select(Sitting).where(Sitting.doctor_id == doctor_id, Sitting.ends_at > now)
    spans = [(s.starts_at, s.ends_at) for s in db.session.scalars(there)]
    made = [row for row in planned(hours, leave, now=now, days=days) if _fits(row, spans)]
    if made:
        db.session.execute(insert(Sitting).on_conflict_do_nothing(), made)
    until = now.date() + timedelta(days=days - 1)
    db.session.execute(update(Doctor).where(Doctor.id == doctor_id).values(sittings_until=until))
    return len(made)


def behind(*, now: datetime, most: int) -> Sequence[int]:
    """The ids of doctors whose sittings do not reach sixty days ahead yet, the furthest behind first."""
    wanted = now.date() + AHEAD - timedelta(days=1)
    late = or_(Doctor.sittings_until.is_(None), Doctor.sittings_until < wanted)
    query = select(Doctor.id).where(Doctor.status == "approved", late)
    return db.session.scalars(query.order_by(Doctor.sittings_until, Doctor.id).limit(most)).all()


def planned(
    hours: Sequence[WeeklyHours], leave: Sequence[Leave], *, now: datetime, days: int
) -> Iterator[dict[str, object]]:
    """The sittings these hours give from today on, as rows; wall times that don't exist are skipped."""
    for each in hours:
        chamber = each.chamber
        today = local(now, chamber.clinic.zone).date()
        for day in (today + timedelta(days=n) for n in range(days)):
            if day.weekday() != each.weekday or _on_leave(leave, each, day):
                continue
            starts_at = wall_start(day, each.start, chamber.clinic.zone)
            if starts_at is None:
                continue
            ends_at = starts_at + timedelta(minutes=each.until - each.start)
            if ends_at > now:
                yield _row(each, chamber, day, starts_at, ends_at)


def _row(each: WeeklyHours, chamber: Chamber, day: date, starts_at: datetime, ends_at: datetime) -> dict[str, object]:
    return {
        "chamber_id": chamber.id,
        "doctor_id": chamber.doctor_id,
        "local_date": day,
        "local_start": each.start,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "minutes": each.minutes,
        "capacity": each.capacity,
        "hours_id": each.id,
    }


def _on_leave(leave: Iterable[Leave], each: WeeklyHours, day: date) -> bool:
    return any(covers(row, each.chamber_id or each.chamber.id, day, each.start, each.until) for row in leave)


def covers(leave: Leave, chamber_id: int, day: date, start: int, until: int) -> bool:
    """Whether a sitting of that day, from and to so many minutes after its midnight, is off for this leave.

    Leave for whole days takes what begins on them; for a part of the day it takes what overlaps with that part.
    """
    if leave.chamber_id not in {None, chamber_id}:
        return False
    if leave.start is None or leave.until is None:
        return leave.first <= day <= leave.last
    for away in (-1, 0, 1):
        if leave.first <= day + timedelta(days=away) <= leave.last:
            shift = away * DAY
            if start < leave.until + shift and leave.start + shift < until:
                return True
    return False


def ahead(*which: ColumnElement[bool], now: datetime) -> list[int]:
    """Lock the sittings that have not begun and are meant so, in the order of their ids; after the doctor's row."""
    query = select(Sitting.id).where(*which, Sitting.starts_at > now).order_by(Sitting.id)
    return list(db.session.scalars(query.with_for_update()))


def clear(ids: Sequence[int], *, unused: ColumnElement[bool]) -> list[int]:
    """Take away those of these locked sittings that `unused` says nothing ever happened in; the ids of the others.

    The database decides in one statement; a cancelled sitting stays, so that it is not made again.
    """
    empty = delete(Sitting).where(Sitting.id.in_(ids), Sitting.cancelled_at.is_(None), unused)
    gone = db.session.scalars(empty.returning(Sitting.id)).all()
    return sorted(set(ids) - set(gone))


def _fits(row: dict[str, object], spans: list[tuple[datetime, datetime]]) -> bool:
    starts_at, ends_at = row["starts_at"], row["ends_at"]
    assert isinstance(starts_at, datetime)
    assert isinstance(ends_at, datetime)
    if any(starts_at < end and start < ends_at for start, end in spans):
        return False
    spans.append((starts_at, ends_at))
    return True
