"""The doctor is N minutes late: times to come shift at once, and who is coming is told once a change that matters.

A number's about-time stays: it is the order of the queue. The telling is the sweep's and the bell's, in batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from doctapp.appointments import telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.audit.recording import record
from doctapp.db import after_commit, db, lock
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting
from doctapp.work import bell

MOST = 240
MATTERS = 10
TOLD_WITHIN = timedelta(hours=24)
TOLD = ("requested", "booked")
BATCH = 50


class NotSitting(DomainError):
    message = _l("This sitting is over or cancelled. Nothing was changed.")


def announce(sitting_id: int, *, minutes: int, by: By, now: datetime) -> bool:
    """Say that the doctor comes so many minutes late, 0 for on time; False where that was said. Raises NotSitting."""
    said = (
        update(Sitting)
        .where(Sitting.id == sitting_id, Sitting.cancelled_at.is_(None), Sitting.ends_at > now)
        .where(Sitting.late_minutes != minutes)
        .values(late_minutes=minutes, late_changes=Sitting.late_changes + 1)
        .execution_options(synchronize_session=False)
    )
    changed: bool = db.session.execute(said).rowcount == 1  # type: ignore[attr-defined]
    sitting = db.session.get(Sitting, sitting_id, populate_existing=True)
    assert sitting is not None
    if not changed and (sitting.cancelled_at is not None or sitting.ends_at <= now):
        raise NotSitting
    if changed:
        clinic_id = sitting.chamber.clinic_id
        record(
            "lateness", kind="sitting", row_id=sitting_id, person_id=by.person_id, side=by.side, clinic_id=clinic_id,
            now=now,
        )  # fmt: skip
        after_commit(lambda: bell.ring("appointments.tell_late_sitting", sitting_id))
    return changed


def is_told(sitting: Sitting, *, now: datetime) -> bool:
    """Whether its patients are told of a change now: it is within a day, and not over."""
    return sitting.cancelled_at is None and sitting.starts_at <= now + TOLD_WITHIN and sitting.ends_at > now


def untold(*, now: datetime) -> Sequence[int]:
    """The ids of sittings whose lateness changed by ten minutes or more since their patients were told."""
    matters = func.abs(Sitting.late_minutes - Sitting.late_told_minutes) >= MATTERS
    query = select(Sitting.id).where(Sitting.late_minutes != Sitting.late_told_minutes, matters)
    query = query.where(Sitting.cancelled_at.is_(None), Sitting.ends_at > now, Sitting.starts_at <= now + TOLD_WITHIN)
    return db.session.scalars(query.order_by(Sitting.starts_at).limit(BATCH)).all()


def to_tell(sitting_id: int, *, after: int) -> Sequence[int]:
    """The next ids of this sitting's appointments whose patients are coming."""
    query = select(Appointment.id).where(Appointment.sitting_id == sitting_id, Appointment.status.in_(TOLD))
    return db.session.scalars(query.where(Appointment.id > after).order_by(Appointment.id).limit(BATCH)).all()


def tell(ids: Sequence[int], *, sitting_id: int, now: datetime) -> None:
    """Tell these patients how late the doctor is now; who was told of this change is not told again."""
    lock(Sitting, sitting_id, share=True)
    sitting = db.session.get(Sitting, sitting_id, populate_existing=True)
    if sitting is None or not is_told(sitting, now=now):
        return
    coming = select(Appointment).where(Appointment.id.in_(ids), Appointment.sitting_id == sitting_id)
    coming = coming.where(Appointment.status.in_(TOLD)).execution_options(populate_existing=True)
    for row in db.session.scalars(coming.order_by(Appointment.id)).all():
        telling.late(row, cause=cause(sitting, row), now=now)


def all_told(sitting_id: int, *, change: int, minutes: int) -> None:
    """Everybody was told of this change; one that came meanwhile is told by the next round."""
    done = update(Sitting).where(Sitting.id == sitting_id, Sitting.late_changes == change)
    db.session.execute(done.values(late_told_minutes=minutes).execution_options(synchronize_session=False))


def cause(sitting: Sitting, row: Appointment) -> str:
    """The name of what an appointment's patient is told once: sitting, change, minutes, reference."""
    return f"late:{sitting.id}:{sitting.late_changes}:{sitting.late_minutes}:{row.ref}"


def is_true(*, ref: str, cause: str, now: datetime) -> bool:
    """Whether a letter about lateness still says what is so: still coming, not yet past, and as late, about."""
    query = select(Appointment).where(Appointment.ref == ref).execution_options(populate_existing=True)
    row = db.session.scalars(query).first()
    if row is None or row.status not in TOLD:
        return False
    sitting = db.session.get(Sitting, row.sitting_id, populate_existing=True)
    _late, sitting_id, _change, minutes, _ref = cause.split(":")
    if sitting is None or sitting.cancelled_at is not None or sitting.id != int(sitting_id):
        return False
    seen_at = row.about_at + timedelta(minutes=sitting.late_minutes)
    return abs(sitting.late_minutes - int(minutes)) < MATTERS and seen_at > now
