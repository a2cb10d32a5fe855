"""Counting free places in SQL, as `appointments.places` counts them in Python: exact, for choosing and for sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BigInteger

from doctapp.appointments import places
from doctapp.appointments.models import Appointment
from doctapp.clinics.models import Clinic
from doctapp.doctors.models import Chamber, Doctor
from doctapp.schedules.models import Sitting

LONGEST_SITTING = timedelta(days=2)


class seconds(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """`seconds(moment)` in SQL: a stored moment as whole seconds since 1970."""

    type = BigInteger()
    inherit_cache = True
    name = "seconds"


@compiles(seconds, "sqlite")
def _seconds_sqlite(element: seconds, compiler: Any, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


@compiles(seconds, "postgresql")
def _seconds_postgresql(element: seconds, compiler: Any, **kw: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **kw)}) AS BIGINT)"


def is_open(now: datetime) -> ColumnElement[bool]:
    """Sittings (joined with their chamber) that still take patients."""
    return and_(
        Sitting.starts_at > now - LONGEST_SITTING,
        Sitting.ends_at > now,
        Sitting.cancelled_at.is_(None),
        Chamber.live_at <= now,
    )


def too_soon(now: datetime) -> ColumnElement[int]:
    """How many numbers of a sitting, from the first on, are nearer than its chamber's lead time."""
    past = int(now.timestamp()) + Chamber.lead_minutes * 60 - seconds(Sitting.starts_at)
    return case((past < 0, 0), else_=past // (60 * Sitting.minutes) + 1)


def _kept(row: type[Appointment], now: datetime) -> ColumnElement[bool]:
    """`places.is_kept` of a sitting in the outer query, for any alias of the appointment."""
    return and_(row.sitting_id == Sitting.id, places.is_kept(now, row))


def free_count(now: datetime) -> ColumnElement[int]:
    """How many places of a sitting (joined with its chamber) a newcomer can take: none where somebody waits."""
    gone = too_soon(now)
    kept = select(func.count()).where(_kept(Appointment, now), Appointment.number > gone)
    kept = kept.where(Appointment.number <= Sitting.capacity)
    free = Sitting.capacity - gone - kept.correlate(Sitting, Chamber).scalar_subquery()
    return case((places.is_awaited(), 0), else_=free)


def first_free(now: datetime) -> ColumnElement[int]:
    """The seconds of the first place that can be taken, in a sitting that has one."""
    one, after = aliased(Appointment), aliased(Appointment)
    first = too_soon(now) + 1
    is_taken = select(one.id).where(_kept(one, now), one.number == first).correlate(Sitting, Chamber).exists()
    followed = (
        select(after.id).where(_kept(after, now), after.number == one.number + 1).correlate(Sitting, one).exists()
    )
    end_of_run = select(func.min(one.number)).where(_kept(one, now), one.number >= first, ~followed)
    number = case((~is_taken, first), else_=end_of_run.correlate(Sitting, Chamber).scalar_subquery() + 1)
    return seconds(Sitting.starts_at) + (number - 1) * Sitting.minutes * 60


def sittings_with_places(
    column: Any, *, now: datetime, area_ids: Sequence[int] | None = None, day: date | None = None
) -> Select[Any]:
    """A column of the open sittings that have a free place, in an area and on a local day where these are given."""
    query = select(column).select_from(Sitting).join(Chamber, Chamber.id == Sitting.chamber_id)
    query = query.where(is_open(now), free_count(now) > 0)
    if area_ids is not None:
        query = query.where(in_area(area_ids))
    return query.where(Sitting.local_date == day) if day else query


def nth_of_doctor(query: Select[Any], n: int) -> Any:
    """The nth row of such a query for the doctor of the outer query, soonest first."""
    mine = query.where(Sitting.doctor_id == Doctor.id).order_by(Sitting.starts_at, Sitting.id)
    return mine.limit(1).offset(n).correlate(Doctor).scalar_subquery()


def in_area(area_ids: Sequence[int]) -> ColumnElement[bool]:
    """Chambers whose clinic is in one of these areas."""
    return Chamber.clinic_id.in_(select(Clinic.id).where(Clinic.area_id.in_(area_ids)))
