"""In what a gateway differs from us, and who saw to it."""

import pytest

from doctapp.db import db, transaction
from doctapp.gateways.payments import Answer
from doctapp.payments import reconciling
from doctapp.payments.models import Attempt, Difference, Refund
from tests.payments.steps import attempt_of, heard, paid
from tests.people import HOUR, NOW

CAPTURED = Attempt(state="captured", captured_amount=70000, captured_currency="BDT", payment="pi_1")
FAILED = Attempt(state="failed", captured_currency="", payment="")


def said(state="captured", payment="pi_1", amount=70000, currency="BDT"):
    return Answer("token", state, payment, amount, currency)


@pytest.mark.parametrize(
    ("attempt", "answer", "kind"),
    [
        (CAPTURED, said(), None),
        (CAPTURED, said(payment=""), None),
        (CAPTURED, said("open"), "missing_there"),
        (CAPTURED, said("failed"), "missing_there"),
        (CAPTURED, said(amount=69999), "amount"),
        (CAPTURED, said(currency="USD"), "currency"),
        (CAPTURED, said(payment="pi_2"), "missing_here"),
        (FAILED, said(), "missing_here"),
        (FAILED, said("expired"), None),
        (FAILED, said("open"), None),
    ],
)
def test_what_differs(attempt, answer, kind):
    found = reconciling.difference(attempt, answer)

    assert (found and found[0]) == kind


def test_a_difference_is_listed_once_and_settled_once(held, admin):
    attempt = attempt_of(held)
    for theirs in ("1", "2"):
        with transaction():
            reconciling.note(attempt.id, ("amount", "0", theirs), now=NOW)
    found = db.session.scalars(db.select(Difference)).one()
    assert found.theirs == "1"

    with transaction():
        settled = [reconciling.settle(found, by_id=admin.id, now=NOW) for _ in range(2)]

    assert settled == [True, False]


def test_the_last_three_days_are_compared_as_far_as_they_are_over(held):
    open_one = attempt_of(held)
    over = attempt_of(held)
    heard(over, "failed")
    old = attempt_of(held, created_at=NOW - 73 * HOUR, state="failed")
    never_begun = attempt_of(held, state="failed", session="")
    now_paid = attempt_of(held)
    heard(now_paid)

    found = reconciling.to_compare(now=NOW)

    assert list(found) == [over.id, now_paid.id]
    assert not {open_one.id, old.id, never_begun.id} & set(found)


def test_an_older_payment_is_compared_when_money_of_it_went_back_lately(held):
    attempt = paid(held)
    db.session.execute(db.update(Attempt).values(created_at=NOW - 100 * HOUR, session="s"))
    db.session.commit()
    assert reconciling.to_compare(now=NOW) == []

    values = {"token": "r", "cause": "late", "amount": 1, "currency": "BDT", "created_at": NOW, "not_before": NOW}
    refund = Refund(attempt_id=attempt.id, appointment_id=held.id, state="refunded", ended_at=NOW, **values)
    db.session.add(refund)
    db.session.commit()
    assert list(reconciling.to_compare(now=NOW)) == [attempt.id]
    db.session.delete(refund)
    db.session.commit()
