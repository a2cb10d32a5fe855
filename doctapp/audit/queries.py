"""Reading the audit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, or_, select

from doctapp.audit.models import AuditEntry
from doctapp.db import db


def of_patients(
    patient_ids: Collection[int], *, but_not_by: Collection[int], page: int, size: int = 20
) -> tuple[Sequence[AuditEntry], int]:
    """A page of what others did with these patients' records, newest first, and how much there is."""
    others = or_(AuditEntry.person_id.is_(None), AuditEntry.person_id.not_in(but_not_by))
    theirs = (AuditEntry.patient_id.in_(patient_ids), others)
    query = select(AuditEntry).where(*theirs).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    rows = db.session.scalars(query.offset((page - 1) * size).limit(size)).all()
    return rows, db.session.scalar(select(func.count()).select_from(AuditEntry).where(*theirs)) or 0
