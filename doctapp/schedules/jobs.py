"""What the sweep does with schedules: sittings for the day that has just come within sixty days."""

from __future__ import annotations

from datetime import datetime

from doctapp.db import transaction
from doctapp.schedules import sittings

MOST_A_SWEEP = 50


def extend(now: datetime) -> None:
    """Make the sittings that weekly hours give and that are not there yet, some doctors a sweep."""
    for doctor_id in sittings.behind(now=now, most=MOST_A_SWEEP):
        with transaction():
            sittings.generate(doctor_id, now=now)
