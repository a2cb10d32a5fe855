"""What pages read of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from doctapp.db import db
from doctapp.payments import attempts, receipts, refunding
from doctapp.payments.models import Attempt, Receipt, Refund


@dataclass(frozen=True)
class Payment:
    """An attempt to pay as pages tell of it, with what went back of it or is on its way."""

    attempt: Attempt
    state: str
    refunds: Sequence[Refund]
    receipt: Receipt | None

    @property
    def goes_back(self) -> int:
        """How much of it went back, or is on its way (poisha)."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def stands(self) -> int:
        """How much of it came and does not go back (poisha)."""
        return (self.attempt.captured_amount or 0) - self.goes_back


def payment(attempt: Attempt) -> Payment:
    """All that is told of one attempt."""
    found = refunds(attempt.id)
    return Payment(attempt, _state(attempt, found), found, receipts.of(attempt))


def payments(appointment_id: int) -> list[Payment]:
    """All that was tried to pay for an appointment, the newest first."""
    return [payment(attempt) for attempt in attempts.of(appointment_id)]


def refunds(attempt_id: int) -> Sequence[Refund]:
    """What went back of an attempt, or is on its way, oldest first; what was withdrawn is not among it."""
    query = select(Refund).where(Refund.attempt_id == attempt_id, Refund.state.in_(refunding.GOING_BACK))
    return db.session.scalars(query.order_by(Refund.id).execution_options(populate_existing=True)).all()


def state(attempt: Attempt) -> str:
    """The one word for how a payment stands to its payer.

    starting, waiting, failed, expired, looked_at (an admin decides), paid, refund_due, refunding, refunded, refund_failed.
    """
    return _state(attempt, refunds(attempt.id))


def _state(attempt: Attempt, found: Sequence[Refund]) -> str:
    if attempt.state == "started":
        return "waiting" if attempt.url else "starting"
    if attempt.state != "captured":
        return attempt.state
    going_back = {refund.state for refund in found}
    for worst in ("refund_failed", "refunding", "refund_due", "refunded"):
        if worst in going_back:
            return worst
    return "looked_at" if attempt.flag and attempt.decided_at is None else "paid"


def captured(appointment_id: int) -> list[Attempt]:
    """The attempts of an appointment whose money came."""
    return [attempt for attempt in attempts.of(appointment_id) if attempt.state == "captured"]


def stands(appointment_id: int) -> int:
    """How much of a patient's money is with us for an appointment: what came, less what goes back (poisha)."""
    return sum((each.captured_amount or 0) - refunding.given_back(each.id) for each in captured(appointment_id))
