"""Places: number n of a sitting at about start + (n-1) × minutes; never a row, so never stale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, literal_column, or_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.elements import ColumnElement

from doctapp.appointments.models import IN_LINE, KEPT, LIVE, Appointment, Waiting
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor
from doctapp.schedules.models import Sitting

COME_FROM, COME_UNTIL = timedelta(minutes=20), timedelta(minutes=5)
DOORS_OPEN = timedelta(minutes=15)
NEAREST = 3


@dataclass(frozen=True)
class Place:
    """One number of a sitting, and whether it can be taken now."""

    sitting: Sitting
    number: int
    about_at: datetime
    free: bool
    too_soon: bool = False

    @property
    def zone(self) -> str:
        return self.sitting.chamber.clinic.zone


def about(sitting: Sitting, number: int) -> datetime:
    """When the number is seen, about: elapsed time from the sitting's start."""
    return sitting.starts_at + timedelta(minutes=(number - 1) * sitting.minutes)


def come_between(sitting: Sitting, about_at: datetime, *, late: int | None = None) -> tuple[datetime, datetime]:
    """When to come: 20 to 5 minutes before the about-time, never before the sitting's start less 15.

    Later by as many minutes as the doctor is late; `late` says how many instead, 0 for what was planned.
    """
    by = timedelta(minutes=sitting.late_minutes if late is None else late)
    earliest = sitting.starts_at - DOORS_OPEN
    return max(about_at - COME_FROM, earliest) + by, max(about_at - COME_UNTIL, earliest) + by


def is_overdue(now: datetime, row: type[Appointment] = Appointment) -> ColumnElement[bool]:
    """A hold or an offer that ran out, noticed or not."""
    return or_(*(and_(row.status == status, row.held_until <= now) for status in KEPT))


def is_kept(now: datetime, row: type[Appointment] = Appointment) -> ColumnElement[bool]:
    """Live, and not a hold or an offer that ran out unnoticed."""
    return and_(row.status.in_(LIVE), ~is_overdue(now, row))


def is_awaited() -> ColumnElement[bool]:
    """That somebody waits for the sitting of the outer query: its freed numbers are theirs, in their order.

    The states are written out, so that SQLite too finds the partial index.
    """
    states: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in IN_LINE]
    return exists().where(Waiting.sitting_id == Sitting.id, Waiting.state.in_(states)).correlate(Sitting)


def awaited(sittings: Iterable[Sitting]) -> set[int]:
    """The ids of those of these sittings that somebody waits for."""
    ids = [sitting.id for sitting in sittings]
    return set(db.session.scalars(select(Sitting.id).where(Sitting.id.in_(ids), is_awaited()))) if ids else set()


def is_open(sitting: Sitting, *, now: datetime) -> bool:
    """Whether the sitting takes patients: not cancelled, not over, its chamber live and its doctor approved."""
    chamber = sitting.chamber
    live = chamber.live_at is not None and chamber.live_at <= now
    return sitting.cancelled_at is None and sitting.ends_at > now and live and chamber.doctor.status == "approved"


def taken(sittings: Iterable[Sitting], *, now: datetime) -> dict[int, set[int]]:
    """The numbers that somebody has, by sitting."""
    ids = [sitting.id for sitting in sittings]
    numbers: dict[int, set[int]] = defaultdict(set)
    if ids:
        query = select(Appointment.sitting_id, Appointment.number)
        for sitting_id, number in db.session.execute(query.where(Appointment.sitting_id.in_(ids), is_kept(now))):
            numbers[sitting_id].add(number)
    return numbers


def refused(sittings: Iterable[Sitting], *, now: datetime) -> dict[int, set[int]]:
    """The numbers that a newcomer can't have, by sitting: those that somebody has, and all where somebody waits."""
    sittings = list(sittings)
    numbers, theirs = taken(sittings, now=now), awaited(sittings)
    return numbers | {s.id: set(range(1, s.capacity + 1)) for s in sittings if s.id in theirs}


