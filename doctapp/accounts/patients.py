"""Patients of a person: oneself and up to six relatives; the same name, sex and age is the same patient.

Who is taken off the list is hidden, never deleted: past visits keep them, and whoever is added again is found again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from doctapp.accounts import limits, names
from doctapp.accounts.models import Patient, Person
from doctapp.audit.recording import record
from doctapp.db import db, lock
from doctapp.errors import DomainError, NotFound

RELATIVES = 6
OLDEST = 120
KEY_LETTERS = 120
SEX_WORDS = {"female": _l("Female"), "male": _l("Male"), "other": _l("Other")}


class TooManyRelatives(DomainError):
    status = 409
    message = _l("You already keep six people here. Choose one of them, or call us: we help by phone.")


class AlreadyKept(DomainError):
    """An edit would make two patients of a person the same one."""

    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(
            _l(
                "%(name)s of this sex and age is on your list already, or was before: the two could not be told apart.",
                name=name,
            )
        )


class LikeNamed(DomainError):
    """Somebody of this name, but of another sex or age, is on the list: `like` are those to ask about."""

    status = 409
    message = _l("Say first whether it is the same person.")

    def __init__(self, like: Sequence[Patient]) -> None:
        super().__init__()
        self.like = like


def of_person(person_id: int) -> Sequence[Patient]:
    """The person's patients, oneself first; who was taken off the list is left out."""
    return [patient for patient in ever_of(person_id) if patient.hidden_at is None]


def ever_of(person_id: int) -> Sequence[Patient]:
    """The person's patients with those who were taken off the list, who come last."""
    query = select(Patient).filter_by(person_id=person_id)
    query = query.order_by(Patient.hidden_at.is_not(None), Patient.oneself.desc(), Patient.id)
    return db.session.scalars(query).all()


def age(patient: Patient, *, now: datetime) -> int:
    """The patient's age in years, to within one: people know their age, not always their birthday."""
    return now.year - patient.born


def same(patients: Sequence[Patient], *, name: str, sex: str, age: int, now: datetime) -> Patient | None:
    """The patient of this normalised name, sex and age ± 1."""
    near = (p for p in patients if p.name_key == _key(name) and p.sex == sex)
    return next((p for p in near if abs(p.born - (now.year - age)) <= 1), None)


def near(patients: Sequence[Patient], *, name: str, sex: str, age: int, now: datetime) -> list[Patient]:
    """Patients so like this one that one should ask: the same name, but another sex or age."""
    if same(patients, name=name, sex=sex, age=age, now=now):
        return []
    return [p for p in patients if p.name_key == _key(name)]


def chosen(patients: Sequence[Patient], who: str) -> Patient | None:
    """Which of these a form's `who` names: "me", or the id of a relative."""
    return next((p for p in patients if who == ("me" if p.oneself else str(p.id))), None)


def _key(name: str) -> str:
    """What is stored to compare names by; folding case may make a name longer than it was."""
    return names.key(name)[:KEY_LETTERS]


def locked(person_id: int) -> Person:
    """The person, whose row is locked until the transaction ends: under it patients are counted."""
    lock(Person, person_id)
    person = db.session.get(Person, person_id, populate_existing=True)
    if person is None:
        raise NotFound
    return person


def has_room(mine: Sequence[Patient]) -> bool:
    """Whether one more relative fits beside those that are shown."""
    return sum(not p.oneself and p.hidden_at is None for p in mine) < RELATIVES


def show_again(patient: Patient, mine: Sequence[Patient]) -> None:
    """Put back on the list who was taken off it; raises TooManyRelatives where six are on it."""
    if patient.hidden_at is None:
        return
    if not has_room(mine):
        raise TooManyRelatives
    patient.hidden_at = None
    db.session.flush()


