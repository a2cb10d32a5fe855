"""What became of what a notice says: notices stay as they were written, and say beside it what is so now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from doctapp.appointments.models import Appointment
from doctapp.db import db

ASKED = ("requested",)
COMING = ("booked", "arrived", "called", "in_consultation")
CANCELLED = ("cancelled",)

# In which states what a notice of this kind says is still so; a kind that is not here speaks of no appointment.
SO: Mapping[str, tuple[str, ...]] = {
    "requested": ASKED,
    "new_request": ASKED,
    "reminder": ASKED,
    "booked": COMING,
    "day_before": COMING,
    "same_day": COMING,
    "moved": (*ASKED, *COMING),
    "patient_moved": (*ASKED, *COMING),
    "desk_moved": (*ASKED, *COMING),
    "patient_restored": (*ASKED, *COMING),
    "desk_restored": (*ASKED, *COMING),
    "late": (*ASKED, *COMING),
    "declined": ("declined",),
    "lapsed": ("lapsed",),
    "cancelled": CANCELLED,
    "clinic_cancelled": CANCELLED,
    "patient_cancelled": CANCELLED,
    "desk_cancelled": CANCELLED,
    "completed": ("completed",),
    "no_show": ("no_show",),
    "left": ("left",),
}


@dataclass(frozen=True)
class Now:
    """What is so now where it is not what was told: the state, and the place if it is another one."""

    status: str
    number: int | None = None
    about_at: datetime | None = None


def changed(told: Iterable[tuple[int, str, Mapping[str, Any]]]) -> dict[int, Now]:
    """What is so now, for those of these notices (id, kind, facts) of which it is something else."""
    about = [(key, kind, facts) for key, kind, facts in told if kind in SO]
    rows = _by_ref({facts.get("ref", "") for _, _, facts in about})
    found = {key: _now(kind, facts, rows.get(facts.get("ref", ""))) for key, kind, facts in about}
    return {key: now for key, now in found.items() if now}


def _by_ref(refs: set[str]) -> dict[str, Appointment]:
    query = select(Appointment).where(Appointment.ref.in_(refs)) if refs else None
    return {row.ref: row for row in db.session.scalars(query)} if query is not None else {}


def _now(kind: str, facts: Mapping[str, Any], row: Appointment | None) -> Now | None:
    if row is None:
        return None
    if row.status not in SO[kind]:
        return Now(row.status)
    if row.number == facts.get("number") and row.about_at.isoformat() == facts.get("about_at"):
        return None
    return Now(row.status, row.number, row.about_at)
