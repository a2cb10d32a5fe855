"""The money equation (domain.md, invariant 4), computed from the rows alone: captured = earned + refunded + due.

Earned is only a visit that stands, of one payment, or what the copied policy keeps of a patient's cancellation. Money
that an admin has yet to decide about is earned by nobody: it is `undecided`, and only where the appointment still lives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import exists, select

from doctapp.appointments.models import Appointment, Event
from doctapp.db import db
from doctapp.payments.models import Attempt, Receipt, Refund

LIVES = {"requested", "booked", "arrived", "called", "in_consultation"}
HAPPENED = {"completed", "no_show", "left", "elapsed"}
DUE = {"refund_due", "refunding", "refund_failed"}

ATTEMPTS = (
    select(
        Attempt.id, Attempt.appointment_id, Attempt.captured_amount, Attempt.captured_currency, Attempt.flag,
        Attempt.decided_at, Receipt.number.label("receipt"), Appointment.status, Appointment.paid, Appointment.about_at,
        Appointment.refund_minutes, Appointment.refund_percent, Appointment.last_event_id, Appointment.ref,
    )
    .join(Appointment, Appointment.id == Attempt.appointment_id)
    .outerjoin(Receipt, Receipt.attempt_id == Attempt.id)
    .where(Attempt.state == "captured")
    .order_by(Attempt.appointment_id, Attempt.id)
)  # fmt: skip


@dataclass(frozen=True)
class Sum:
    """What became of one captured payment, in poisha."""

    attempt: int
    captured: int
    earned: int
    refunded: int
    due: int
    undecided: int

    @property
    def balanced(self) -> bool:
        """Whether each poisha is in one place, and in no second."""
        return self.captured == self.earned + self.refunded + self.due + self.undecided


def owed() -> list[Sum]:
    """Where each captured payment's money is."""
    rows = list(db.session.execute(ATTEMPTS))
    if not rows:
        return []
    refunds: dict[int, list[Any]] = defaultdict(list)
    for refund in db.session.execute(select(Refund.attempt_id, Refund.state, Refund.amount, Refund.currency)):
        refunds[refund.attempt_id].append(refund)
    events = _events({row.appointment_id for row in rows})
    found = []
    for appointment_id, payments in groupby(rows, lambda row: row.appointment_id):
        found += _of_one(list(payments), refunds, events[appointment_id])
    return found


def balanced() -> None:
    """Assert that the equation holds for every payment; one statement where there is none."""
    db.session.rollback()
    if db.session.scalar(select(exists().where(Attempt.state == "captured"))):
        assert [row for row in owed() if not row.balanced] == []
        assert list(_amiss()) == []


def total() -> str:
    """The equation's sums, in one line."""
    sums = owed()
    said = {
        name: sum(getattr(row, name) for row in sums) for name in ("captured", "earned", "refunded", "due", "undecided")
    }
    return f"{len(sums)} payments: " + ", ".join(f"{amount} {name}" for name, amount in said.items())


def _of_one(payments: list[Any], refunds: dict[int, list[Any]], events: list[Any]) -> Iterable[Sum]:
    """The payments for one appointment; the one with a receipt is the one that stands, or stood."""
    for row in payments:
        gone = [refund for refund in refunds[row.id] if refund.state != "withdrawn"]
        back = sum(refund.amount for refund in gone if refund.state == "refunded")
        due = sum(refund.amount for refund in gone if refund.state in DUE)
        open_question = row.flag and row.decided_at is None and not gone and row.status in LIVES | HAPPENED
        yield Sum(
            row.id,
            captured=row.captured_amount,
            earned=_earned(row, events) if row.receipt else 0,
            refunded=back,
            due=due,
            undecided=row.captured_amount if open_question else 0,
        )


def _earned(row: Any, events: list[Any]) -> int:
    """All of it for a visit that stands; of one that its patient cancelled late, what the policy keeps."""
    if row.status in LIVES | HAPPENED:
        return int(row.captured_amount)
    last = next(event for event in events if event.id == row.last_event_id)
    policy = row.refund_minutes is not None and row.refund_percent is not None
    if not policy or (last.act, last.was, last.side) != ("cancel", "booked", "patient"):
        return 0
    whole_until: datetime = row.about_at - timedelta(minutes=row.refund_minutes)
    if last.at <= whole_until or _moved_by_clinic(events):
        return 0
    return int(row.captured_amount) * (100 - row.refund_percent) // 100


def _moved_by_clinic(events: list[Any]) -> bool:
    """Whether its time is one that the clinic chose."""
    moves = []
    for event in events:
        if event.act == "move":
            moves.append(event)
        elif event.act == "undo" and moves and event.undoes_id == moves[-1].id:
            moves.pop()
    return bool(moves) and moves[-1].side == "clinic"


def _events(appointment_ids: set[int]) -> dict[int, list[Any]]:
    query = select(Event.id, Event.appointment_id, Event.act, Event.was, Event.side, Event.at, Event.undoes_id)
    found: dict[int, list[Any]] = defaultdict(list)
    for event in db.session.execute(query.where(Event.appointment_id.in_(appointment_ids)).order_by(Event.id)):
        found[event.appointment_id].append(event)
    return found


def _amiss() -> Iterable[str]:
    """What else must be so: one receipt and one payment that stands an appointment, and its amount on the row."""
    for _, payments in groupby(db.session.execute(ATTEMPTS), lambda row: row.appointment_id):
        rows = list(payments)
        with_receipt = [row for row in rows if row.receipt]
        if len(with_receipt) > 1:
            yield f"{rows[0].ref} has {len(with_receipt)} receipts"
        if rows[0].paid != (with_receipt[0].captured_amount if with_receipt else 0):
            yield f"{rows[0].ref}: {rows[0].paid} paid, receipts {[row.captured_amount for row in with_receipt]}"
    wrong = select(Refund.id).join(Attempt, Attempt.id == Refund.attempt_id)
    wrong = wrong.where((Refund.currency != Attempt.captured_currency) | (Attempt.state != "captured"))
    yield from (f"refund {refund_id} is of nothing that was captured" for refund_id in db.session.scalars(wrong))
    twice = select(Refund.gateway_ref).where(Refund.gateway_ref != "").group_by(Refund.gateway_ref)
    yield from (f"{ref} is the number of two refunds" for ref in db.session.scalars(twice.having(db.func.count() > 1)))
