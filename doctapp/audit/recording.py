"""Writing an audit row, in the transaction of what it records."""

from __future__ import annotations

from datetime import datetime

from doctapp.audit.models import AuditEntry
from doctapp.db import db


def record(
    act: str,
    *,
    kind: str,
    row_id: int,
    person_id: int | None,
    now: datetime,
    side: str = "",
    clinic_id: int | None = None,
    patient_id: int | None = None,
) -> None:
    """Write that this person did this to that row; `side` says in what capacity (patient, clinic, admin, time)."""
    db.session.add(
        AuditEntry(
            at=now,
            act=act,
            person_id=person_id,
            side=side,
            clinic_id=clinic_id,
            kind=kind,
            row_id=row_id,
            patient_id=patient_id,
        )
    )
    db.session.flush()
