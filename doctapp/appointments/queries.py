"""Reading appointments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from doctapp.accounts.models import Person
from doctapp.appointments.closing import CLOSE_AFTER
from doctapp.appointments.models import KEPT, LIVE, Appointment, Event
from doctapp.clinics.models import Clinic, Staff
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor
from doctapp.schedules.models import Sitting

UPCOMING = ("requested", "booked", "arrived", "called", "in_consultation")
INBOX = 50


def _whole() -> Select[Appointment]:
    place = joinedload(Appointment.sitting).joinedload(Sitting.chamber)
    return select(Appointment).options(
        place.joinedload(Chamber.clinic), place.joinedload(Chamber.doctor), joinedload(Appointment.patient)
    )


def by_ref(ref: str) -> Appointment | None:
    """An appointment with all its page shows."""
    return db.session.scalars(_whole().where(Appointment.ref == ref)).first()


def upcoming(person_id: int, now: datetime) -> Sequence[Appointment]:
    """A person's appointments ahead, for oneself and for relatives, soonest first; until an hour after the sitting."""
    query = _whole().join(Sitting, Sitting.id == Appointment.sitting_id)
    query = query.where(Appointment.person_id == person_id, Appointment.status.in_(UPCOMING))
    query = query.where(Sitting.ends_at > now - CLOSE_AFTER)
    return db.session.scalars(query.order_by(Appointment.about_at)).all()


def live_of(patient_id: int) -> Sequence[Appointment]:
    """A patient's live appointments, soonest first."""
    live = _whole().where(Appointment.patient_id == patient_id, Appointment.status.in_(LIVE))
    return db.session.scalars(live.order_by(Appointment.about_at)).all()


def asked_ahead(*, doctor_id: int, chamber_id: int | None = None, now: datetime) -> int:
    """How many appointments ahead a doctor, or one chamber, has been asked for or has given."""
    query = select(func.count()).select_from(Appointment).join(Sitting, Sitting.id == Appointment.sitting_id)
    query = query.where(Appointment.doctor_id == doctor_id, Appointment.status.in_(UPCOMING), Sitting.ends_at > now)
    return db.session.scalar(query.where(Sitting.chamber_id == chamber_id) if chamber_id else query) or 0


def holds(person_id: int, now: datetime) -> Sequence[Appointment]:
    """What a person holds, or took up of what was offered, and has not finished."""
    query = _whole().where(Appointment.person_id == person_id, Appointment.status.in_(KEPT))
    return db.session.scalars(query.where(Appointment.held_until > now)).all()


def past(person_id: int, now: datetime, *, page: int, size: int = 20) -> tuple[Sequence[Appointment], int]:
    """A page of a person's ended and bygone appointments, newest first, and how many there are."""
    query = _whole().join(Sitting, Sitting.id == Appointment.sitting_id)
    over = or_(Appointment.status.not_in(UPCOMING), Sitting.ends_at <= now - CLOSE_AFTER)
    mine = (Appointment.person_id == person_id, Appointment.requested_at.is_not(None), over)
    counted = select(func.count()).select_from(Appointment).join(Sitting, Sitting.id == Appointment.sitting_id)
    rows = query.where(*mine).order_by(Appointment.about_at.desc()).offset((page - 1) * size).limit(size)
    return db.session.scalars(rows).all(), db.session.scalar(counted.where(*mine)) or 0


def _theirs(doctor_id: int | None, clinic_ids: frozenset[int]) -> ColumnElement[bool]:
    return or_(Appointment.doctor_id == (doctor_id or 0), Chamber.clinic_id.in_(clinic_ids))


def waiting(*, doctor_id: int | None, clinic_ids: frozenset[int], person_id: int) -> Sequence[Appointment]:
    """The requests this doctor, or the staff of these clinics, may decide: oldest first, never their own."""
    query = _whole().join(Sitting, Sitting.id == Appointment.sitting_id).join(Chamber, Chamber.id == Sitting.chamber_id)
    query = query.where(Appointment.status == "requested", _theirs(doctor_id, clinic_ids))
    query = query.where(Appointment.person_id != person_id)
    return db.session.scalars(query.order_by(Appointment.requested_at, Appointment.id).limit(INBOX)).all()


