"""Writing an audit row, in the transaction of what it records; none is ever written into a minute that is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, insert, literal, select
from sqlalchemy.sql.elements import ColumnElement

from doctapp.audit.models import AuditEntry, AuditSeal
from doctapp.db import Moment, db, later


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
    """Write that this person did this to that row; `side` says in what capacity (patient, clinic, admin, time).

    `act` and `kind` are words of `audit/acts.py`; no text that anybody typed is ever given here.
    """
    entry = {"act": act, "kind": kind, "row_id": row_id, "person_id": person_id, "side": side}
    record_all([{**entry, "clinic_id": clinic_id, "patient_id": patient_id}], now=now)


def record_all(entries: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Write several entries of one moment in one statement; each has every column but the moment."""
    db.session.execute(insert(AuditEntry).values([{**entry, "at": _unsealed(now)} for entry in entries]))


def _unsealed(now: datetime) -> ColumnElement[datetime]:
    """The moment itself, or the first after the newest seal: a sweep under way may bring a `now` minutes old."""
    sealed = select(func.max(AuditSeal.minute)).scalar_subquery()
    here = literal(now, Moment())
    return case((sealed >= literal(now.replace(second=0, microsecond=0), Moment()), later(sealed, 1)), else_=here)
