"""What people say of themselves: name, address, language. Phones and addresses are ways in, and must be proven."""

from __future__ import annotations

from datetime import datetime

from doctapp.accounts import names, patients
from doctapp.accounts.models import Patient
from doctapp.audit.recording import record
from doctapp.db import db


def oneself(person_id: int) -> Patient | None:
    """The patient this person is, if they ever said so."""
    return next((patient for patient in patients.of_person(person_id) if patient.oneself), None)


def save(*, person_id: int, name: str, address: str, language: str, now: datetime) -> None:
    """Keep what was typed; a changed name is also that of the patient one is, on all appointments.

    Raises AlreadyKept where a relative has just this name, sex and age.
    """
    person = patients.locked(person_id)
    tidy = names.tidy(name)
    if (person.name, person.address, person.language) == (tidy, address, language):
        return
    me = oneself(person_id)
    if me and tidy != person.name:
        age = patients.age(me, now=now)
        patients.change(me.id, person_id=person_id, name=tidy, sex=me.sex, age=age, now=now)
    person.name, person.address, person.language = tidy, address, language
    db.session.flush()
    record("edit_account", kind="person", row_id=person_id, person_id=person_id, side="patient", now=now)
