"""From a hold to a request: who it is for, what it costs, and how long the doctor has to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError

from doctapp.accounts import patients
from doctapp.accounts.models import Patient, Person
from doctapp.appointments import life, telling, waiting
from doctapp.appointments.holding import HoldRanOut, NumberTaken, SittingClosed, is_held
from doctapp.appointments.life import TIME, By
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, lock
from doctapp.doctors.models import Chamber
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting

ANSWER_WITHIN = timedelta(hours=24)
ANSWER_BEFORE = timedelta(hours=2)
ANSWER_AT_LEAST = timedelta(minutes=30)
A_PATIENT, A_PERSON = 5, 10
AHEAD = ("requested", "booked", "arrived", "called", "in_consultation")


class AlreadyRequested(DomainError):
    message = _l("This appointment was already requested.")


class NotNamed(DomainError):
    """The hold does not say yet whom the visit is for."""

    status = 422
    message = _l("Say first whom the appointment is for.")


class SamePerson(DomainError):
    """Somebody of this name, but of another sex or age, is on the list: it is asked before a new patient is made."""

    message = _l("Say first whether it is the same person.")


class FeeChanged(DomainError):
    """The chamber changed its fees while the patient was reading."""

    message = _l("The fee has changed meanwhile. Look at the new one below before you ask.")


class TooManyAhead(DomainError):
    message = _l("There are already many appointments ahead. Cancel one you don't need, or call us: we help by phone.")


@dataclass(frozen=True)
class Fee:
    """The visit that is granted, its price in poisha, and within how many days none was found for the one asked for."""

    visit: str
    price: int
    not_seen_in_days: int | None = None


def answers(
    row: Appointment, *, who: str, name: str, age: int | None, sex: str, phone: str, visit: str, reason: str
) -> None:
    """Keep what was typed on the hold; it claims nothing until the phone is proven."""
    if (name, age, sex) != (row.typed_name, row.typed_age, row.typed_sex):
        row.another_person = False
    row.typed_who, row.typed_name, row.typed_age, row.typed_sex = who, name, age, sex
    row.typed_phone, row.visit, row.reason = phone, visit, reason
    db.session.flush()


def claim(row: Appointment, *, person_id: int) -> None:
    """The holder proved a phone: the hold is now this person's."""
    row.person_id = person_id
    db.session.flush()


def likely_patient(row: Appointment, *, now: datetime) -> Patient | None:
    """The person's patient the answers speak of: chosen from the list, or the one of this name, sex and age."""
    if row.person_id is None or row.typed_age is None:
        return None
    mine = patients.ever_of(row.person_id)
    return _chosen(row, mine) or patients.same(mine, **_typed(row), now=now)


def _chosen(row: Appointment, mine: Sequence[Patient]) -> Patient | None:
    """Who was chosen from the list, whatever was corrected of them meanwhile."""
    return next((patient for patient in mine if row.typed_who == str(patient.id)), None)


def like_named(row: Appointment, *, now: datetime) -> list[Patient]:
    """Those of the person's patients about whom one should ask whether it is one of them."""
    if row.person_id is None or row.typed_age is None or row.another_person or likely_patient(row, now=now):
        return []
    return patients.near(patients.ever_of(row.person_id), **_typed(row), now=now)


def _typed(row: Appointment) -> dict[str, Any]:
    return {"name": row.typed_name, "sex": row.typed_sex, "age": row.typed_age or 0}


def settle(row: Appointment, *, same_as: Patient | None, now: datetime) -> None:
    """Keep the answer: it is this one of the person's patients, or another person."""
    row.another_person = same_as is None
    if same_as:
        row.typed_who, row.typed_name, row.typed_sex = str(same_as.id), same_as.name, same_as.sex
        row.typed_age = patients.age(same_as, now=now)
    db.session.flush()


def granted(row: Appointment, patient: Patient | None) -> Fee:
    """The fee of the visit that was asked for, if a completed visit in this chamber allows it; else the new fee."""
    chamber: Chamber = row.sitting.chamber
    if row.visit == "follow_up":
        price, days = chamber.fee_follow_up, chamber.follow_up_days
    elif row.visit == "report":
        price, days = chamber.fee_report, chamber.report_days
    else:
        return Fee("new", chamber.fee_new)
    if patient and _was_seen(patient, row.sitting, days=days):
        return Fee(row.visit, price)
    return Fee("new", chamber.fee_new, not_seen_in_days=days)


def _was_seen(patient: Patient, sitting: Sitting, *, days: int) -> bool:
    query = (
        select(func.max(Sitting.local_date))
        .join(Appointment, Appointment.sitting_id == Sitting.id)
        .where(Appointment.patient_id == patient.id, Appointment.status == "completed")
        .where(Sitting.chamber_id == sitting.chamber_id, Sitting.local_date <= sitting.local_date)
    )
    last = db.session.scalar(query)
    return last is not None and sitting.local_date - last <= timedelta(days=days)


def answer_by(about_at: datetime, *, now: datetime) -> datetime:
    """When an undecided request lapses: the earlier of 24 h from now and 2 h before the start, at least 30 min from
    now, never past the start."""
    asked = max(min(now + ANSWER_WITHIN, about_at - ANSWER_BEFORE), now + ANSWER_AT_LEAST)
    return min(asked, about_at)


