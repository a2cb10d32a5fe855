"""What the sweep does with appointments: each row in a transaction of its own, harmless twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from doctapp import clock
from doctapp.appointments import (
    closing,
    expiry,
    holding,
    lateness,
    looking,
    offering,
    reminding,
    sitting_cancellation,
    waiting,
)
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.schedules.models import Sitting
from doctapp.work import turns

MOST_BATCHES = 50


def _each(ids: Sequence[int], rule: Callable[..., bool], *, now: datetime) -> None:
    for row_id in ids:
        with transaction():
            row = db.session.get(Appointment, row_id, populate_existing=True)
            if row:
                rule(row, now=now)


def expire_holds(now: datetime) -> None:
    """Free the numbers of holds and offers that ran out."""
    _each(expiry.overdue_holds(now=now), holding.expire, now=now)


def offer_places(now: datetime) -> None:
    """Offer freed numbers to those who wait for them, for as long as there is one of both."""
    with transaction():
        waiting.end_in_vain(now=now)
    for sitting_id in waiting.with_room(now=now):
        while _offered(sitting_id, now=now):
            pass


def _offered(sitting_id: int, *, now: datetime) -> bool:
    try:
        with transaction():
            return offering.offer(sitting_id, now=now) is not None
    except offering.Overtaken:
        return False


def lapse_requests(now: datetime) -> None:
    """End requests that nobody decided, and tell their patients."""
    _each(expiry.undecided(now=now), expiry.lapse, now=now)


def remind_doctors(now: datetime) -> None:
    """Remind doctors of requests half of whose time is over."""
    _each(expiry.to_remind(now=now), expiry.remind, now=now)


def remind_patients(now: datetime) -> None:
    """Remind patients a day and two hours before."""
    _each(reminding.day_before(now=now), reminding.remind_day_before, now=now)
    _each(reminding.near(now=now), reminding.remind_near, now=now)


def close_past(now: datetime) -> None:
    """Close what nobody ended within an hour after its sitting."""
    _each(closing.past(now=now), closing.close, now=now)


def end_cancelled(now: datetime) -> None:
    """End whatever is left of cancelled sittings, whoever rang for it or slipped in beside."""
    _end_left(now)


def end_sitting(sitting_id: int) -> None:
    """The same for the one sitting that was just cancelled: what the bell rings for."""
    _end_left(clock.now(), sitting_id)


def _end_left(now: datetime, sitting_id: int | None = None) -> None:
    for _ in range(MOST_BATCHES):
        ids = sitting_cancellation.left_over(now=now, sitting_id=sitting_id)
        if not ids:
            return
        _each(ids, sitting_cancellation.end, now=now)


def tell_late(now: datetime) -> None:
    """Tell patients of sittings whose lateness changed by so much that it matters."""
    for sitting_id in lateness.untold(now=now):
        _tell_late(sitting_id, now=now)


def tell_late_sitting(sitting_id: int) -> None:
    """The same for the one sitting whose lateness was just said: what the bell rings for."""
    now = clock.now()
    if sitting_id in lateness.untold(now=now):
        _tell_late(sitting_id, now=now)


def _tell_late(sitting_id: int, *, now: datetime) -> None:
    said = db.session.get(Sitting, sitting_id, populate_existing=True)
    if said is None:
        return
    change, minutes, last = said.late_changes, said.late_minutes, 0
    while ids := lateness.to_tell(sitting_id, after=last):
        with transaction():
            lateness.tell(ids, sitting_id=sitting_id, now=now)
        last = ids[-1]
    with transaction():
        lateness.all_told(sitting_id, change=change, minutes=minutes)


def purge(now: datetime) -> None:
    """Forget unpaid holds of more than thirty days ago, a batch a transaction, who waited then, and looks, once an hour."""
    with transaction():
        ours = turns.claim("appointments.purge", span=timedelta(hours=1), now=now)
        looking.purge(now=now)
        if ours:
            waiting.purge(now=now)
    for _ in range(MOST_BATCHES if ours else 0):
        ids = expiry.forgettable(now=now)
        if not ids:
            return
        with transaction():
            expiry.forget(ids)
