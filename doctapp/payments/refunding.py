"""Money goes back: written with its cause, withdrawn by an undo, sent once.

A sender has the refund by a lease, and our id of it is committed before the gateway is called. Whoever finds one that
was perhaps asked for asks the gateway first; what cannot be known is for a person, never asked for blindly again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from doctapp.db import db, insert, lock
from doctapp.gateways.payments import RefundAnswer, RefundOrder
from doctapp.payments.models import Attempt, Refund

LEASE = timedelta(seconds=60)
LOOK_AGAIN = timedelta(hours=1)
PAUSES = tuple(timedelta(seconds=pause) for pause in (30, 60, 300, 900, 3600, 4 * 3600))
MOST_UNKNOWN = 8
BATCH = 50
GOING_BACK = ("refund_due", "refunding", "refunded", "refund_failed")


def given_back(attempt_id: int) -> int:
    """How much of an attempt went back, or is on its way (poisha)."""
    query = select(func.coalesce(func.sum(Refund.amount), 0))
    return db.session.scalar(query.where(Refund.attempt_id == attempt_id, Refund.state.in_(GOING_BACK))) or 0


def due(
    attempt: Attempt, *, amount: int | None = None, cause: str, not_before: datetime, now: datetime
) -> Refund | None:
    """Owe this much of a captured attempt, or all that is left of it; once a cause, and never more than was captured."""
    lock(Attempt, attempt.id)
    db.session.refresh(attempt)
    left = (attempt.captured_amount or 0) - given_back(attempt.id)
    amount = left if amount is None else min(amount, left)
    if amount <= 0:
        return None
    writing = insert(Refund).values(
        token=secrets.token_urlsafe(16),
        attempt_id=attempt.id,
        appointment_id=attempt.appointment_id,
        cause=cause,
        amount=amount,
        currency=attempt.captured_currency,
        state="refund_due",
        created_at=now,
        not_before=not_before,
        next_try_at=not_before,
        tries=0,
        asked=False,
        gateway_ref="",
        fault="",
    )
    row_id = db.session.scalar(writing.on_conflict_do_nothing().returning(Refund.id))
    return db.session.get(Refund, row_id) if row_id is not None else None


def owed(appointment_id: int, *, cause: str) -> int:
    """How much goes back for this cause (poisha)."""
    query = select(func.coalesce(func.sum(Refund.amount), 0))
    mine = (Refund.appointment_id == appointment_id, Refund.cause == cause)
    return db.session.scalar(query.where(*mine, Refund.state.in_(GOING_BACK))) or 0


def withdraw(appointment_id: int, *, cause: str, now: datetime) -> bool:
    """Take back what is owed for this cause, because the cause was undone; False where some of it was sent already."""
    mine = (Refund.appointment_id == appointment_id, Refund.cause == cause)
    withdrawing = update(Refund).where(*mine, Refund.state == "refund_due")
    _execute(withdrawing.values(state="withdrawn", ended_at=now, next_try_at=None))
    sent = select(Refund.id).where(*mine, Refund.state.in_(GOING_BACK)).limit(1)
    return db.session.scalar(sent) is None


def to_send(*, now: datetime) -> Sequence[int]:
    """The ids of refunds that are to be sent, or asked about, now."""
    query = select(Refund.id).where(Refund.state.in_(("refund_due", "refunding")), Refund.next_try_at <= now)
    return db.session.scalars(query.order_by(Refund.next_try_at).limit(BATCH)).all()


def claim(refund_id: int, *, now: datetime) -> tuple[Refund, bool] | None:
    """Take the right to send a refund for a minute, and whether it was perhaps asked for before; None where another has it."""
    before = db.session.scalar(select(Refund.asked).where(Refund.id == refund_id))
    taking = update(Refund).where(
        Refund.id == refund_id,
        Refund.state.in_(("refund_due", "refunding")),
        Refund.not_before <= now,
        Refund.next_try_at <= now,
        Refund.asked.is_(bool(before)),
        or_(Refund.lease_until.is_(None), Refund.lease_until <= now),
    )
    taken = taking.values(
        state="refunding", asked=True, tries=Refund.tries + 1, lease_until=now + LEASE, next_try_at=now + LEASE
    )
    if _execute(taken) != 1:
        return None
    refund = db.session.get(Refund, refund_id, populate_existing=True)
    assert refund is not None
    return refund, bool(before)


def order(refund: Refund) -> RefundOrder:
    """The refund as its gateway takes it."""
    attempt = db.session.get(Attempt, refund.attempt_id)
    assert attempt is not None
    return RefundOrder(
        token=refund.token,
        payment=attempt.payment,
        session=attempt.session,
        order=attempt.token,
        amount=refund.amount,
        currency=refund.currency,
        gateway_ref=refund.gateway_ref,
    )


def answered(refund: Refund, answer: RefundAnswer, *, now: datetime) -> bool:
    """Write down what the gateway said of it; True where the money is back now."""
    values: dict[str, Any] = {"lease_until": None, "gateway_ref": answer.gateway_ref or refund.gateway_ref}
    if answer.state == "refunded":
        values |= {"state": "refunded", "ended_at": now, "next_try_at": None, "fault": ""}
    elif answer.state == "failed":
        values |= {"state": "refund_failed", "ended_at": now, "next_try_at": None, "fault": answer.fault[:300]}
    else:
        values |= {"next_try_at": now + LOOK_AGAIN, "tries": 0, "fault": ""}
    writing = update(Refund).where(Refund.id == refund.id, Refund.state == "refunding")
    return _execute(writing.values(**values)) == 1 and answer.state == "refunded"


def unanswered(refund: Refund, *, fault: str, perhaps: bool, now: datetime) -> None:
    """The gateway said nothing: try again later, or ask first where it was `perhaps` done; in the end a person looks."""
    values: dict[str, Any] = {"lease_until": None, "fault": fault[:300], "asked": perhaps}
    if perhaps and refund.tries >= MOST_UNKNOWN:
        values |= {"state": "refund_failed", "ended_at": now, "next_try_at": None}
    else:
        values |= {"next_try_at": now + PAUSES[min(refund.tries, len(PAUSES)) - 1]}
    _execute(update(Refund).where(Refund.id == refund.id, Refund.state == "refunding").values(**values))


def leave_to_a_person(refund: Refund, *, fault: str, now: datetime) -> None:
    """The gateway will never do it, or can't be asked whether it did."""
    ending = update(Refund).where(Refund.id == refund.id, Refund.state == "refunding")
    values = {"state": "refund_failed", "ended_at": now, "next_try_at": None, "lease_until": None}
    _execute(ending.values(**values, fault=fault[:300]))


def try_again(refund: Refund, *, now: datetime) -> bool:
    """A person lets a failed refund be sent once more, after asking the gateway; False where somebody was first."""
    again = update(Refund).where(Refund.id == refund.id, Refund.state == "refund_failed")
    return _execute(again.values(state="refunding", tries=0, next_try_at=now, ended_at=None, lease_until=None)) == 1


def settle_by_hand(refund: Refund, *, reference: str, by_id: int, now: datetime) -> bool:
    """A person paid it back another way, with this reference; False where somebody was first."""
    settling = update(Refund).where(Refund.id == refund.id, Refund.state == "refund_failed")
    return _execute(settling.values(state="refunded", gateway_ref=reference[:255], by_id=by_id, ended_at=now)) == 1


def _execute(statement: Any) -> int:
    done: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)
