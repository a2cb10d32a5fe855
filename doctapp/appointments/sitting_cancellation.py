"""A whole sitting is cancelled: it closes at once, and each appointment ends after it, in batches, told once.

The sweep repeats the second part for as long as anything is left, so that whatever slipped in beside goes too, and a
process that was killed half-way leaves nothing stuck.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from doctapp.appointments import cancelling, giving_back, life, queries, telling, waiting
from doctapp.appointments.life import By
from doctapp.appointments.models import KEPT, Appointment
from doctapp.audit.recording import record
from doctapp.db import after_commit, db, lock
from doctapp.doctors.models import Doctor
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting
from doctapp.work import bell

ACT = "sitting_cancel"
TOLD = ("requested", "booked", "arrived", "called")
BATCH = 50
LOOKED_AFTER = timedelta(days=7)
REASONS = {key: cancelling.CLINIC_REASONS[key] for key in ("away", "emergency", "closed")}


class SittingOver(DomainError):
    message = _l("This sitting is over. Nothing was changed.")


def said(why: str) -> str:
    """The reason that was chosen, or the words that were given."""
    return str(REASONS.get(why, why))


def concerned(sitting_id: int) -> tuple[int, int]:
    """How many patients a cancellation would be told to, and how many holds it would end."""
    by_status = queries.counts([sitting_id])[sitting_id]
    return sum(by_status.get(status, 0) for status in TOLD), sum(by_status.get(status, 0) for status in KEPT)


def cancel(sitting_id: int, *, why: str, by: By, now: datetime) -> bool:
    """Close the sitting: no number is given any more, and its appointments end right after; False where it was closed.

    `why` is one of REASONS, or words that the patients may read. Locks the doctor, then the sitting: who holds or asks
    for a number is before it, and ended by it, or after it, and refused. Raises SittingOver.
    """
    sitting = db.session.get(Sitting, sitting_id, populate_existing=True)
    assert sitting is not None
    lock(Doctor, sitting.doctor_id)
    lock(Sitting, sitting_id)
    deciding = (
        update(Sitting)
        .where(Sitting.id == sitting_id, Sitting.cancelled_at.is_(None), Sitting.ends_at > now)
        .values(cancelled_at=now, cancelled_why=why, cancelled_by_id=by.person_id)
        .execution_options(synchronize_session=False)
    )
    closed: bool = db.session.execute(deciding).rowcount == 1  # type: ignore[attr-defined]
    db.session.refresh(sitting)
    if sitting.cancelled_at is None:
        raise SittingOver
    if closed:
        _write_down(sitting, by=by, now=now)
        after_commit(lambda: bell.ring("appointments.end_sitting", sitting_id))
    return closed


def _write_down(sitting: Sitting, *, by: By, now: datetime) -> None:
    clinic_id = sitting.chamber.clinic_id
    record(ACT, kind="sitting", row_id=sitting.id, person_id=by.person_id, side=by.side, clinic_id=clinic_id, now=now)
    telling.sitting_cancelled(sitting, by_person_id=by.person_id, now=now)


def left_over(*, now: datetime, sitting_id: int | None = None, most: int = BATCH) -> Sequence[int]:
    """The ids of live appointments of cancelled sittings, or of this one; who is in the room stays there."""
    query = select(Appointment.id).join(Sitting, Sitting.id == Appointment.sitting_id)
    query = query.where(Sitting.cancelled_at.is_not(None), Sitting.ends_at > now - LOOKED_AFTER)
    query = query.where(Appointment.status.in_(KEPT + TOLD))
    if sitting_id is not None:
        query = query.where(Appointment.sitting_id == sitting_id)
    return db.session.scalars(query.order_by(Appointment.id).limit(most)).all()


def end(row: Appointment, *, now: datetime) -> bool:
    """End one appointment of a cancelled sitting and tell its patient; False where somebody was first."""
    lock(Sitting, row.sitting_id, share=True)
    db.session.refresh(row)
    sitting = db.session.get(Sitting, row.sitting_id, populate_existing=True)
    if sitting is None or sitting.cancelled_at is None or row.status not in KEPT + TOLD:
        return False
    event = life.change(
        row,
        act=ACT,
        was=row.status,
        became="expired" if row.status in KEPT else "cancelled",
        by=By("clinic", sitting.cancelled_by_id, sitting.chamber.clinic_id),
        now=now,
        why=sitting.cancelled_why,
        only_if=(Appointment.sitting_id == sitting.id,),
    )
    if event and row.waiting_id is not None:
        waiting.end(row.waiting_id, "passed", now=now)
    if event and row.status == "cancelled":
        giving_back.ended(row, event, now=now)
        telling.ended_with_sitting(row, event, now=now)
    return event is not None
