"""Money that goes back: claimed by one, sent once, never more than came."""

from datetime import timedelta

import pytest

from doctapp.appointments import cancelling
from doctapp.appointments.life import By
from doctapp.db import db, transaction
from doctapp.gateways.payments import RefundAnswer
from doctapp.payments import refunding
from tests.payments.steps import PRICE, again, paid, refund, refunds
from tests.people import HOUR, MINUTE, NOW

SECOND = timedelta(seconds=1)
DUE = NOW + 10 * MINUTE


@pytest.fixture
def owed(held, nasrin, online):
    """All of a payment goes back, because the clinic cancelled."""
    paid(held)
    with transaction():
        by = By("clinic", nasrin.id, online.clinic.id)
        cancelling.cancel(again(held), reason="away", by=by, now=NOW)
    return refund()


def claim(now=DUE):
    with transaction():
        return refunding.claim(refund().id, now=now)


def said(state, now=DUE, **given):
    with transaction():
        return refunding.answered(refund(), RefundAnswer(state, **given), now=now)


def silent(now=DUE, *, perhaps):
    with transaction():
        refunding.unanswered(refund(), fault="no answer", perhaps=perhaps, now=now)


def test_it_is_written_with_its_cause_and_our_own_id(owed):
    assert (owed.state, owed.amount, owed.currency, owed.asked) == ("refund_due", PRICE, "BDT", False)
    assert 21 <= len(owed.token) <= 30
    assert owed.cause.startswith("event:")


def test_our_id_is_committed_before_the_call_and_one_sender_has_it(owed):
    first, perhaps = claim()

    assert (first.state, first.asked, perhaps) == ("refunding", True, False)
    assert claim() is None
    assert claim(DUE + MINUTE)[1] is True


def test_what_the_gateway_is_told(owed):
    claim()

    order = refunding.order(refund())

    assert (order.token, order.amount, order.currency) == (owed.token, PRICE, "BDT")
    assert order.payment.startswith("payment of ")


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [("refunded", "refunded", True), ("failed", "refund_failed", False), ("pending", "refunding", False)],
)
def test_the_gateways_answer_is_written_down(owed, answer, state, told):
    claim()

    assert said(answer, gateway_ref="re_1") is told
    assert (refund().state, refund().gateway_ref, refund().lease_until) == (state, "re_1", None)


def test_an_answer_after_the_end_changes_nothing(owed):
    claim()
    said("refunded")

    assert said("failed") is False
    assert refund().state == "refunded"


def test_each_silence_is_followed_by_a_longer_pause(owed):
    pauses, now = [], DUE
    for _ in range(refunding.MOST_UNKNOWN):
        claim(now)
        silent(now, perhaps=True)
        if (left := refund().next_try_at) is not None:
            pauses.append(left - now)
            now = left

    assert pauses == [*refunding.PAUSES, refunding.PAUSES[-1]]
    assert refund().state == "refund_failed"


def test_what_was_surely_not_done_is_tried_for_ever(owed):
    now = DUE
    for _ in range(3 * refunding.MOST_UNKNOWN):
        claim(now)
        silent(now, perhaps=False)
        now += 5 * HOUR

    assert (refund().state, refund().asked) == ("refunding", False)


def test_what_is_on_its_way_counts_as_gone_and_what_was_withdrawn_does_not(owed):
    attempt_id = owed.attempt_id
    assert refunding.given_back(attempt_id) == PRICE
    with transaction():
        assert refunding.withdraw(owed.appointment_id, cause=owed.cause, now=NOW)
    assert refunding.given_back(attempt_id) == 0
    with transaction():  # as its undo would have
        db.session.execute(db.text("UPDATE appointment SET status = 'booked'"))


def test_only_what_was_not_begun_can_be_withdrawn(owed):
    claim()

    with transaction():
        assert not refunding.withdraw(owed.appointment_id, cause=owed.cause, now=NOW)

    assert refunds() == [(PRICE, "refunding")]


def test_only_what_failed_is_tried_again_or_settled_by_hand(owed, admin):
    with transaction():
        assert not refunding.try_again(refund(), now=NOW)
        assert not refunding.settle_by_hand(refund(), reference="x", by_id=admin.id, now=NOW)

    assert refund().state == "refund_due"
