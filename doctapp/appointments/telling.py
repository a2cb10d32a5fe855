"""Whom each change is told to, and how: a notice in the pages at once, SMS and mail through the outbox.

Everything is written in the transaction of its cause; the words are in templates/sms, templates/mail and
templates/notifications/kinds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from doctapp.accounts import people
from doctapp.accounts.models import Person
from doctapp.appointments import places
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db
from doctapp.doctors.models import Doctor
from doctapp.notifications import outbox
from doctapp.notifications.telling import notify

AT_ONCE = timedelta(0)
LETTER_WAITS = timedelta(seconds=60)


def requested(row: Appointment, event: Event, *, now: datetime) -> None:
    """The patient: it waits for the doctor. The doctor: somebody asks."""
    _tell_patient(row, "requested", cause=event.id, now=now)
    _tell_doctor(row, "new_request", cause=f"event:{event.id}", now=now, mail=True)


def booked(row: Appointment, event: Event | None, *, now: datetime, wait: timedelta) -> None:
    """The patient: it is booked; the letter waits for an undo, the notice does not."""
    assert event is not None
    _tell_patient(row, "booked", cause=event.id, now=now, wait=wait)


def declined(row: Appointment, event: Event, *, now: datetime, wait: timedelta) -> None:
    """The patient: the doctor can't, and why."""
    _tell_patient(row, "declined", cause=event.id, now=now, wait=wait, why=event.why)


def lapsed(row: Appointment, event: Event, *, now: datetime) -> None:
    """The patient: nobody answered in time, nothing is to be paid."""
    _tell_patient(row, "lapsed", cause=event.id, now=now)


def cancelled(row: Appointment, event: Event, *, now: datetime) -> None:
    """The patient: it is cancelled, as asked. The doctor: the number is free again."""
    _tell_patient(row, "cancelled", cause=event.id, now=now)
    _tell_doctor(row, "patient_cancelled", cause=f"event:{event.id}", now=now)


def restored(row: Appointment, event: Event, undone: Event, *, now: datetime) -> None:
    """An undo: the patient is told what is so again, by letter only where the undone act's letter has gone out."""
    waited = AT_ONCE if undone.act == "cancel" else LETTER_WAITS
    by_letter = now >= undone.at + waited
    kind = "booked" if row.status == "booked" else "requested"
    _tell_patient(row, kind, cause=event.id, now=now, by_letter=by_letter)
    if undone.side == "patient":
        _tell_doctor(row, "patient_restored", cause=f"event:{event.id}", now=now)


def reminder(row: Appointment, *, now: datetime) -> None:
    """The doctor, half-way: a request still waits."""
    _tell_doctor(row, "reminder", cause=f"reminder:{row.ref}:{row.last_event_id}", now=now, mail=True)


def is_true(kind: str, *, ref: str, cause: str) -> bool:
    """Whether a letter still says what is so: its event is the row's last one, and the state is the one it names."""
    row = db.session.scalars(
        select(Appointment).where(Appointment.ref == ref).execution_options(populate_existing=True)
    ).first()
    if row is None:
        return False
    if kind in {"new_request", "reminder"}:
        return row.status == "requested"
    return cause == f"event:{row.last_event_id}" and row.status == kind


def facts(row: Appointment) -> dict[str, Any]:
    """What letters and notices may say of an appointment; names in both languages."""
    sitting = row.sitting
    chamber, clinic = sitting.chamber, sitting.chamber.clinic
    doctor: Doctor = chamber.doctor
    come_from, come_until = places.come_between(sitting, row.about_at)
    return {
        "ref": row.ref,
        "number": row.number,
        "doctor_en": doctor.name_en,
        "doctor_bn": doctor.name_bn,
        "clinic_en": clinic.name_en,
        "clinic_bn": clinic.name_bn,
        "address_en": clinic.address_en,
        "address_bn": clinic.address_bn,
        "room_en": chamber.room_en,
        "room_bn": chamber.room_bn,
        "phone": clinic.phone,
        "zone": clinic.zone,
        "about_at": row.about_at,
        "come_from": come_from,
        "come_until": come_until,
        "lapses_at": row.lapses_at,
        "patient": row.patient.name if row.patient else row.typed_name,
        "url": f"{current_app.config['SETTINGS'].public_url}/appointments/{row.ref}",
    }


def kept(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as a notice keeps them: moments as ISO text, which the filters read too."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()}


def _tell_patient(
    row: Appointment,
    kind: str,
    *,
    cause: int,
    now: datetime,
    wait: timedelta = AT_ONCE,
    by_letter: bool = True,
    why: str = "",
) -> None:
    assert row.person_id is not None
    said = {**facts(row), "why": why}
    name = f"event:{cause}"
    notify(person_id=row.person_id, kind=kind, cause=name, link=f"/appointments/{row.ref}", facts=kept(said), now=now)
    if not by_letter:
        return
    if row.phone:
        _write("sms", kind, row, address=row.phone, cause=name, facts=said, now=now, wait=wait)
    mail = people.proven(row.person_id, "email")
    if mail:
        _write("mail", kind, row, address=mail.value, cause=name, facts=said, now=now, wait=wait)


def _write(
    channel: str,
    kind: str,
    row: Appointment,
    *,
    address: str,
    cause: str,
    facts: dict[str, Any],
    now: datetime,
    wait: timedelta = AT_ONCE,
    language: str | None = None,
) -> None:
    outbox.write(
        channel=channel,
        kind=kind,
        cause=cause,
        about=row.ref,
        address=address,
        language=language or row.language,
        facts=facts,
        now=now,
        due_at=now + wait,
    )


def _tell_doctor(row: Appointment, kind: str, *, cause: str, now: datetime, mail: bool = False) -> None:
    doctor = row.sitting.chamber.doctor
    if doctor.person_id is None:
        return
    said = facts(row)
    notify(person_id=doctor.person_id, kind=kind, cause=cause, link="/doctor/requests", facts=kept(said), now=now)
    address = people.proven(doctor.person_id, "email") if mail else None
    if address:
        person = db.session.get(Person, doctor.person_id)
        said = {**said, "url": f"{current_app.config['SETTINGS'].public_url}/doctor/requests"}
        _write(
            "mail",
            kind,
            row,
            address=address.value,
            cause=cause,
            facts=said,
            now=now,
            language=person.language if person else "en",
        )
