"""What a doctor says of themself in public; name and registration are verified and stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from doctapp.accounts import names
from doctapp.audit.recording import record
from doctapp.db import db, lock
from doctapp.doctors.models import Doctor, Specialty

LANGUAGES = {
    "bn": _l("Bangla"), "en": _l("English"), "hi": _l("Hindi"), "ur": _l("Urdu"), "ar": _l("Arabic")
}  # fmt: skip
MAY_EDIT = ("applicant", "approved")
FIELDS = ("title", "degrees", "college", "about")


def searched(name_en: str, name_bn: str) -> str:
    """What a doctor's name is looked for in: folded, in both scripts."""
    return names.key(f"{name_en} {name_bn}")


def own(person_id: int) -> Doctor | None:
    """The profile this person may edit: a doctor's, or an applicant's draft."""
    query = select(Doctor).where(Doctor.person_id == person_id, Doctor.status.in_(MAY_EDIT))
    return db.session.scalars(query).first()


def specialties() -> Sequence[Specialty]:
    """All specialties in their order."""
    return db.session.scalars(select(Specialty).order_by(Specialty.position)).all()


def experience(doctor: Doctor, *, now: datetime) -> int:
    """The years since the doctor passed."""
    return max(0, now.year - doctor.passing_year)


def written(languages: Collection[str]) -> str:
    """Languages as they are stored, in the order in which they are offered."""
    return " ".join(code for code in LANGUAGES if code in languages)


def save(
    doctor_id: int,
    *,
    texts: Mapping[str, str],
    passing_year: int,
    specialty_ids: Collection[int],
    languages: Collection[str],
    person_id: int,
    now: datetime,
) -> None:
    """Keep the profile, by which the public page and the search go from now on; appointments stay as they are."""
    lock(Doctor, doctor_id)
    doctor = db.session.get_one(Doctor, doctor_id, populate_existing=True)
    wanted: dict[str, Any] = {**texts, "passing_year": passing_year, "languages": written(languages)}
    fields = [one for one in specialties() if one.id in specialty_ids]
    if doctor.specialties == fields and all(getattr(doctor, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(doctor, name, value)
    doctor.specialties = fields
    doctor.search = searched(doctor.name_en, doctor.name_bn)
    db.session.flush()
    record("edit_profile", kind="doctor", row_id=doctor_id, person_id=person_id, side="clinic", now=now)
