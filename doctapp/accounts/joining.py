"""Joining: who proves a phone that is somebody else's way in is asked, and only a phone-only person is joined.

The door knows the roles and the rows of later rooms; it moves appointments and notices in the same transaction
(domain.md, "People").
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from doctapp.accounts import people, sessions
from doctapp.accounts.models import Patient, Person, WayIn
from doctapp.accounts.people import AnotherPersons
from doctapp.audit.recording import record
from doctapp.db import db, lock

PASSED = {"synchronize_session": False}


def candidate(*, person_id: int, phone: str, now: datetime) -> Person | None:
    """Who could be joined into this person by this phone; the door still asks for roles.

    None where the phone is nobody's or one's own; raises AnotherPersons for somebody who has more than phones, or whose
    phone nobody proved for twelve months: the number may have another holder now.
    """
    owner = people.owner_of("phone", phone)
    if owner is None or owner.id == person_id:
        return None
    if not is_phone_only(owner) or people.is_unproven_for_long("phone", phone, now=now):
        raise AnotherPersons
    return owner


def is_phone_only(person: Person) -> bool:
    """Whether phones are all this person has: no password, no address, no Google; neither admin nor suspended."""
    kinds = {way.kind for way in people.all_proven(person.id)}
    return kinds == {"phone"} and not (person.password_hash or person.admin or person.suspended_at)


def patients_of(person_id: int) -> int:
    """How many patients would come along."""
    query = select(func.count()).select_from(Patient)
    return db.session.scalar(query.where(Patient.person_id == person_id, Patient.hidden_at.is_(None))) or 0


def lock_both(person_id: int, other_id: int) -> None:
    """Hold both persons, in the order of their ids, until the transaction ends; the survivor must be nobody's."""
    lock(Person, person_id, other_id)
    db.session.expire_all()
    sessions.admit(person_id)


def join(*, person_id: int, other_id: int, phone: str, now: datetime) -> None:
    """Make the other's ways in and patients this person's, and end what the other had open.

    The other's own self becomes a relative; patients are never merged, and limits that are exceeded by it stand.
    Raises AnotherPersons where the other was joined into somebody meanwhile.
    """
    _mark(person_id=person_id, other_id=other_id)
    _move(WayIn, person_id=person_id, other_id=other_id)
    _move(Patient, person_id=person_id, other_id=other_id, oneself=False)
    people.note_proof("phone", phone, now=now)
    joined_before = update(Person).where(Person.joined_into_id == other_id)
    db.session.execute(joined_before.values(joined_into_id=person_id), execution_options=PASSED)
    name = select(Person.name).where(Person.id == other_id).scalar_subquery()
    nameless = update(Person).where(Person.id == person_id, Person.name == "")
    db.session.execute(nameless.values(name=name), execution_options=PASSED)
    sessions.end_all(other_id, now=now, why="joined")
    record("joined", kind="person", row_id=other_id, person_id=person_id, side="patient", now=now)


def _mark(*, person_id: int, other_id: int) -> None:
    """Of two who join the same person one wins: who was joined once is nobody's to join again."""
    marking = update(Person).where(Person.id == other_id, Person.joined_into_id.is_(None))
    done: Any = db.session.execute(marking.values(joined_into_id=person_id), execution_options=PASSED)
    if done.rowcount != 1:
        raise AnotherPersons


def _move(row: type[WayIn | Patient], *, person_id: int, other_id: int, **also: Any) -> None:
    moving = update(row).where(row.person_id == other_id).values(person_id=person_id, **also)
    db.session.execute(moving, execution_options=PASSED)
