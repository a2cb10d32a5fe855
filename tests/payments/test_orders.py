"""All orders of five events, each once and three times, on a hold that is live, expired, taken or cancelled.

The orders that begin alike are gone through as one, in a tree of savepoints; those that led to the same rows go on as one.
What should have come of each in the end is said by a small model of its own, below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import factorial
from typing import Any

import pytest
from sqlalchemy import select

from doctapp.appointments import cancelling, holding, paying, sitting_cancellation
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.appointments.models import Event as Happened
from doctapp.db import db, transaction
from doctapp.gateways.payments import Event
from doctapp.payments import receipts, settling
from doctapp.payments.models import Attempt, GatewayEvent, Receipt, Refund
from tests import make, money
from tests.payments import steps
from tests.people import HOUR, MINUTE, NOW

EVENTS = ("completed", "failed", "expired", "second", "end")
BEFORE = ("live", "expired", "taken", "cancelled")
LATER = NOW + 40 * MINUTE
KEPT = steps.PRICE // 2
READ = (
    select(Appointment.status, Appointment.paid, Appointment.method, Appointment.patient_id).order_by(Appointment.id),
    select(Attempt.id, Attempt.state, Attempt.flag, Attempt.decided_at).order_by(Attempt.id),
    select(GatewayEvent.event).order_by(GatewayEvent.event),
    select(Refund.attempt_id, Refund.amount, Refund.state).order_by(Refund.attempt_id),
    select(Receipt.attempt_id),
    select(Happened.act).order_by(Happened.id),
)


@dataclass(frozen=True)
class Expected:
    """What should have come of it: which payment stands, what went back of each, and whether the visit ended."""

    lost: bool
    stands: str = ""
    ended: bool = False
    expired: bool = False
    back: dict[str, int] = field(default_factory=dict)

    def after(self, event: str) -> Expected:
        """The first time that an event comes; the same again changes nothing, and no failure changes money."""
        if event == "end":
            if self.stands:
                return replace(self, ended=True, back={**self.back, self.stands: steps.PRICE - KEPT})
            return replace(self, expired=True)
        if event in {"failed", "expired"}:
            return self
        if self.lost or self.stands or self.ended:
            return replace(self, back={**self.back, event: steps.PRICE})
        return replace(self, stands=event)

    @property
    def status(self) -> str:
        if self.stands:
            return "cancelled" if self.ended else "booked"
        return "expired" if self.lost or self.expired else "held"


@dataclass
class Walk:
    """One state, and how often each event comes."""

    row: Appointment
    attempts: dict[str, Attempt]
    copies: int
    ends: set[str] = field(default_factory=set)
    gone: set[Any] = field(default_factory=set)

    def go(self, left: tuple[str, ...], expected: Expected) -> int:
        """Every order of what is left, from here; how many they are."""
        here = (left, str(expected), self.rows())
        if here in self.gone:
            return factorial(len(left))
        self.gone.add(here)
        if not left:
            self.look(expected)
            return 1
        orders = 0
        for event in left:
            with db.session.begin_nested() as place:
                for _ in range(self.copies):
                    self.doors()[event]()
                orders += self.go(tuple(each for each in left if each != event), expected.after(event))
                place.rollback()
            db.session.expire_all()
        return orders

    def rows(self) -> tuple[Any, ...]:
        """All that a rule may look at, past ids and moments."""
        return tuple(tuple(map(tuple, db.session.execute(query))) for query in READ)

    def doors(self) -> dict[str, Callable[[], Any]]:
        first, second = self.attempts["completed"], self.attempts["second"]
        return {
            "completed": lambda: self.tell(first, "captured"),
            "failed": lambda: self.tell(first, "failed"),
            "expired": lambda: self.tell(first, "expired"),
            "second": lambda: self.tell(second, "captured"),
            "end": self.end,
        }

    def tell(self, attempt: Attempt, state: str) -> None:
        """As the door does, inside its transaction."""
        event = Event(f"{state} {attempt.token}", steps.answer(attempt, state))
        mine = settling.heard(attempt.provider, event, now=LATER)
        if mine is not None:
            paying.hear(mine, event.answer, now=LATER)

    def end(self) -> None:
        """What is only kept runs out; what is booked its patient cancels, late; what ended stays so."""
        row = steps.again(self.row)
        if row.status == "held":
            holding.expire(row, now=LATER)
        elif row.status == "booked":
            cancelling.cancel(row, reason="time", by=By("patient", row.person_id), now=LATER)

    def look(self, expected: Expected) -> None:
        """Whether it ended right."""
        row = steps.again(self.row)
        back = dict(tuple(each) for each in db.session.execute(select(Refund.attempt_id, Refund.amount)))
        self.ends.add(row.status)
        assert row.status == expected.status
        assert back == {self.attempts[name].id: amount for name, amount in expected.back.items()}
        given = [name for name, attempt in self.attempts.items() if receipts.of(attempt)]
        assert given == ([expected.stands] if expected.stands else [])
        assert [found for found in money.owed() if not found.balanced] == []


@pytest.fixture
def walk(evening: Any, alice: Any, nasrin: Any, bob: Any, before: str) -> Callable[[int], Walk]:
    """Alice keeps serial 12 and pays for it twice; then it comes to what was `before`."""
    steps.takes_online(evening.chamber, refund_minutes=14 * 24 * 60, refund_percent=50)
    row = steps.kept(evening.sitting, alice, held_until=NOW + 20 * MINUTE)
    attempts = {"completed": steps.attempt_of(row), "second": steps.attempt_of(row, provider="stripe")}
    with transaction():
        if before == "cancelled":
            by = By("clinic", nasrin.id, evening.clinic.id)
            sitting_cancellation.cancel(evening.sitting.id, why="away", by=by, now=NOW)
            sitting_cancellation.end(steps.again(row), now=NOW)
        elif before != "live":
            holding.expire(steps.again(row), now=NOW + HOUR)
    if before == "taken":
        make.appointment(evening.sitting, number=12, of=bob.patients[0])
    return lambda copies: Walk(row, attempts, copies)


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("before", BEFORE)
def test_every_order_of_five_events_ends_right(walk: Callable[[int], Walk], before: str, copies: int) -> None:
    walking = walk(copies)
    with transaction():
        orders = walking.go(EVENTS, Expected(lost=before in {"taken", "cancelled"}, expired=before == "expired"))

    assert orders == 120
    assert walking.ends == ({"booked", "cancelled"} if before in {"live", "expired"} else {"expired"})
