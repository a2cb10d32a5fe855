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
from doctapp.appointments.models import LIVE, Appointment, Event, Waiting
from doctapp.db import db
from doctapp.doctors.models import Doctor
from doctapp.notifications import outbox
from doctapp.notifications.telling import notify
from doctapp.payments import queries, refunding
from doctapp.payments.models import Refund
from doctapp.schedules.models import Sitting

AT_ONCE = timedelta(0)
LETTER_WAITS = timedelta(seconds=60)
STATES_SAID = {"moved": ("requested", "booked"), "clinic_cancelled": ("cancelled",)}
ENDINGS = ("declined", "lapsed", "cancelled", "clinic_cancelled")


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
    """The patient: it is cancelled, as asked, or by the clinic, whose letter waits for an undo. The doctor: it is free."""
    if event.side == "patient":
        _tell_patient(row, "cancelled", cause=event.id, now=now)
        _tell_doctor(row, "patient_cancelled", cause=f"event:{event.id}", now=now)
        return
    wait = LETTER_WAITS if event.side == "clinic" else AT_ONCE
    _tell_patient(row, "clinic_cancelled", cause=event.id, now=now, wait=wait, why=event.why)
    _tell_doctor_of_others(row, "desk_cancelled", event, now=now, by=event.side)


def going_back(row: Appointment, refund: Refund, *, now: datetime) -> None:
    """The patient: what was paid books nothing, and all of it goes back: it came late, came twice, or was flagged."""
    _tell_payer(row, "going_back", refund, cause=f"refund:{refund.id}", now=now, why=refund.cause)


def refunded(row: Appointment, refund: Refund, *, now: datetime) -> None:
    """The patient: the gateway has sent the money back."""
    _tell_payer(row, "refunded", refund, cause=f"refunded:{refund.id}", now=now)


def _tell_payer(row: Appointment, kind: str, refund: Refund, *, cause: str, now: datetime, **more: Any) -> None:
    said, link = (
        {**facts(row), "amount": refund.amount, "currency": refund.currency, **more},
        f"/appointments/{row.ref}",
    )
    if row.person_id is not None:
        notify(person_id=row.person_id, kind=kind, cause=cause, link=link, facts=kept(said), now=now)
    phone = people.proven(row.person_id, "phone") if row.person_id is not None else None
    if phone:
        _write("sms", kind, row, address=phone.value, cause=cause, facts=said, now=now)


def ended_with_sitting(row: Appointment, event: Event, *, now: datetime) -> None:
    """The patient: the chamber cancelled the sitting; there is no undo that the letter would wait for."""
    _tell_patient(row, "clinic_cancelled", cause=event.id, now=now, why=event.why)


def sitting_cancelled(sitting: Sitting, *, by_person_id: int | None, now: datetime) -> None:
    """The doctor, in the pages, where somebody else did it: this sitting is cancelled."""
    chamber, clinic = sitting.chamber, sitting.chamber.clinic
    if chamber.doctor.person_id in {None, by_person_id}:
        return
    said = {
        "clinic_en": clinic.name_en,
        "clinic_bn": clinic.name_bn,
        "zone": clinic.zone,
        "starts_at": sitting.starts_at,
    }
    notify(
        person_id=chamber.doctor.person_id,
        kind="sitting_cancelled",
        cause=f"sitting_cancelled:{sitting.id}:{now.isoformat()}",
        link=f"/doctor/sittings/{sitting.id}",
        facts=kept(said),
        now=now,
    )


def late(row: Appointment, *, cause: str, now: datetime) -> None:
    """The patient, in the pages and by SMS: how late the doctor is, and when to come now."""
    said = {**facts(row), "late": row.sitting.late_minutes, "state": row.status}
    link = f"/appointments/{row.ref}"
    if row.person_id is not None:
        notify(person_id=row.person_id, kind="late", cause=cause, link=link, facts=kept(said), now=now)
    if row.phone:
        _write("sms", "late", row, address=row.phone, cause=cause, facts=said, now=now)


def moved(row: Appointment, event: Event, *, now: datetime, by_letter: bool = True) -> None:
    """The patient: which serial and time it is now, and which it was; the doctor, unless it was the doctor's act."""
    place = left(event)
    wait = LETTER_WAITS if event.act == "move" and event.side == "clinic" else AT_ONCE
    _tell_patient(row, "moved", cause=event.id, now=now, wait=wait, by_letter=by_letter, **place)
    if event.side == "patient":
        _tell_doctor(row, "patient_moved", cause=f"event:{event.id}", now=now, link=f"/appointments/{row.ref}", **place)
    else:
        _tell_doctor_of_others(row, "desk_moved", event, now=now, **place)


def left(event: Event) -> dict[str, Any]:
    """The number and the time from which a move led away."""
    sitting = db.session.get(Sitting, event.was_sitting_id)
    assert sitting is not None
    assert event.was_number is not None
    return {"was_number": event.was_number, "was_about_at": places.about(sitting, event.was_number)}


