"""What a family's list means to its appointments: nobody leaves it with one ahead, and who is claimed brings theirs."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import aliased

from doctapp.accounts.models import Patient
from doctapp.appointments import queries
from doctapp.appointments.models import LIVE, Appointment
from doctapp.db import db
from doctapp.errors import DomainError
from doctapp.web.filters import day_short, digits


class StillAhead(DomainError):
    """A relative with a live appointment stays on the list; the refusal names the first one."""

    status = 409

    def __init__(self, patient: Patient, row: Appointment) -> None:
        day = day_short(row.about_at, row.sitting.chamber.clinic.zone)
        message = _l(
            "%(name)s still has serial %(number)s on %(day)s. Cancel it first.",
            name=patient.name,
            number=digits(row.number),
            day=day,
        )
        super().__init__(message, row=row)


def check_none_ahead(patient: Patient) -> None:
    """Raises StillAhead where the patient has a live appointment."""
    live = queries.live_of(patient.id)
    if live:
        raise StillAhead(patient, live[0])


def hand_over(patient_id: int, *, person_id: int, into: int | None) -> None:
    """A claimed patient's appointments become the person's where they were nobody's.

    With `into` they become those of the patient who was on the list before, but for one whose sitting that patient is
    already in.
    """
    theirs = update(Appointment).where(Appointment.patient_id == patient_id)
    nobodys = theirs.where(Appointment.person_id.is_(None)).values(person_id=person_id)
    db.session.execute(nobodys.execution_options(synchronize_session=False))
    if into is None:
        return
    there = aliased(Appointment)
    twice = exists(
        select(there.id).where(
            there.sitting_id == Appointment.sitting_id, there.patient_id == into, there.status.in_(LIVE)
        )
    )
    moving = theirs.where(or_(Appointment.status.not_in(LIVE), ~twice)).values(patient_id=into)
    db.session.execute(moving.execution_options(synchronize_session=False))
    db.session.expire_all()
