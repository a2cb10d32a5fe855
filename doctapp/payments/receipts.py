"""Receipts: one a captured attempt that stands; their numbers run without a gap in each clinic."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from doctapp.db import db, insert
from doctapp.payments.models import Attempt, Receipt, ReceiptCounter


def give(attempt: Attempt, *, clinic_id: int, now: datetime) -> Receipt:
    """The receipt of this attempt, with the clinic's next number if it has none yet; taken in the payment's transaction."""
    known = of(attempt)
    if known is not None:
        return known
    counting = insert(ReceiptCounter).values(clinic_id=clinic_id, last=1)
    counting = counting.on_conflict_do_update(index_elements=["clinic_id"], set_={"last": ReceiptCounter.last + 1})
    number = db.session.scalar(counting.returning(ReceiptCounter.last))
    receipt = Receipt(attempt_id=attempt.id, clinic_id=clinic_id, number=number, at=now)
    db.session.add(receipt)
    db.session.flush()
    return receipt


def of(attempt: Attempt) -> Receipt | None:
    """The receipt of an attempt, if it has one."""
    return db.session.scalars(select(Receipt).filter_by(attempt_id=attempt.id)).first()