def of_sitting(sitting: Sitting, *, gone: set[int], now: datetime, lead: timedelta | None = None) -> list[Place]:
    """All numbers of a sitting, in order; what is nearer than the chamber's lead time, or this one, is too soon."""
    soonest = now + (timedelta(minutes=sitting.chamber.lead_minutes) if lead is None else lead)
    places = []
    for number in range(1, sitting.capacity + 1):
        at = about(sitting, number)
        too_soon = at <= soonest
        places.append(Place(sitting, number, at, free=number not in gone and not too_soon, too_soon=too_soon))
    return places


def open_sittings(
    doctor_ids: Sequence[int],
    *,
    now: datetime,
    day: date | None = None,
    between: tuple[datetime, datetime] | None = None,
    chamber_id: int | None = None,
) -> Sequence[Sitting]:
    """The sittings of these doctors that still take patients, soonest first.

    Where these are given, only those of one day, of one chamber, or beginning in a span.
    """
    query = (
        select(Sitting)
        .join(Chamber, Chamber.id == Sitting.chamber_id)
        .join(Doctor, Doctor.id == Sitting.doctor_id)
        .where(Sitting.doctor_id.in_(doctor_ids), Sitting.ends_at > now, Sitting.cancelled_at.is_(None))
        .where(Doctor.status == "approved", Chamber.live_at <= now)
        .options(joinedload(Sitting.chamber).joinedload(Chamber.clinic))
        .order_by(Sitting.starts_at, Sitting.id)
    )
    if day:
        query = query.where(Sitting.local_date == day)
    if between:
        query = query.where(Sitting.starts_at.between(*between))
    if chamber_id:
        query = query.where(Sitting.chamber_id == chamber_id)
    return db.session.scalars(query).all()


def free(sittings: Sequence[Sitting], *, now: datetime, lead: timedelta | None = None) -> list[Place]:
    """All places of these sittings that a newcomer can take, in their order."""
    gone = refused(sittings, now=now)
    return [place for s in sittings for place in of_sitting(s, gone=gone[s.id], now=now, lead=lead) if place.free]


def is_full(sitting: Sitting, *, now: datetime) -> bool:
    """Whether there are numbers that are far enough ahead, and a newcomer can have none of them."""
    ahead = [p for p in of_sitting(sitting, gone=refused([sitting], now=now)[sitting.id], now=now) if not p.too_soon]
    return bool(ahead) and not any(place.free for place in ahead)


def sitting(sitting_id: int) -> Sitting | None:
    """A sitting with its chamber and clinic."""
    query = select(Sitting).where(Sitting.id == sitting_id)
    return db.session.scalars(query.options(joinedload(Sitting.chamber).joinedload(Chamber.clinic))).first()


def next_sitting(sitting: Sitting, *, most: int, now: datetime) -> list[Place]:
    """The first free places of the same chamber's next sitting that has any."""
    ahead = open_sittings([sitting.doctor_id], now=now, chamber_id=sitting.chamber_id)
    found = free([s for s in ahead if s.starts_at > sitting.starts_at], now=now)
    return [place for place in found if place.sitting.id == found[0].sitting.id][:most]


def nearest(
    sitting_id: int, number: int, *, now: datetime, chamber_id: int | None = None, lead: timedelta | None = None
) -> list[Place]:
    """The three free places nearest in time to one that is gone, of the same doctor, or only of this chamber."""
    lost = db.session.get(Sitting, sitting_id)
    if lost is None:
        return []
    wanted = about(lost, number)
    found: list[Place] = []
    for span in (timedelta(days=1), timedelta(days=14)):
        around = open_sittings([lost.doctor_id], now=now, between=(wanted - span, wanted + span), chamber_id=chamber_id)
        found = sorted(free(around, now=now, lead=lead), key=lambda place: abs(place.about_at - wanted))[:NEAREST]
        if len(found) == NEAREST:
            break
    return found
