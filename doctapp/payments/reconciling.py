"""Once a day the gateways are asked again about the last days; what they say otherwise is listed for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from doctapp.db import db, insert
from doctapp.gateways.payments import CAPTURED, Answer, RefundAnswer
from doctapp.payments.models import Attempt, Difference, Refund

LOOKS_BACK = timedelta(days=3)


def to_compare(*, now: datetime) -> Sequence[int]:
    """The ids of attempts of the last days that are over, or from which money went back: the gateway should say the same."""
    returned = select(Refund.attempt_id).where(Refund.state == "refunded", Refund.ended_at > now - LOOKS_BACK)
    lately = or_(Attempt.created_at > now - LOOKS_BACK, Attempt.id.in_(returned))
    query = select(Attempt.id).where(Attempt.state != "started", Attempt.session != "", lately)
    return db.session.scalars(query.order_by(Attempt.id)).all()


def returned(attempt_id: int) -> Sequence[Refund]:
    """What the gateway itself sent back of an attempt."""
    query = select(Refund).where(Refund.attempt_id == attempt_id, Refund.state == "refunded", Refund.by_id.is_(None))
    return db.session.scalars(query.order_by(Refund.id)).all()


def compare(attempt: Attempt, answer: Answer, *, now: datetime) -> tuple[str, str, str] | None:
    """List in what the gateway's answer differs from what we know of the attempt, if it does."""
    found = difference(attempt, answer)
    if found is not None:
        note(attempt.id, found, now=now)
    return found


def compare_refund(refund: Refund, answer: RefundAnswer, *, now: datetime) -> None:
    """List a refund that we believe was sent, and of which the gateway knows nothing, or that it took back."""
    if answer.state in {"none", "failed"}:
        note(refund.attempt_id, ("refund", refund.state, answer.state), now=now)


def difference(attempt: Attempt, answer: Answer) -> tuple[str, str, str] | None:
    """In what the gateway differs from us: the kind, what we say, what it says."""
    ours, theirs = attempt.state == CAPTURED, answer.state == CAPTURED
    if ours and not theirs:
        return "missing_there", attempt.state, answer.state
    if theirs and not ours:
        return "missing_here", attempt.state, answer.state
    if not ours:
        return None
    if answer.currency != attempt.captured_currency:
        return "currency", attempt.captured_currency, answer.currency
    if answer.amount != attempt.captured_amount:
        return "amount", str(attempt.captured_amount), str(answer.amount)
    if answer.payment and answer.payment != attempt.payment:
        return "missing_here", attempt.payment, answer.payment  # the same order was paid twice
    return None


def note(attempt_id: int, found: tuple[str, str, str], *, now: datetime) -> None:
    """List a difference, once."""
    kind, ours, theirs = found
    row = {"attempt_id": attempt_id, "kind": kind, "ours": ours[:60], "theirs": theirs[:60], "found_at": now}
    db.session.execute(insert(Difference).values(**row).on_conflict_do_nothing())


def settle(difference: Difference, *, by_id: int, now: datetime) -> bool:
    """A person saw to it; False where somebody was first."""
    settling = update(Difference).where(Difference.id == difference.id, Difference.settled_at.is_(None))
    settling = settling.values(settled_at=now, settled_by_id=by_id)
    done = db.session.execute(settling, execution_options={"synchronize_session": False})
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]