def offered(row: Appointment, event: Event, waiter: Waiting, *, token: str, now: datetime) -> None:
    """Who waits, by SMS, and by mail where they have one: the link to the offer, which stands nowhere else."""
    url = f"{current_app.config['SETTINGS'].public_url}/waiting/{token}"
    said = {**facts(row), "until": row.held_until, "url": url}
    letter: dict[str, Any] = {"cause": f"event:{event.id}", "facts": said, "now": now}
    letter |= {"expires_at": row.held_until, "secret": True}
    _write("sms", "offered", row, address=waiter.phone, **letter)
    mail = people.proven(waiter.person_id, "email") if waiter.person_id is not None else None
    if mail:
        _write("mail", "offered", row, address=mail.value, **letter)


def reminded(row: Appointment, kind: str, *, now: datetime) -> None:
    """The patient, a day or two hours before: which serial, and when to come."""
    _tell_patient(row, kind, cause=f"{kind}:{row.ref}:{row.about_at.isoformat()}", now=now)


def closed(row: Appointment, event: Event, *, now: datetime) -> None:
    """The patient, in the pages only: nobody wrote down a visit. What elapsed or was completed needs no word."""
    if row.person_id is not None and row.status in {"left", "no_show"}:
        _tell_patient(row, row.status, cause=event.id, now=now, by_letter=False)


def turned(row: Appointment, event: Event, *, now: datetime) -> None:
    """The patient, in the pages only: how the chamber says that it ended."""
    if row.person_id is not None and row.status in {"left", "no_show", "completed"}:
        _tell_patient(row, row.status, cause=event.id, now=now, by_letter=False)


def restored(row: Appointment, event: Event, undone: Event, *, now: datetime) -> None:
    """An undo: the patient is told what is so again, by letter only where the undone act's letter has gone out."""
    if undone.act == "outcome":
        turned(row, event, now=now)
        return
    waited = AT_ONCE if undone.side == "patient" else LETTER_WAITS
    by_letter = now >= undone.at + waited
    if undone.act == "move":
        moved(row, event, now=now, by_letter=by_letter)
        return
    kind = "booked" if row.status == "booked" else "requested"
    _tell_patient(row, kind, cause=event.id, now=now, by_letter=by_letter)
    if undone.side == "patient":
        _tell_doctor(row, "patient_restored", cause=f"event:{event.id}", now=now)
    elif undone.act == "cancel":
        _tell_doctor_of_others(row, "desk_restored", event, now=now)


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
        return row.status == "requested" and not _moved_since(row, cause)
    return cause == f"event:{row.last_event_id}" and row.status in STATES_SAID.get(kind, (kind,))


def _moved_since(row: Appointment, cause: str) -> bool:
    """Whether it has another place than when this was written: the last number of a cause is its event's id."""
    later = select(Event.id).where(Event.appointment_id == row.id, Event.was_sitting_id.is_not(None))
    return db.session.scalar(later.where(Event.id > int(cause.rpartition(":")[2])).limit(1)) is not None


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
        **_money(row),
        "url": f"{current_app.config['SETTINGS'].public_url}/appointments/{row.ref}",
    }


def _money(row: Appointment) -> dict[str, int]:
    """What was paid for it and stands, and what is left to pay at the chamber (poisha).

    Of a visit that is paid only that payment counts: another is on its way back.
    """
    settled = row.method in {None, "chamber"} or (row.paid and row.status in LIVE)
    paid = row.paid if settled else queries.stands(row.id)
    return {"paid": paid, "to_pay": max((row.price or 0) - paid, 0)}


def kept(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as a notice keeps them: moments as ISO text, which the filters read too."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()}


def _tell_patient(
    row: Appointment,
    kind: str,
    *,
    cause: int | str,
    now: datetime,
    wait: timedelta = AT_ONCE,
    by_letter: bool = True,
    why: str = "",
    **more: Any,
) -> None:
    name = f"event:{cause}" if isinstance(cause, int) else cause
    said = {**facts(row), "state": row.status, "why": why, **more}
    if kind in ENDINGS:
        said["goes_back"] = refunding.owed(row.id, cause=name)
    link = f"/appointments/{row.ref}"
    if row.person_id is not None:
        notify(person_id=row.person_id, kind=kind, cause=name, link=link, facts=kept(said), now=now)
    if not by_letter:
        return
    if row.phone:
        _write("sms", kind, row, address=row.phone, cause=name, facts=said, now=now, wait=wait)
    mail = people.proven(row.person_id, "email") if row.person_id is not None else None
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
    **more: Any,
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
        **more,
    )


def _tell_doctor_of_others(row: Appointment, kind: str, event: Event, *, now: datetime, **more: Any) -> None:
    """Tell the doctor what the desk or an admin did with the appointment; of one's own acts nobody is told."""
    if event.person_id != row.sitting.chamber.doctor.person_id:
        _tell_doctor(row, kind, cause=f"event:{event.id}", now=now, link=f"/appointments/{row.ref}", **more)


def _tell_doctor(
    row: Appointment,
    kind: str,
    *,
    cause: str,
    now: datetime,
    mail: bool = False,
    link: str = "/doctor/requests",
    **more: Any,
) -> None:
    doctor = row.sitting.chamber.doctor
    if doctor.person_id is None:
        return
    said = {**facts(row), **more}
    notify(person_id=doctor.person_id, kind=kind, cause=cause, link=link, facts=kept(said), now=now)
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
