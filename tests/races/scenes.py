"""Rows for races, made by the clock that the servers read."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from doctapp import clock
from doctapp.accounts.models import Patient, Person
from doctapp.appointments.models import LIVE, Appointment, Event
from doctapp.clinics.models import Clinic
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor
from doctapp.schedules.models import Sitting
from tests import make

_number = itertools.count(1)


@dataclass(frozen=True)
class Evening:
    """Dr Rokeya's evening: who decides there, and the sitting."""

    rokeya: Person
    nasrin: Person
    doctor: Doctor
    clinic: Clinic
    chamber: Chamber
    sitting: Sitting


def evening(**sitting: Any) -> Evening:
    """An evening of tomorrow, unless said otherwise, at a chamber of its own, with a doctor and a clerk."""
    db.session.rollback()  # the test's reads would keep SQLite from writing
    n = next(_number)
    rokeya = make.person(email=f"rokeya-{n}@demo.test", name="Rokeya Begum")
    nasrin = make.person(email=f"nasrin-{n}@demo.test", name="Nasrin Akter")
    clinic = make.clinic(name_en="Gomoti Hospital")
    doctor = make.doctor(person_id=rokeya.id)
    chamber = make.chamber(doctor, clinic)
    make.staff(nasrin, clinic)
    return Evening(rokeya, nasrin, doctor, clinic, chamber, make.sitting(chamber, **sitting))


def phone() -> str:
    """A phone that nobody has used on this database."""
    return f"+88018{secrets.randbelow(10**8):08}"


def alice() -> tuple[Person, Patient]:
    """A person with a proven phone, and herself on it."""
    person = make.person(phone=phone(), name="Alice Akter")
    return person, make.patient(person, "Alice Akter", 30, oneself=True)


def hold(sitting: Sitting, number: int, *, of: Person, token: str, **given: Any) -> Appointment:
    """What this person holds in the browser of this cookie, with all answers given."""
    now = clock.now()
    answers = {"typed_who": "me", "typed_name": "Alice Akter", "typed_age": 30, "typed_sex": "female"}
    until = {"held_until": now + timedelta(minutes=15), "person_id": of.id, "now": now}
    return make.hold(sitting, number=number, browser=token, **{**answers, **until, **given})


def requested(sitting: Sitting, number: int, *, of: Patient, **given: Any) -> Appointment:
    """A request that waits for the doctor."""
    return make.appointment(sitting, number=number, status="requested", of=of, now=clock.now(), **given)


def at(sitting: Sitting, number: int | None = None) -> Select[Any]:
    """The live appointments of a sitting, or of one number of it."""
    query = select(Appointment).where(Appointment.sitting_id == sitting.id, Appointment.status.in_(LIVE))
    return query if number is None else query.where(Appointment.number == number)


def events_of(row_id: int) -> Select[Any]:
    """What happened to an appointment, in its order."""
    return select(Event).where(Event.appointment_id == row_id).order_by(Event.id)
