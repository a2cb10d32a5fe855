"""Reading chambers, weekly hours, leave and sittings for those who plan them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.schedules.models import Leave, Sitting, WeeklyHours


def chambers(doctor_id: int | None, clinic_ids: frozenset[int]) -> Sequence[Chamber]:
    """The chambers whose hours this person plans: the doctor's own first, then those of the clinics."""
    own = Chamber.doctor_id == (doctor_id or 0)
    query = select(Chamber).where(or_(own, Chamber.clinic_id.in_(clinic_ids)))
    query = query.options(joinedload(Chamber.clinic), joinedload(Chamber.doctor)).order_by(own.desc(), Chamber.id)
    return db.session.scalars(query).all()


def week(chamber_id: int) -> dict[int, list[WeeklyHours]]:
    """A chamber's hours by weekday, each day's by their start."""
    days: dict[int, list[WeeklyHours]] = defaultdict(list)
    query = select(WeeklyHours).where(WeeklyHours.chamber_id == chamber_id).order_by(WeeklyHours.start)
    for row in db.session.scalars(query):
        days[row.weekday].append(row)
    return days


def leave(doctor_ids: Sequence[int], chamber_ids: Sequence[int], *, since: date) -> Sequence[Leave]:
    """Leave of these doctors that is not past and touches these chambers, soonest first."""
    here = or_(Leave.chamber_id.is_(None), Leave.chamber_id.in_(chamber_ids))
    query = select(Leave).where(Leave.doctor_id.in_(doctor_ids), here, Leave.last >= since)
    return db.session.scalars(query.order_by(Leave.first, Leave.id)).all()


def extras(chamber_ids: Sequence[int], *, now: datetime) -> Sequence[Sitting]:
    """Extra sittings of these chambers that are not past, soonest first."""
    query = select(Sitting).where(Sitting.chamber_id.in_(chamber_ids), Sitting.extra, Sitting.ends_at > now)
    query = query.options(joinedload(Sitting.chamber).joinedload(Chamber.clinic))
    return db.session.scalars(query.order_by(Sitting.starts_at)).all()


def sittings(chamber_ids: Sequence[int], *, first: date, days: int) -> Sequence[Sitting]:
    """The sittings of these chambers on so many local dates, soonest first."""
    query = select(Sitting).where(Sitting.chamber_id.in_(chamber_ids))
    query = query.where(Sitting.local_date.between(first, first + timedelta(days=days - 1)))
    query = query.options(joinedload(Sitting.chamber).joinedload(Chamber.clinic))
    return db.session.scalars(query.order_by(Sitting.starts_at, Sitting.id)).all()
