"""What joining two persons does here: the other's appointments become the survivor's; what happened stays as it was."""

from __future__ import annotations

from sqlalchemy import func, select, update

from doctapp.appointments.models import Appointment, Waiting
from doctapp.db import db


def bookings_of(person_id: int) -> int:
    """How many appointments would come along, past and ahead."""
    asked = select(func.count()).select_from(Appointment).where(Appointment.requested_at.is_not(None))
    return db.session.scalar(asked.where(Appointment.person_id == person_id)) or 0


def move(*, person_id: int, other_id: int) -> None:
    """Give the other's appointments and holds, and their places in waiting lists, to this person."""
    for row in (Appointment, Waiting):
        moving = update(row).where(row.person_id == other_id).values(person_id=person_id)
        db.session.execute(moving.execution_options(synchronize_session=False))
    db.session.expire_all()
