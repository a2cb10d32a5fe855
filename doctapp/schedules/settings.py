"""How a chamber takes bookings: how long ahead, until when they may be cancelled, and who accepts them."""

from __future__ import annotations

from doctapp.db import db, lock
from doctapp.doctors.models import Chamber, Doctor


def save(chamber: Chamber, *, lead_minutes: int, cut_off_minutes: int, acceptance: str) -> bool:
    """Write the settings; False where all is as before.

    Bookings already made keep the cut-off that was copied to them.
    """
    lock(Doctor, chamber.doctor_id)
    db.session.refresh(chamber)
    wanted = {"lead_minutes": lead_minutes, "cut_off_minutes": cut_off_minutes, "acceptance": acceptance}
    changed = {name: value for name, value in wanted.items() if getattr(chamber, name) != value}
    for name, value in changed.items():
        setattr(chamber, name, value)
    return bool(changed)
