"""How a chamber takes bookings and money: how long ahead, who accepts them, how they are paid, and what goes back."""

from __future__ import annotations

from typing import Any

from doctapp.clinics.models import Clinic
from doctapp.db import db, lock
from doctapp.doctors.models import Chamber, Doctor


def save(chamber: Chamber, **wanted: Any) -> bool:
    """Write these of the chamber's settings; False where all is as before.

    Bookings already made keep the cut-off and the refund rule that were copied to them.
    """
    lock(Doctor, chamber.doctor_id)
    db.session.refresh(chamber)
    changed = {name: value for name, value in wanted.items() if getattr(chamber, name) != value}
    for name, value in changed.items():
        setattr(chamber, name, value)
    return bool(changed)


def save_reminders(clinic: Clinic, *, day_before: bool, same_day: bool) -> bool:
    """Turn a clinic's reminders on or off; False where all is as before."""
    changed = (clinic.reminds_day_before, clinic.reminds_same_day) != (day_before, same_day)
    clinic.reminds_day_before, clinic.reminds_same_day = day_before, same_day
    return changed
