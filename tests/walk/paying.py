"""What is paid for a number that is kept, what the gateway says of it, and what goes back; in any order with all else."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from doctapp.appointments import paying
from doctapp.appointments.life import By
from doctapp.db import db
from doctapp.gateways.payments import Answer, RefundAnswer
from doctapp.payments import refunding
from doctapp.payments.models import Attempt, Refund
from tests.walk.booking import BOOKING, Booking
from tests.walk.steps import PICK, SOMETIMES, there_is

PART = st.sampled_from(["whole", "advance"])
SAYS = st.sampled_from(["captured", "captured", "captured", "risky", "failed", "expired"])


class Paying(Booking):
    """Payments begin, come, fail, come late or twice, and are decided about; refunds are sent."""

    @rule(**BOOKING, part=PART, says=SAYS, again=SOMETIMES)
    def book_and_pay(self, part: str, says: str, again: bool, **given: int) -> None:
        self.paid(part, says, again, **given)

    @rule(**BOOKING, part=PART, says=SAYS)
    def book_and_pay_too(self, part: str, says: str, **given: int) -> None:
        self.paid(part, says, False, **given)

    def paid(self, part: str, says: str, again: bool, **given: int) -> None:
        """All the way to the gateway, which then says something, mostly that it has the money."""
        held = {row.id for row in self.seen.of("held")}
        self.booked(**given, request=False)
        for row_id in sorted({row.id for row in self.seen.of("held")} - held):
            if self.act(lambda row_id=row_id: self.begin(row_id, part), again=again):
                self.told(self.payments()[-1], says, again=again)

    @precondition(there_is("held", "offered"))
    @rule(pick=PICK, part=PART, wild=SOMETIMES, again=SOMETIMES)
    def begin_to_pay(self, pick: int, part: str, wild: bool, again: bool) -> None:
        row_id = self.pick(pick, "held", "offered", wild=wild).id
        self.act(lambda: self.begin(row_id, part), again=again)

    def begin(self, row_id: int, part: str) -> None:
        paying.begin(self.row(row_id), provider="sandbox", part=part, fee_seen=None, now=self.now)

    def payments(self) -> list[Any]:
        return list(db.session.scalars(select(Attempt).order_by(Attempt.id)))

    @rule(pick=PICK, says=SAYS, again=SOMETIMES)
    def hear(self, pick: int, says: str, again: bool) -> None:
        """The gateway says something of some payment, perhaps long after it began, or once more."""
        attempts = self.payments()
        if attempts:
            self.told(attempts[-1 - pick % len(attempts)], says, again=again)

    def told(self, attempt: Attempt, says: str, *, again: bool) -> None:
        attempt_id, token, amount = attempt.id, attempt.token, attempt.amount
        answer = Answer(token, says)
        if says in {"captured", "risky"}:
            answer = Answer(token, "captured", f"payment {attempt_id}", amount, "BDT", risky=says == "risky")
        self.act(lambda: paying.hear(self.payment(attempt_id), answer, now=self.now), again=again)

    def payment(self, attempt_id: int) -> Attempt:
        attempt = db.session.get(Attempt, attempt_id, populate_existing=True)
        assert attempt is not None
        return attempt

    @rule(pick=PICK, stands=st.booleans(), again=SOMETIMES)
    def decide(self, pick: int, stands: bool, again: bool) -> None:
        """The office decides about flagged money, or tries to about what it decided before."""
        flagged = [attempt.id for attempt in self.payments() if attempt.flag]
        if flagged:
            attempt_id, decided = flagged[-1 - pick % len(flagged)], paying.let_stand if stands else paying.give_back
            by = By("admin", self.place.admin)
            self.act(lambda: decided(self.payment(attempt_id), by=by, now=self.now), again=again)

    @rule(state=st.sampled_from(["refunded", "pending", "failed"]))
    def send(self, state: str) -> None:
        """A sweep sends what is due, and the gateway answers."""
        self.act(lambda: self.sent(state))

    def sent(self, state: str) -> None:
        for refund_id in refunding.to_send(now=self.now):
            claimed = refunding.claim(refund_id, now=self.now)
            if claimed is not None:
                refunding.answered(claimed[0], RefundAnswer(state, gateway_ref=f"back {refund_id}"), now=self.now)
        assert not db.session.scalars(select(Refund.id).where(Refund.not_before > self.now, Refund.asked)).all()
