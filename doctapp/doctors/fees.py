"""What a visit costs in a chamber, where it is and which languages are spoken there; fees are integer poisha."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from doctapp.audit.recording import record
from doctapp.db import db, lock
from doctapp.doctors.models import Chamber, Doctor
from doctapp.doctors.profile import written

POISHA = 100
HIGHEST_TAKA = 100_000
LONGEST_DAYS = 365
MONEY = ("fee_new", "fee_follow_up", "fee_report")


def chamber_of(chamber_id: int, *, doctor_id: int | None, clinic_ids: Collection[int]) -> Chamber | None:
    """The chamber, for its doctor and the staff of its clinic only."""
    chamber = db.session.get(Chamber, chamber_id) if 0 < chamber_id < 2**31 else None
    if chamber is None or (chamber.doctor_id != doctor_id and chamber.clinic_id not in clinic_ids):
        return None
    return chamber


def in_taka(chamber: Chamber) -> dict[str, Any]:
    """The fees as they are typed; one that has poisha is cut to whole taka."""
    return {name: getattr(chamber, name) // POISHA for name in MONEY}


def save(
    chamber_id: int,
    *,
    taka: dict[str, int],
    days: dict[str, int],
    rooms: dict[str, str],
    languages: Collection[str],
    person_id: int,
    now: datetime,
) -> None:
    """Keep what new requests are asked; who asked before keeps the price that was copied then."""
    chamber = db.session.get_one(Chamber, chamber_id)
    lock(Doctor, chamber.doctor_id)
    db.session.refresh(chamber)
    money = {name: amount * POISHA for name, amount in taka.items() if amount != in_taka(chamber)[name]}
    wanted: dict[str, Any] = {**money, **days, **rooms, "languages": written(languages)}
    if all(getattr(chamber, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(chamber, name, value)
    db.session.flush()
    by = {"person_id": person_id, "clinic_id": chamber.clinic_id}
    record("set_fees", kind="chamber", row_id=chamber_id, side="clinic", now=now, **by)
