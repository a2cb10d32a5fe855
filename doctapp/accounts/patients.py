"""Patients of a person: oneself and up to six relatives; the same name, sex and age is the same patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from doctapp.accounts import names
from doctapp.accounts.models import Patient, Person
from doctapp.db import db
from doctapp.errors import DomainError

RELATIVES = 6
KEY_LETTERS = 120


class TooManyRelatives(DomainError):
    status = 409
    message = _l("You already keep six people here. Choose one of them, or call us: we help by phone.")


def of_person(person_id: int) -> Sequence[Patient]:
    """The person's patients, oneself first."""
    query = select(Patient).filter_by(person_id=person_id).order_by(Patient.oneself.desc(), Patient.id)
    return db.session.scalars(query).all()


def age(patient: Patient, *, now: datetime) -> int:
    """The patient's age in years, to within one: people know their age, not always their birthday."""
    return now.year - patient.born


def same(patients: Sequence[Patient], *, name: str, sex: str, age: int, now: datetime) -> Patient | None:
    """The patient of this normalised name, sex and age ± 1."""
    near = (p for p in patients if p.name_key == _key(name) and p.sex == sex)
    return next((p for p in near if abs(p.born - (now.year - age)) <= 1), None)


def near(patients: Sequence[Patient], *, name: str, sex: str, age: int, now: datetime) -> Patient | None:
    """A patient so like this one that one should ask: the same name, but another sex or age."""
    if same(patients, name=name, sex=sex, age=age, now=now):
        return None
    return next((p for p in patients if p.name_key == _key(name)), None)


def _key(name: str) -> str:
    """What is stored to compare names by; folding case may make a name longer than it was."""
    return names.key(name)[:KEY_LETTERS]


def find_or_make(
    *, person: Person, oneself: bool, name: str, sex: str, age: int, phone: str | None, now: datetime
) -> Patient:
    """The patient a request is for; the person's row is locked by the caller, so the count holds.

    Raises TooManyRelatives for a seventh relative.
    """
    mine = of_person(person.id)
    found = same(mine, name=name, sex=sex, age=age, now=now)
    if found:
        return found
    is_self = oneself and not any(p.oneself for p in mine)
    if not is_self and sum(not p.oneself for p in mine) >= RELATIVES:
        raise TooManyRelatives
    patient = Patient(
        person_id=person.id,
        oneself=is_self,
        name=names.tidy(name),
        name_key=_key(name),
        sex=sex,
        born=now.year - age,
        phone=phone,
        created_at=now,
    )
    db.session.add(patient)
    if is_self and not person.name:
        person.name = patient.name
    db.session.flush()
    return patient
