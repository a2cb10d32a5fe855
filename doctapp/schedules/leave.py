"""Leave: days, or a part of them, on which a doctor does not sit, in one chamber or everywhere.

Added in two steps of one transaction: `add` takes the sittings inside that never had an appointment away and says which
are left; the door asks about those with somebody booked, and `close` shuts the others until the leave is removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update

from doctapp.db import db, lock
from doctapp.doctors.models import Doctor
from doctapp.errors import NotFound
from doctapp.schedules import sittings
from doctapp.schedules.models import Leave, Sitting

ADAY = timedelta(days=1)


@dataclass(frozen=True)
class Away:
    """Leave as it is asked for; `start` and `until` (minutes from midnight) where it is a part of each day."""

    chamber_id: int | None
    first: date
    last: date
    start: int | None = None
    until: int | None = None
    reason: str = ""


def add(doctor_id: int, away: Away, *, unused: ColumnElement[bool], now: datetime) -> tuple[Leave, list[int]]:
    """Write the leave and empty it: the row, and the locked sittings inside that something happened in."""
    lock(Doctor, doctor_id)
    row = Leave(doctor_id=doctor_id, **vars(away))
    db.session.add(row)
    db.session.flush()
    inside = [sitting.id for sitting in _near(row, now=now) if _is_inside(row, sitting)]
    locked = sittings.ahead(Sitting.id.in_(inside), Sitting.cancelled_at.is_(None), now=now)
    return row, sittings.clear(locked, unused=unused)


def close(row: Leave, ids: Sequence[int], *, now: datetime) -> None:
    """Shut sittings in which nobody is booked any more; they open again when the leave is removed."""
    shutting = update(Sitting).where(Sitting.id.in_(ids), Sitting.cancelled_at.is_(None))
    db.session.execute(shutting.values(cancelled_at=now, cancelled_why=row.reason, leave_id=row.id))


def remove(leave_id: int, *, now: datetime) -> None:
    """Take the leave away; sittings come back by the weekly hours, and those that were shut for it open again."""
    row = db.session.get(Leave, leave_id)
    if row is None:
        raise NotFound
    doctor_id = row.doctor_id
    lock(Doctor, doctor_id)
    shut = db.session.scalars(select(Sitting).where(Sitting.leave_id == leave_id).order_by(Sitting.id)).all()
    sittings.ahead(Sitting.leave_id == leave_id, now=now)
    db.session.execute(update(Sitting).where(Sitting.leave_id == leave_id).values(leave_id=None))
    db.session.delete(row)
    db.session.flush()
    for sitting in shut:
        if sitting.starts_at > now and _is_free(sitting):
            _open(sitting)
    sittings.generate(doctor_id, now=now)


def _near(row: Leave, *, now: datetime) -> Sequence[Sitting]:
    days = Sitting.local_date.between(row.first - ADAY, row.last + ADAY)
    query = select(Sitting).where(Sitting.doctor_id == row.doctor_id, days, Sitting.starts_at > now)
    return db.session.scalars(query).all()


def _is_inside(row: Leave, sitting: Sitting) -> bool:
    length = int((sitting.ends_at - sitting.starts_at).total_seconds() // 60)
    start = sitting.local_start
    return sittings.covers(row, sitting.chamber_id, sitting.local_date, start, start + length)


def _is_free(sitting: Sitting) -> bool:
    """Whether nothing came in the way of a shut sitting meanwhile: another leave, or another sitting."""
    others = select(Leave).where(Leave.doctor_id == sitting.doctor_id)
    if any(_is_inside(leave, sitting) for leave in db.session.scalars(others)):
        return False
    at_once = and_(Sitting.starts_at < sitting.ends_at, Sitting.ends_at > sitting.starts_at)
    there = select(Sitting.id).where(Sitting.doctor_id == sitting.doctor_id, Sitting.id != sitting.id, at_once)
    return db.session.scalar(there.where(Sitting.cancelled_at.is_(None)).limit(1)) is None


def _open(sitting: Sitting) -> None:
    opening = update(Sitting).where(Sitting.id == sitting.id, Sitting.cancelled_at.is_not(None))
    db.session.execute(opening.values(cancelled_at=None, cancelled_why=""))
