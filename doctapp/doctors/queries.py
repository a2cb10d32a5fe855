"""Reading doctors and chambers."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from doctapp.clinics.models import Area, Clinic
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor


def of_person(person_id: int) -> int | None:
    """The id of the doctor who is this person; a suspended doctor has no doctor's doors."""
    query = select(Doctor.id).where(Doctor.person_id == person_id, Doctor.status == "approved")
    return db.session.scalar(query)


def by_slug(slug: str) -> Doctor | None:
    """A doctor with specialties, chambers and their clinics."""
    places = joinedload(Chamber.clinic).joinedload(Clinic.area).joinedload(Area.parent)
    query = select(Doctor).where(Doctor.slug == slug)
    query = query.options(selectinload(Doctor.specialties), selectinload(Doctor.chambers).options(places))
    return db.session.scalars(query).first()