def deadlines(row: Appointment, about_at: datetime, *, now: datetime) -> dict[str, Any]:
    """When a request that shall start at another time lapses, at least 30 min from now, and when the doctor is reminded.

    Empty for what is no longer a request.
    """
    if row.status != "requested":
        return {}
    asked = answer_by(about_at, now=row.requested_at or now)
    lapses_at = min(max(asked, now + ANSWER_AT_LEAST), about_at)
    return {"lapses_at": lapses_at, "remind_at": now + (lapses_at - now) / 2}


def request(row: Appointment, *, method: str, now: datetime, fee_seen: int | None = None) -> None:
    """Ask the doctor for the held number; where the chamber accepts by itself it is booked at once.

    Price and policy are copied to the row here. Raises HoldRanOut, NotNamed, SamePerson, TooManyAhead, TooManyRelatives,
    AlreadyRequested, SittingClosed, or FeeChanged where the patient read another price (`fee_seen`, in poisha).
    """
    person = lock_person(row)
    lock(Sitting, row.sitting_id, share=True)
    db.session.refresh(row)
    if row.status in AHEAD:
        raise AlreadyRequested
    check_open(row)
    if not is_held(row, now=now):
        raise HoldRanOut
    fee = granted(row, likely_patient(row, now=now))
    if fee_seen not in {None, fee.price}:
        raise FeeChanged
    event = ask(row, person, fee=fee, method=method, now=now, only_if=(Appointment.held_until > now,))
    if event is None:
        raise HoldRanOut
    if row.sitting.chamber.acceptance == "auto":
        booked = life.change(
            row, act="accept", was="requested", became="booked", by=TIME, now=now, booked_at=now, lapses_at=None
        )
        telling.booked(row, booked, now=now, wait=timedelta(0))
    else:
        telling.requested(row, event, now=now)


def ask(
    row: Appointment,
    person: Person,
    *,
    fee: Fee,
    method: str,
    now: datetime,
    only_if: tuple[ColumnElement[bool], ...] = (),
) -> Event | None:
    """Make the kept number a request of this person's, with price and policy as they are now; None where it was lost.

    The person and the sitting are locked by the caller. Raises what `request` raises of the patient and the counts.
    """
    patient = named_patient(row, person, now=now)
    check_counts(row, patient, now=now)
    chamber, lapses_at = row.sitting.chamber, answer_by(row.about_at, now=now)
    try:
        event = life.change(
            row,
            act="request",
            was=row.status,
            became="requested",
            by=By("patient", person.id),
            now=now,
            only_if=(Appointment.person_id == person.id, *only_if),
            patient_id=patient.id,
            phone=_phone(person),
            visit=fee.visit,
            price=fee.price,
            currency=chamber.currency,
            method=method,
            cut_off_minutes=chamber.cut_off_minutes,
            refund_minutes=chamber.refund_minutes,
            refund_percent=chamber.refund_percent,
            requested_at=now,
            lapses_at=lapses_at,
            remind_at=now + (lapses_at - now) / 2,
        )
    except IntegrityError as lost:
        raise place_lost(lost, patient) from lost
    if event and row.waiting_id is not None:
        waiting.end(row.waiting_id, "taken", now=now)
    return event


def check_open(row: Appointment) -> None:
    """The sitting as it is under its lock: whoever cancels it is before this request, or after it."""
    db.session.refresh(row.sitting)
    if row.sitting.cancelled_at is not None:
        raise SittingClosed


def lock_person(row: Appointment) -> Person:
    """The person who holds it, locked and read anew; raises NotNamed where nobody proved a phone yet."""
    if row.person_id is None:
        raise NotNamed
    lock(Person, row.person_id)
    person = db.session.get(Person, row.person_id, populate_existing=True)
    assert person is not None
    return person


def _phone(person: Person) -> str | None:
    return next((way.value for way in person.ways_in if way.kind == "phone" and way.proven_at), None)


def named_patient(row: Appointment, person: Person, *, now: datetime) -> Patient:
    """Whom the answers name, found or made; raises NotNamed or SamePerson."""
    if not row.typed_name or row.typed_age is None or not row.typed_sex:
        raise NotNamed
    if like_named(row, now=now):
        raise SamePerson
    mine = patients.ever_of(person.id)
    known = _chosen(row, mine)
    if known:
        patients.show_again(known, mine)
        return known
    return patients.find_or_make(
        person=person, oneself=row.typed_who == "me", **_typed(row), phone=_phone(person), now=now
    )


def check_counts(row: Appointment, patient: Patient, *, now: datetime) -> None:
    """At most five ahead a patient and ten a person, one a sitting; counted under the person's lock."""
    mine = or_(Appointment.person_id == row.person_id, Appointment.patient_id == patient.id)
    ahead = select(Appointment.sitting_id, Appointment.patient_id, Appointment.person_id)
    rows = db.session.execute(ahead.where(mine, Appointment.status.in_(AHEAD), Appointment.about_at > now)).all()
    if any(r.patient_id == patient.id and r.sitting_id == row.sitting_id for r in rows):
        raise _already_there(patient)
    if sum(r.patient_id == patient.id for r in rows) >= A_PATIENT:
        raise TooManyAhead
    if sum(r.person_id == row.person_id for r in rows) >= A_PERSON:
        raise TooManyAhead


def place_lost(lost: IntegrityError, patient: Patient | None) -> DomainError:
    """Which of the two live indexes refused a place: somebody has the number, or the patient has one there."""
    return _already_there(patient) if patient and "patient" in str(lost.orig) else NumberTaken()


def _already_there(patient: Patient) -> DomainError:
    return DomainError(_l("%(name)s already has a serial in this sitting.", name=patient.name), name=patient.name)