def waiting_count(*, doctor_id: int | None, clinic_ids: frozenset[int], person_id: int, after: int = 0) -> int:
    """How many requests wait for this doctor or these clinics; with `after` only those newer than that event."""
    query = select(func.count()).select_from(Appointment)
    query = query.join(Sitting, Sitting.id == Appointment.sitting_id).join(Chamber, Chamber.id == Sitting.chamber_id)
    query = query.where(Appointment.status == "requested", _theirs(doctor_id, clinic_ids))
    query = query.where(Appointment.person_id != person_id, Appointment.last_event_id > after)
    return db.session.scalar(query) or 0


def newest_event() -> int:
    """The id of the newest event there is: what a page knows it has seen."""
    return db.session.scalar(select(func.max(Event.id))) or 0


def decided(*, person_id: int, now: datetime, since: datetime) -> Sequence[tuple[Appointment, Event]]:
    """What this person decided since then and may still undo, newest first."""
    query = _whole().add_columns(Event).join(Event, Event.id == Appointment.last_event_id)
    query = query.where(Event.person_id == person_id, Event.side == "clinic", Event.at > since)
    query = query.where(Event.act.in_(("accept", "decline")))
    return [(row, event) for row, event in db.session.execute(query.order_by(Event.id.desc()))]


def actor(event: Event | None) -> tuple[str, str, str]:
    """Who made an event, as a name in English, in Bangla, and the clinic they acted for, if any."""
    if event is None or event.person_id is None:
        return "", "", ""
    doctor = db.session.scalars(select(Doctor).where(Doctor.person_id == event.person_id)).first()
    if doctor:
        return doctor.name_en, doctor.name_bn, "doctor"
    person = db.session.get(Person, event.person_id)
    at_desk = db.session.scalar(select(Clinic.id).join(Staff).where(Staff.person_id == event.person_id).limit(1))
    name = person.name if person else ""
    return name, name, "staff" if at_desk else ""


def refs(ids: Collection[int]) -> dict[int, str]:
    """The references of these appointments, each by its id."""
    found = db.session.execute(select(Appointment.id, Appointment.ref).where(Appointment.id.in_(ids)))
    return {row.id: row.ref for row in found}


def sittings(
    *, doctor_id: int | None, clinic_ids: frozenset[int], now: datetime, page: int, size: int
) -> tuple[Sequence[Sitting], int]:
    """A page of the sittings of this doctor or these clinics that are not over, soonest first, and how many."""
    theirs = or_(Sitting.doctor_id == (doctor_id or 0), Chamber.clinic_id.in_(clinic_ids))
    mine = (theirs, Sitting.ends_at > now)
    query = select(Sitting).join(Chamber, Chamber.id == Sitting.chamber_id).where(*mine)
    place = joinedload(Sitting.chamber)
    query = query.options(place.joinedload(Chamber.clinic), place.joinedload(Chamber.doctor))
    query = query.order_by(Sitting.starts_at, Sitting.id).offset((page - 1) * size).limit(size)
    counted = select(func.count()).select_from(Sitting).join(Chamber, Chamber.id == Sitting.chamber_id)
    return db.session.scalars(query).all(), db.session.scalar(counted.where(*mine)) or 0


def counts(sitting_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many appointments of each state these sittings have."""
    found: dict[int, dict[str, int]] = {sitting_id: {} for sitting_id in sitting_ids}
    query = select(Appointment.sitting_id, Appointment.status, func.count())
    query = query.where(Appointment.sitting_id.in_(sitting_ids)).group_by(Appointment.sitting_id, Appointment.status)
    for sitting_id, status, count in db.session.execute(query):
        found[sitting_id][status] = count
    return found


def of_sitting(sitting_id: int, *, now: datetime) -> Sequence[Appointment]:
    """What a sitting's list shows, by number: all who asked for it, and holds that still stand."""
    held = Appointment.status.in_(KEPT) & (Appointment.held_until > now)
    query = _whole().where(Appointment.sitting_id == sitting_id, or_(Appointment.requested_at.is_not(None), held))
    return db.session.scalars(query.order_by(Appointment.number, Appointment.id)).all()
