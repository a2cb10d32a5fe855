"""Entries and seals for the tests of the audit, and an attacker with the rights of a database's owner."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text

from doctapp.audit import jobs
from doctapp.audit.models import AuditEntry, AuditSeal
from doctapp.audit.recording import record
from doctapp.db import db, transaction
from tests.conftest import triggers_aside
from tests.people import MINUTE, NOW

START = NOW.replace(second=0) - timedelta(hours=1)


def write(at: datetime = START, *, act: str = "read", row_id: int = 1, **given: int | str | None) -> AuditEntry:
    """One committed entry."""
    values = {"kind": "appointment", "person_id": 7, "patient_id": 3, "side": "clinic", "clinic_id": 2, **given}
    with transaction():
        record(act, row_id=row_id, now=at, **values)
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def seal(now: datetime = NOW) -> None:
    """What the sweep does at this moment, whenever it last looked."""
    jobs.EVERY, every = timedelta(0), jobs.EVERY
    try:
        jobs.seal(now)
    finally:
        jobs.EVERY = every


def seals() -> list[AuditSeal]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditSeal).order_by(AuditSeal.minute)))


def entries() -> list[AuditEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def written_hours(minutes: int = 3, each: int = 2) -> None:
    """Some sealed minutes, one after another, with entries."""
    for minute in range(minutes):
        for second in range(each):
            write(START + minute * MINUTE + timedelta(seconds=second), row_id=10 * minute + second + 1)
    seal()


def tamper(statement: str, **values: object) -> None:
    """Change the tables by hand, with the triggers put aside."""
    db.session.rollback()
    with triggers_aside():
        assert db.session.execute(text(statement), values).rowcount > 0