def find_or_make(
    *, person: Person, oneself: bool, name: str, sex: str, age: int, phone: str | None, now: datetime
) -> Patient:
    """The patient of these answers; the person's row is locked by the caller, so the count holds.

    Raises TooManyRelatives for a seventh relative.
    """
    mine = ever_of(person.id)
    found = same(mine, name=name, sex=sex, age=age, now=now)
    if found:
        show_again(found, mine)
        return found
    is_self = oneself and not any(p.oneself for p in mine)
    if not is_self and not has_room(mine):
        raise TooManyRelatives
    patient = _new(name=name, sex=sex, age=age, phone=phone, now=now)
    patient.person_id, patient.oneself = person.id, is_self
    db.session.add(patient)
    if is_self and not person.name:
        person.name = patient.name
    db.session.flush()
    return patient


def add(
    *, person_id: int, oneself: bool, name: str, sex: str, age: int, same_as: str, phone: str | None, now: datetime
) -> Patient:
    """Put somebody on the person's list; whoever is known already is the same, also after having been taken off it.

    `same_as` answers a near match: the id of whom it is, or "another". Raises LikeNamed where that is still to be
    asked, TooManyRelatives for a seventh relative.
    """
    person = locked(person_id)
    mine = ever_of(person_id)
    like = near(mine, name=name, sex=sex, age=age, now=now)
    known = next((p for p in like if str(p.id) == same_as), None)
    if known:
        show_again(known, mine)
        return known
    if like and same_as != "another":
        raise LikeNamed(like)
    return find_or_make(person=person, oneself=oneself, name=name, sex=sex, age=age, phone=phone, now=now)


def _new(*, name: str, sex: str, age: int, phone: str | None, now: datetime) -> Patient:
    tidy = names.tidy(name)
    return Patient(
        oneself=False, name=tidy, name_key=_key(tidy), sex=sex, born=now.year - age, phone=phone, created_at=now
    )


def own(patient_id: int, *, person_id: int) -> Patient:
    """A patient on this person's list; anybody else's is as unknown as one that does not exist."""
    patient = next((p for p in of_person(person_id) if p.id == patient_id), None)
    if patient is None:
        raise NotFound
    return patient


def change(patient_id: int, *, person_id: int, name: str, sex: str, age: int, now: datetime) -> bool:
    """Correct a patient's name, sex and age on every visit of theirs; whether anything changed.

    One's own name is the account's too. Raises AlreadyKept where another patient of this person is just so.
    """
    person = locked(person_id)
    patient = own(patient_id, person_id=person_id)
    tidy, born = names.tidy(name), now.year - age
    if (patient.name, patient.sex, patient.born) == (tidy, sex, born):
        return False
    if same([p for p in ever_of(person_id) if p is not patient], name=name, sex=sex, age=age, now=now):
        raise AlreadyKept(tidy)
    patient.name, patient.name_key, patient.sex, patient.born = tidy, _key(tidy), sex, born
    if patient.oneself:
        person.name = tidy
    note("edit_patient", patient, person_id=person_id, now=now)
    return True


def hide(patient_id: int, *, person_id: int, now: datetime) -> None:
    """Take a relative off the list; the caller, who locked the person, saw that no appointment is ahead.

    Oneself stays.
    """
    patient = own(patient_id, person_id=person_id)
    if patient.oneself:
        raise NotFound
    patient.hidden_at = now
    note("hide_patient", patient, person_id=person_id, now=now)


def note(act: str, patient: Patient, *, person_id: int, now: datetime) -> None:
    key = patient.id
    record(act, kind="patient", row_id=key, patient_id=key, person_id=person_id, side="patient", now=now)


def make_for_caller(*, name: str, sex: str, age: int, phone: str, now: datetime) -> Patient:
    """The patient whom a clinic books for a caller: the one of this phone, name, sex and age, else a new one.

    A new one has this contact phone and no owner, until somebody proves the phone and claims it.
    """
    limits.lock("caller", phone, now=now)
    known = db.session.scalars(select(Patient).filter_by(phone=phone).order_by(Patient.id)).all()
    found = same(known, name=name, sex=sex, age=age, now=now)
    if found:
        return found
    patient = _new(name=name, sex=sex, age=age, phone=phone, now=now)
    db.session.add(patient)
    db.session.flush()
    return patient
