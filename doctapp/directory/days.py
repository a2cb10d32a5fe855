"""The days a doctor sits, and the places of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import select

from doctapp.appointments import places
from doctapp.appointments.places import Place
from doctapp.clock import local
from doctapp.db import db
from doctapp.directory import counting
from doctapp.doctors.models import Chamber, Doctor
from doctapp.schedules.models import Sitting

PARTS = ((4, "night"), (6, "dawn"), (12, "morning"), (15, "noon"), (18, "afternoon"), (20, "evening"), (24, "night"))


@dataclass(frozen=True)
class Day:
    """A local date on which a doctor sits, and how many places are free on it."""

    date: date
    free: int


@dataclass(frozen=True)
class Sheet:
    """A sitting as it is offered: the places that are far enough ahead, by part of the day, and which one is chosen."""

    sitting: Sitting
    places: Sequence[Place]
    chosen: Place | None
    lost: Place | None

    @property
    def free(self) -> int:
        return sum(place.free for place in self.places)

    @property
    def too_soon(self) -> int:
        """How many numbers, from the first on, are too near to be taken here."""
        return self.sitting.capacity - len(self.places)

    @property
    def parts(self) -> list[tuple[str, list[Place]]]:
        return [(part, list(there)) for part, there in groupby(self.places, key=_part)]


def _part(place: Place) -> str:
    about = local(place.about_at, place.zone)
    if about.date() > place.sitting.local_date:
        return "after_midnight"
    return next(part for end, part in PARTS if about.hour < end)


def ahead(doctor_id: int, *, now: datetime) -> list[Day]:
    """The days on which a place can still be asked for, soonest first, full ones too."""
    query = (
        select(Sitting.local_date, counting.free_count(now))
        .join(Chamber, Chamber.id == Sitting.chamber_id)
        .join(Doctor, Doctor.id == Sitting.doctor_id)
        .where(Sitting.doctor_id == doctor_id, Doctor.status == "approved", counting.is_open(now))
        .where(counting.too_soon(now) < Sitting.capacity)
        .order_by(Sitting.local_date)
    )
    by_day = groupby(db.session.execute(query), key=lambda row: row[0])
    return [Day(day, sum(free for _day, free in rows)) for day, rows in by_day]


def choose(days: Sequence[Day], asked: date | None) -> date | None:
    """The day to show: the one asked for, else the first with a free place, else the first at all."""
    if asked is not None:
        return asked
    open_days = [day.date for day in days if day.free] or [day.date for day in days]
    return open_days[0] if open_days else None


def sheets(doctor_id: int, day: date, *, asked: tuple[int, int] | None = None, now: datetime) -> list[Sheet]:
    """The sittings of a day; `asked` is a sitting and a number of it that was chosen before."""
    sittings = places.open_sittings([doctor_id], now=now, day=day)
    gone = places.refused(sittings, now=now)
    return [sheet(sitting, gone=gone[sitting.id], asked=asked, now=now) for sitting in sittings]


def sheet(
    sitting: Sitting,
    *,
    gone: set[int],
    asked: tuple[int, int] | None = None,
    now: datetime,
    lead: timedelta | None = None,
) -> Sheet:
    """The number asked for is chosen; where it is lost the next free one, else the first free."""
    shown = [place for place in places.of_sitting(sitting, gone=gone, now=now, lead=lead) if not place.too_soon]
    wanted = asked[1] if asked and asked[0] == sitting.id else 0
    lost = next((place for place in shown if place.number == wanted and not place.free), None)
    free = [place for place in shown if place.free]
    chosen = next((place for place in free if place.number >= wanted), free[0] if free else None)
    return Sheet(sitting, shown, chosen, lost)


def day_of(sitting_id: int, *, doctor_id: int) -> date | None:
    """The local date of a doctor's sitting."""
    return db.session.scalar(select(Sitting.local_date).filter_by(id=sitting_id, doctor_id=doctor_id))


def next_free(doctor_id: int, days: Sequence[Day], *, after: date, now: datetime) -> Place | None:
    """The first place of the next day that has one; of an earlier day only where no later one has."""
    later = [day for day in days if day.free and day.date > after]
    open_days = later or [day for day in days if day.free]
    if not open_days:
        return None
    free = places.free(places.open_sittings([doctor_id], now=now, day=open_days[0].date), now=now)
    return free[0] if free else None
