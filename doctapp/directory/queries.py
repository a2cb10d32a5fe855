"""Reading what the directory's forms and pages show beside the doctors themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from doctapp.clinics.models import Area, Clinic
from doctapp.db import db
from doctapp.doctors.models import Chamber, Specialty
from doctapp.schedules.models import Leave, WeeklyHours


@dataclass(frozen=True)
class AreaOption:
    """An area that can be chosen, and the one it lies in."""

    slug: str
    kind: str
    name_en: str
    name_bn: str
    parent: str | None


def areas() -> list[AreaOption]:
    """The areas that have a clinic in or below them."""
    columns = (Area.id, Area.parent_id, Area.slug, Area.kind, Area.name_en, Area.name_bn)
    query = select(*columns, select(Clinic.id).where(Clinic.area_id == Area.id).exists())
    every = {row[0]: row for row in db.session.execute(query)}
    kept: set[int] = set()
    for row in every.values():
        here: int | None = row[0] if row[6] else None
        while here is not None and here not in kept:
            kept.add(here)
            here = every[here][1]
    slugs = {row[0]: row[2] for row in every.values()}
    return [AreaOption(*row[2:6], slugs.get(row[1] or 0)) for row in every.values() if row[0] in kept]


def area(slug: str) -> AreaOption | None:
    """An area, whether or not it has a clinic."""
    row = db.session.scalars(select(Area).where(Area.slug == slug)).first()
    return AreaOption(row.slug, row.kind, row.name_en, row.name_bn, None) if row else None


def specialties() -> Sequence[Specialty]:
    """All specialties in their order."""
    return db.session.scalars(select(Specialty).order_by(Specialty.position)).all()


def hours(doctor_id: int) -> dict[int, list[WeeklyHours]]:
    """A doctor's weekly hours by chamber."""
    query = select(WeeklyHours).join(Chamber).where(Chamber.doctor_id == doctor_id)
    by_chamber: dict[int, list[WeeklyHours]] = defaultdict(list)
    for row in db.session.scalars(query.order_by(WeeklyHours.start)):
        by_chamber[row.chamber_id].append(row)
    return by_chamber


def leave(doctor_id: int, *, today: date) -> Sequence[Leave]:
    """What leave a doctor is on today: everywhere, or in a chamber."""
    query = select(Leave).where(Leave.doctor_id == doctor_id, Leave.first <= today, Leave.last >= today)
    return db.session.scalars(query.order_by(Leave.last.desc())).all()
