"""Reading leaves a row too: once for a person, a thing read and a quarter of an hour, so that polls don't flood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from doctapp.audit import recording
from doctapp.audit.models import AuditEntry
from doctapp.db import db

ONCE_IN = timedelta(minutes=15)
READ = "read"


@dataclass(frozen=True)
class Read:
    """One thing of a patient that is shown to somebody, in what capacity, and for which clinic."""

    kind: str
    row_id: int
    patient_id: int | None
    side: str
    clinic_id: int | None = None


def unrecorded(reads: Iterable[Read], *, person_id: int, now: datetime) -> list[Read]:
    """Those of the reads that this person was not seen at within the last quarter of an hour."""
    wanted = list(dict.fromkeys(reads))
    if not wanted:
        return []
    lately = select(AuditEntry.kind, AuditEntry.row_id, AuditEntry.side).where(
        AuditEntry.kind.in_({read.kind for read in wanted}),
        AuditEntry.row_id.in_({read.row_id for read in wanted}),
        AuditEntry.person_id == person_id,
        AuditEntry.act == READ,
        AuditEntry.at > now - ONCE_IN,
    )
    known = {tuple(row) for row in db.session.execute(lately)}
    return [read for read in wanted if (read.kind, read.row_id, read.side) not in known]


def record(reads: Iterable[Read], *, person_id: int, now: datetime) -> None:
    """Write that this person read these, in one statement."""
    recording.record_all([{"act": READ, "person_id": person_id, **vars(read)} for read in reads], now=now)
