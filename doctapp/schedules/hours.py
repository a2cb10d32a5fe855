"""Weekly hours: what is refused, and how a change reaches the sittings that stand (domain.md, "Sittings").

A change has two steps in one transaction: `weigh` locks the doctor and the sittings concerned and says which they are;
then the door asks whether anybody is booked in them, and `save` or `remove` carries the change out. Sittings that have
not begun and never had an appointment follow the hours; all others are detached and keep their times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select, update

from doctapp.db import db, lock
from doctapp.doctors.models import Chamber, Doctor
from doctapp.errors import DomainError
from doctapp.schedules import sittings
from doctapp.schedules.models import Sitting, WeeklyHours

Moments = tuple[datetime, datetime]


@dataclass(frozen=True)
class Span:
    """Hours of a weekday as they are wanted; `until` is past 1440 where they end after midnight."""

    weekday: int
    start: int
    until: int
    minutes: int
    capacity: int


class Overlaps(DomainError):
    """The doctor is somewhere else then; `other` is the hours, the sitting or the leave in the way."""

    message = _l("The doctor already sits at that time.")

    def __init__(self, other: object) -> None:
        super().__init__(other=other)


class HoursGone(DomainError):
    message = _l("These hours were removed meanwhile. Nothing was changed.")


class TwoInTheWay(DomainError):
    message = _l("This overlaps with several hours of that day. Edit or remove them first.")


@dataclass(frozen=True)
class Change:
    """What a change is about: the row as it is now (None where hours are new), and the sittings made from it."""

    row: WeeklyHours | None
    sittings: Sequence[int]


def weigh(chamber: Chamber, span: Span | None, *, hours_id: int | None, now: datetime) -> Change:
    """Lock what a change concerns; a removal has no span, and hours without an id are those they overlap with.

    Raises Overlaps, HoursGone or TwoInTheWay. Hours that stay as they are concern nothing.
    """
    lock(Doctor, chamber.doctor_id)
    row = _named(chamber, hours_id) if hours_id else _overlapping(chamber, span)
    if row is not None and span is not None and of(row) == span:
        return Change(row, ())
    if span is not None:
        _refuse_overlap(chamber, span, besides=row.id if row else None, now=now)
    if row is None:
        return Change(None, ())
    made = sittings.ahead(Sitting.hours_id == row.id, Sitting.cancelled_at.is_(None), now=now)
    return Change(row, made)


def save(change: Change, span: Span, *, chamber: Chamber, unused: ColumnElement[bool], now: datetime) -> bool:
    """Carry a weighed change out and make the sittings anew; False where nothing was to be changed.

    `unused` is the condition on a sitting that no appointment of any kind was ever in it.
    """
    row = change.row
    if row is not None and of(row) == span:
        return False
    if row is None:
        db.session.add(WeeklyHours(chamber_id=chamber.id, **asdict(span)))
    else:
        sittings.clear(change.sittings, unused=unused)
        _detach(row, Sitting.starts_at > now)
        for name, value in asdict(span).items():
            setattr(row, name, value)
    db.session.flush()
    sittings.generate(chamber.doctor_id, now=now)
    return True


def remove(change: Change, *, unused: ColumnElement[bool], now: datetime) -> None:
    """Take weighed hours away, with their sittings that never had an appointment."""
    row = change.row
    assert row is not None
    sittings.clear(change.sittings, unused=unused)
    _detach(row)
    db.session.delete(row)
    db.session.flush()


def of(row: WeeklyHours) -> Span:
    """The hours of a row."""
    return Span(row.weekday, row.start, row.until, row.minutes, row.capacity)


def _detach(row: WeeklyHours, *only: ColumnElement[bool]) -> None:
    """What is left of its sittings keeps its times; one closed for leave does not open again by old hours."""
    left = update(Sitting).where(Sitting.hours_id == row.id, *only)
    db.session.execute(left.values(hours_id=None, leave_id=None))


def _named(chamber: Chamber, hours_id: int) -> WeeklyHours:
    row = db.session.scalars(_rows(chamber.id).where(WeeklyHours.id == hours_id)).first()
    if row is None:
        raise HoursGone
    return row


def _overlapping(chamber: Chamber, span: Span | None) -> WeeklyHours | None:
    if span is None:
        raise HoursGone
    same_day = db.session.scalars(_rows(chamber.id).where(WeeklyHours.weekday == span.weekday))
    found = [row for row in same_day if row.start < span.until and span.start < row.until]
    if len(found) > 1:
        raise TwoInTheWay
    return found[0] if found else None


def _rows(chamber_id: int) -> Select[WeeklyHours]:
    query = select(WeeklyHours).where(WeeklyHours.chamber_id == chamber_id)
    return query.execution_options(populate_existing=True)


def _refuse_overlap(chamber: Chamber, span: Span, *, besides: int | None, now: datetime) -> None:
    """Hours must leave the doctor's other hours and extra sittings alone; what was detached is stepped around."""
    wanted = moments(WeeklyHours(chamber=chamber, **asdict(span)), now=now)
    for other in of_doctor(chamber.doctor_id):
        if other.id != besides and meet(wanted, moments(other, now=now)):
            raise Overlaps(other)
    extras = select(Sitting).where(Sitting.doctor_id == chamber.doctor_id, Sitting.extra, Sitting.ends_at > now)
    for extra in db.session.scalars(extras.where(Sitting.cancelled_at.is_(None)).order_by(Sitting.starts_at)):
        if meet(wanted, [(extra.starts_at, extra.ends_at)]):
            raise Overlaps(extra)


def of_doctor(doctor_id: int) -> Sequence[WeeklyHours]:
    """All weekly hours of a doctor, at any chamber."""
    query = select(WeeklyHours).join(Chamber).where(Chamber.doctor_id == doctor_id).order_by(WeeklyHours.id)
    return db.session.scalars(query).all()


def moments(row: WeeklyHours, *, now: datetime, days: int = sittings.AHEAD.days) -> list[Moments]:
    """From when to when these hours would sit in the coming days, were there no leave."""
    return [(each["starts_at"], each["ends_at"]) for each in sittings.planned([row], [], now=now, days=days)]  # type: ignore[misc]


def meet(these: Sequence[Moments], those: Sequence[Moments]) -> bool:
    """Whether two of them overlap."""
    return any(start < until and begins < end for start, end in these for begins, until in those)
