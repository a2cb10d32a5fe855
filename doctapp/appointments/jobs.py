"""What the sweep does with appointments: each row in a transaction of its own, harmless twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from doctapp.appointments import expiry, holding
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction


def _each(ids: Sequence[int], rule: Callable[..., bool], *, now: datetime) -> None:
    for row_id in ids:
        with transaction():
            row = db.session.get(Appointment, row_id, populate_existing=True)
            if row:
                rule(row, now=now)


def expire_holds(now: datetime) -> None:
    """Free the numbers of holds that ran out."""
    _each(expiry.overdue_holds(now=now), holding.expire, now=now)


def lapse_requests(now: datetime) -> None:
    """End requests that nobody decided, and tell their patients."""
    _each(expiry.undecided(now=now), expiry.lapse, now=now)


def remind_doctors(now: datetime) -> None:
    """Remind doctors of requests half of whose time is over."""
    _each(expiry.to_remind(now=now), expiry.remind, now=now)


def close_past(now: datetime) -> None:
    """Let booked appointments of sittings that never ran leave the lists."""
    _each(expiry.past(now=now), expiry.close, now=now)
