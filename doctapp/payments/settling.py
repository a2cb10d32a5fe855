"""What the gateway says becomes ours: each event once, in any order, and captured money is never forgotten again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from doctapp.db import db, insert
from doctapp.gateways.payments import CAPTURED, EXPIRED, FAILED, Answer, Event
from doctapp.payments.models import Attempt, GatewayEvent, Refund


def heard(provider: str, event: Event, *, now: datetime) -> Attempt | None:
    """Write down a gateway's event; its attempt, or None where it is a repeat or none of ours."""
    attempt = db.session.scalars(select(Attempt).filter_by(provider=provider, token=event.answer.token)).first()
    if attempt is None:
        return None
    row = {"provider": provider, "event": event.id[:255], "attempt_id": attempt.id, "state": event.answer.state}
    writing = insert(GatewayEvent).values(**row, at=now).on_conflict_do_nothing().returning(GatewayEvent.id)
    return attempt if db.session.scalar(writing) is not None else None


def settle(attempt: Attempt, answer: Answer, *, now: datetime) -> bool:
    """Let the attempt become what the gateway's own answer says; False where that is nothing new.

    Captured wins over whatever it was thought to be, and is the last word: failed and expired end only what is open.
    An amount or a currency that was not asked, or a risk, is flagged for an admin (domain.md, "Money").
    """
    values: dict[str, Any] = {"ended_at": now, "next_query_at": None, "lease_until": None}
    settling = update(Attempt).where(Attempt.id == attempt.id)
    if answer.state == CAPTURED and answer.amount > 0:
        settling = settling.where(Attempt.state != CAPTURED)
        values |= {
            "state": CAPTURED,
            "payment": answer.payment,
            "captured_amount": answer.amount,
            "captured_currency": answer.currency,
            "captured_at": now,
            "flag": flag(attempt, answer),
        }
    elif answer.state in {FAILED, EXPIRED}:
        settling = settling.where(Attempt.state == "started")
        values |= {"state": answer.state}
    else:
        return False
    done: Any = db.session.execute(settling.values(**values), execution_options={"synchronize_session": False})
    db.session.refresh(attempt)
    return bool(done.rowcount == 1)


def flag(attempt: Attempt, answer: Answer) -> str:
    """Why an admin must look at this money before it books anything; empty where it is as it was asked."""
    if answer.currency != attempt.currency:
        return "currency"
    if answer.amount != attempt.amount:
        return "amount"
    return "risk" if answer.risky else ""


def decide(attempt: Attempt, *, by_id: int | None, now: datetime) -> bool:
    """An admin, or time, decided about flagged money; False where somebody had."""
    deciding = update(Attempt).where(Attempt.id == attempt.id, Attempt.flag != "", Attempt.decided_at.is_(None))
    done: Any = db.session.execute(
        deciding.values(decided_at=now, decided_by_id=by_id), execution_options={"synchronize_session": False}
    )
    db.session.refresh(attempt)
    return bool(done.rowcount == 1)


def reopen(appointment_id: int, *, cause: str) -> None:
    """Flagged money whose refund for this cause was withdrawn is for an admin to decide about again."""
    withdrawn = select(Refund.attempt_id).where(Refund.appointment_id == appointment_id, Refund.cause == cause)
    withdrawn = withdrawn.where(Refund.state == "withdrawn")
    reopening = update(Attempt).where(Attempt.id.in_(withdrawn), Attempt.decided_by_id.is_(None))
    db.session.execute(reopening.values(decided_at=None), execution_options={"synchronize_session": False})
