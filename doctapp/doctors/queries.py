"""Reading doctors and chambers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from doctapp.clinics.models import Area, Clinic
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor


def of_person(person_id: int) -> int | None:
    """The id of the doctor who is this person; a suspended doctor has no doctor's doors."""
    query = select(Doctor.id).where(Doctor.person_id == person_id, Doctor.status == "approved")
    return db.session.scalar(query)


def is_doctor_of_any_kind(person_id: int) -> bool:
    """Whether this person is a doctor, or applied to be one, or was suspended."""
    return db.session.scalar(select(Doctor.id).where(Doctor.person_id == person_id)) is not None


def by_slug(slug: str) -> Doctor | None:
    """A doctor with specialties, chambers and their clinics."""
    places = joinedload(Chamber.clinic).joinedload(Clinic.area).joinedload(Area.parent)
    query = select(Doctor).where(Doctor.slug == slug)
    query = query.options(selectinload(Doctor.specialties), selectinload(Doctor.chambers).options(places))
    return db.session.scalars(query).first()


def by_person(person_ids: Collection[int]) -> dict[int, Doctor]:
    """The doctors who are these persons, whatever their standing is now."""
    doctors = db.session.scalars(select(Doctor).where(Doctor.person_id.in_(person_ids)))
    return {doctor.person_id: doctor for doctor in doctors if doctor.person_id is not None}
