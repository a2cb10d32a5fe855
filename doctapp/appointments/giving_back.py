"""What goes back when an appointment ends: by the policy that was copied to it, all of it where the clinic ended it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from doctapp.appointments import life
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db
from doctapp.payments import queries, receipts, refunding, settling
from doctapp.payments.models import Attempt


@dataclass(frozen=True)
class Money:
    """What is with us of a patient's money for an appointment, how much of it would go back (poisha), how it was paid."""

    paid: int = 0
    back: int = 0
    ways: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        """What the policy keeps for the chamber."""
        return self.paid - self.back


def share(row: Appointment, *, was: str, side: str, at: datetime) -> int:
    """How many percent of what was paid go back if this side ends it at this moment.

    All of it while it waits for the doctor, whenever it is not the patient who ends it, and where it was the clinic that
    gave it the time it has.
    """
    if side != "patient" or was != "booked" or row.refund_minutes is None or row.refund_percent is None:
        return 100
    return 100 if at <= whole_until(row) or _moved_by_clinic(row) else row.refund_percent


def whole_until(row: Appointment) -> datetime:
    """Until when the patient who cancels gets all of it back."""
    return row.about_at - timedelta(minutes=row.refund_minutes or 0)


def _moved_by_clinic(row: Appointment) -> bool:
    """Whether the last move that was not taken back was the clinic's."""
    undone = select(Event.undoes_id).where(Event.appointment_id == row.id, Event.undoes_id.is_not(None))
    moves = select(Event.side).where(Event.appointment_id == row.id, Event.act == "move", Event.id.not_in(undone))
    return db.session.scalar(moves.order_by(Event.id.desc()).limit(1)) == "clinic"


def ended(row: Appointment, event: Event, *, now: datetime) -> int:
    """Owe back what this end of the appointment gives back, once its undo has run out; how much that is (poisha)."""
    percent = share(row, was=event.was or "", side=event.side, at=event.at)
    not_before = life.undo_until(event) or now
    owed = 0
    for attempt, amount in _owed(row, percent):
        refund = refunding.due(attempt, amount=amount, cause=_cause(event), not_before=not_before, now=now)
        owed += refund.amount if refund else 0
        settling.decide(attempt, by_id=None, now=now)
    return owed


def planned(row: Appointment, *, side: str, now: datetime) -> Money:
    """What would go back if this side ended the appointment now."""
    money = Money()
    for attempt, amount in _owed(row, share(row, was=row.status, side=side, at=now)):
        left = (attempt.captured_amount or 0) - refunding.given_back(attempt.id)
        ways = dict.fromkeys((*money.ways, attempt.provider) if left else money.ways)
        money = Money(money.paid + left, money.back + min(amount, left), tuple(ways))
    return money


def _owed(row: Appointment, percent: int) -> Iterator[tuple[Attempt, int]]:
    """Each attempt that was captured, and this share of it.

    The policy keeps something only of what stood for the visit, which is what has a receipt.
    """
    for attempt in queries.captured(row.id):
        yield attempt, back(attempt.captured_amount or 0, percent if receipts.of(attempt) else 100)


def back(paid: int, percent: int) -> int:
    """This share of an amount in whole poisha, a part of a poisha in the patient's favour."""
    return paid - paid * (100 - percent) // 100


def undone(row: Appointment, event: Event, *, now: datetime) -> bool:
    """Take back what that end owed, and let an admin decide again; False where some of it is under way already."""
    withdrawn = refunding.withdraw(row.id, cause=_cause(event), now=now)
    settling.reopen(row.id, cause=_cause(event))
    return withdrawn


def _cause(event: Event) -> str:
    return f"event:{event.id}"
