"""The rows of the audit: entries that are only ever added (a trigger refuses the rest), and the seals over them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from doctapp.db import Moment, Row


class AuditEntry(Row):
    """One act or one reading: who, in what capacity, what, of which row, when. Ids only; they outlive their rows."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_patient_at", "patient_id", "at"),
        Index("ix_audit_entry_row", "kind", "row_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    act: Mapped[str] = mapped_column(String(30))
    person_id: Mapped[int | None]
    side: Mapped[str] = mapped_column(String(8), default="")
    clinic_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(20))
    row_id: Mapped[int]
    patient_id: Mapped[int | None]


class AuditSeal(Row):
    """The hash over the entries of one closed minute and over the seal before it."""

    __tablename__ = "audit_seal"

    id: Mapped[int] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(Moment, unique=True)
    entries: Mapped[int]
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(Moment)
