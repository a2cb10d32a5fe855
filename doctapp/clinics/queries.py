"""Reading clinics and areas."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from doctapp.clinics.models import Area, Clinic, Staff
from doctapp.db import db


def works_at(person_id: int) -> frozenset[int]:
    """The ids of the clinics this person is staff of."""
    return frozenset(db.session.scalars(select(Staff.clinic_id).where(Staff.person_id == person_id)))


def staff_of(clinic_id: int) -> Sequence[int]:
    """The ids of the persons who are staff of a clinic."""
    return db.session.scalars(select(Staff.person_id).where(Staff.clinic_id == clinic_id).order_by(Staff.id)).all()


def areas() -> Sequence[Area]:
    """All areas that have a clinic in or below them, for choosing one: divisions with their districts and areas."""
    used = {area_id for (area_id,) in db.session.execute(select(Clinic.area_id).distinct())}
    every = {area.id: area for area in db.session.scalars(select(Area))}
    kept: dict[int, Area] = {}
    for area_id in used:
        area: Area | None = every[area_id]
        while area is not None and area.id not in kept:
            kept[area.id] = area
            area = every.get(area.parent_id) if area.parent_id else None
    return sorted(kept.values(), key=lambda area: area.name_en)


def within(slug: str) -> Sequence[int]:
    """The ids of an area and of all below it; empty where there is no such area."""
    top = select(Area.id).where(Area.slug == slug).cte("inside", recursive=True)
    inside = top.union_all(select(Area.id).join(top, Area.parent_id == top.c.id))
    return db.session.scalars(select(inside.c.id)).all()


def by_ids(clinic_ids: Collection[int]) -> dict[int, Clinic]:
    """These clinics, each by its id."""
    return {clinic.id: clinic for clinic in db.session.scalars(select(Clinic).where(Clinic.id.in_(clinic_ids)))}
