"""Claiming a patient whom the chamber booked by phone: by the proven phone, and by knowing whom it was for.

A phone may be mistyped at the desk, so its holder is shown neither name nor booking: name, sex and age are typed, and
a wrong try is told the same whether anything is kept for that phone or not (domain.md, "People").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from doctapp.accounts import limits, patients, people
from doctapp.accounts.limits import TooMany
from doctapp.accounts.models import Patient, Person, WayIn
from doctapp.db import db
from doctapp.errors import DomainError

TRIES_A_DAY = 5


class NoProvenPhone(DomainError):
    message = _l("Prove the phone first that the chamber was given: sign in with a code to it.")


class TooManyClaims(TooMany):
    message = _l("You can try this five times a day. Try again tomorrow, or call the chamber.")


class NothingFound(DomainError):
    """Said of every wrong try."""

    status = 422
    message = _l(
        "We found no booking under this name, age and sex with your phone. Type them as you said them by phone."
    )


@dataclass(frozen=True)
class Claim:
    """The patient who was claimed, and whom of the person's list it turned out to be, if it is one of them."""

    patient: Patient
    known: Patient | None

    @property
    def name(self) -> str:
        return (self.known or self.patient).name


def phones(person_id: int, *, now: datetime) -> Sequence[str]:
    """The phones this person proved within the last twelve months: numbers are given to other people."""
    proven = func.coalesce(WayIn.last_proven_at, WayIn.proven_at)
    query = select(WayIn.value).where(WayIn.person_id == person_id, WayIn.kind == "phone", WayIn.proven_at.is_not(None))
    return db.session.scalars(query.where(proven > now - people.PROOF_LASTS).order_by(WayIn.value)).all()


def claim(*, person_id: int, oneself: bool, name: str, sex: str, age: int, now: datetime) -> Claim | None:
    """Take over the patient without an owner who has this person's phone and these answers; None for a wrong try.

    Raises NoProvenPhone, TooManyClaims, or TooManyRelatives – each before anything is looked for.
    """
    person = patients.locked(person_id)
    proven = phones(person_id, now=now)
    if not proven:
        raise NoProvenPhone
    mine = patients.ever_of(person_id)
    known = patients.same(mine, name=name, sex=sex, age=age, now=now)
    is_self = oneself and not any(p.oneself for p in mine)
    fits = is_self if known is None else known.hidden_at is None
    if not (fits or patients.has_room(mine)):
        raise patients.TooManyRelatives
    _count_try(proven, now=now)
    found = _unowned(proven, name=name, sex=sex, age=age, now=now)
    if found is None or not _take(found, person_id=person_id, now=now):
        return None
    _put_on_list(found, known, mine, person=person, is_self=is_self, now=now)
    patients.note("claim_patient", found, person_id=person_id, now=now)
    return Claim(found, known)


def _count_try(proven: Sequence[str], *, now: datetime) -> None:
    """A try counts on the phones, so that it counts whoever proves them."""
    for phone in proven:
        limits.check("claim", phone, most=TRIES_A_DAY, per=limits.DAY, now=now, error=TooManyClaims)
    for phone in proven:
        limits.count("claim", phone, now=now)


def _unowned(proven: Sequence[str], *, name: str, sex: str, age: int, now: datetime) -> Patient | None:
    query = select(Patient).where(Patient.person_id.is_(None), Patient.phone.in_(proven)).order_by(Patient.id)
    return patients.same(db.session.scalars(query).all(), name=name, sex=sex, age=age, now=now)


def _take(patient: Patient, *, person_id: int, now: datetime) -> bool:
    """Make the patient this person's, if still nobody's."""
    taking = update(Patient).where(Patient.id == patient.id, Patient.person_id.is_(None)).values(person_id=person_id)
    done: Any = db.session.execute(taking.execution_options(synchronize_session=False))
    db.session.refresh(patient)
    return bool(done.rowcount)


def _put_on_list(
    patient: Patient, known: Patient | None, mine: Sequence[Patient], *, person: Person, is_self: bool, now: datetime
) -> None:
    """Show the claimed one; one who is known already is shown once, under the row that was there before."""
    if known:
        patients.show_again(known, mine)
        patient.hidden_at = now
    elif is_self:
        patient.oneself = True
        person.name = person.name or patient.name
    db.session.flush()
