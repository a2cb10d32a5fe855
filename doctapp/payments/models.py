"""Attempts to pay, the gateways' events, refunds, receipts, and what a reconciliation found.

Money is integer poisha. Per attempt: captured = earned + refunded + due, where due is whatever refund is on its way.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from doctapp.db import Moment, Row

PROVIDERS = ("stripe", "sslcommerz", "sandbox")
PARTS = ("advance", "whole")
ATTEMPT_STATES = ("started", "captured", "failed", "expired")
REFUND_STATES = ("refund_due", "withdrawn", "refunding", "refunded", "refund_failed")
FLAGS = ("", "risk", "amount", "currency")
DIFFERENCES = ("missing_there", "missing_here", "amount", "currency", "refund")

_ASKED = text("next_query_at IS NOT NULL")
_FLAGGED = text("flag <> '' AND decided_at IS NULL")
_OPEN = text("state IN ('refund_due', 'refunding')")


class Attempt(Row):
    """One try to pay for one appointment at one gateway; `token` is its public address and the idempotency key.

    What was agreed when it began stays: `visit`, `price` (the whole fee), `amount` (what is asked now). Only the
    gateway's own answer makes it captured, and that may come when it was thought failed or expired. `flag` says why an
    admin must decide; `next_query_at` when the sweep asks the gateway again, none where there is nothing more to ask.
    """

    __tablename__ = "payment_attempt"
    __table_args__ = (
        CheckConstraint(f"provider IN {PROVIDERS}", name="provider"),
        CheckConstraint(f"part IN {PARTS}", name="part"),
        CheckConstraint(f"state IN {ATTEMPT_STATES}", name="state"),
        CheckConstraint(f"flag IN {FLAGS}", name="flag"),
        CheckConstraint("amount > 0 AND amount <= price", name="amount"),
        CheckConstraint("state <> 'captured' OR coalesce(captured_amount, 0) > 0", name="captured"),
        Index("ix_payment_attempt_asked", "next_query_at", sqlite_where=_ASKED, postgresql_where=_ASKED),
        Index("ix_payment_attempt_flagged", "captured_at", sqlite_where=_FLAGGED, postgresql_where=_FLAGGED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), index=True)
    provider: Mapped[str] = mapped_column(String(12))
    part: Mapped[str] = mapped_column(String(8))
    visit: Mapped[str] = mapped_column(String(10))
    price: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10), default="started")
    created_at: Mapped[datetime] = mapped_column(Moment)
    session: Mapped[str] = mapped_column(String(255), default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    payment: Mapped[str] = mapped_column(String(255), default="")
    captured_amount: Mapped[int | None]
    captured_currency: Mapped[str] = mapped_column(String(3), default="")
    captured_at: Mapped[datetime | None] = mapped_column(Moment)
    flag: Mapped[str] = mapped_column(String(10), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    next_query_at: Mapped[datetime | None] = mapped_column(Moment)
    queries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    fault: Mapped[str] = mapped_column(String(300), default="")
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class GatewayEvent(Row):
    """One event of a gateway that was applied; the unique pair makes a repeated one harmless."""

    __tablename__ = "gateway_event"
    __table_args__ = (UniqueConstraint("provider", "event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(12))
    event: Mapped[str] = mapped_column(String(255))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(Moment)


class Refund(Row):
    """Money that goes back; written in the transaction of its cause, sent once, after an undo's end.

    `token` is our id of it at the gateway, committed before the call. refund_due → withdrawn (by an undo) | refunding →
    refunded | refund_failed (a person sees to it).
    """

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("attempt_id", "cause"),
        CheckConstraint(f"state IN {REFUND_STATES}", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_refund_open", "next_try_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"))
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), index=True)
    cause: Mapped[str] = mapped_column(String(60))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(14), default="refund_due")
    created_at: Mapped[datetime] = mapped_column(Moment)
    not_before: Mapped[datetime] = mapped_column(Moment)
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    asked: Mapped[bool] = mapped_column(default=False)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    gateway_ref: Mapped[str] = mapped_column(String(255), default="")
    fault: Mapped[str] = mapped_column(String(300), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Receipt(Row):
    """The receipt of a captured attempt; its numbers run without a gap in each clinic."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("clinic_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"), unique=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment)


class ReceiptCounter(Row):
    """The last receipt number of a clinic; one upsert takes the next."""

    __tablename__ = "receipt_counter"

    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"), primary_key=True, autoincrement=False)
    last: Mapped[int]


class Difference(Row):
    """What a reconciliation found: the gateway says another thing of an attempt than we do; a person settles it."""

    __tablename__ = "difference"
    __table_args__ = (
        UniqueConstraint("attempt_id", "kind"),
        CheckConstraint(f"kind IN {DIFFERENCES}", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"))
    kind: Mapped[str] = mapped_column(String(14))
    ours: Mapped[str] = mapped_column(String(60))
    theirs: Mapped[str] = mapped_column(String(60))
    found_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
