"""Receipts: one a payment that stands, numbered in each clinic without a gap."""

import pytest

from doctapp.db import db, transaction
from doctapp.payments import receipts
from doctapp.payments.models import Receipt
from tests import make
from tests.payments.steps import ProcessDied, again, attempt_of, die_after, paid
from tests.people import NOW


def give(attempt, clinic):
    with transaction():
        return receipts.give(again(attempt), clinic_id=clinic.id, now=NOW).number


def numbers():
    return db.session.scalars(db.select(Receipt.number).order_by(Receipt.clinic_id, Receipt.number)).all()


def test_a_payment_that_stands_has_one(held):
    attempt = paid(held)

    assert receipts.of(attempt).number == 1
    assert receipts.of(attempt).at == NOW


def test_the_same_payment_keeps_its_number(held, online):
    attempt = attempt_of(held)

    assert give(attempt, online.clinic) == give(attempt, online.clinic) == 1


def test_each_clinic_counts_for_itself(held, online):
    other = make.clinic()
    given = [give(attempt_of(held), clinic) for clinic in (online.clinic, online.clinic, other, online.clinic)]

    assert given == [1, 2, 1, 3]


def test_a_number_whose_payment_was_taken_back_is_given_again(held, online):
    give(attempt_of(held), online.clinic)
    lost, kept = attempt_of(held), attempt_of(held)
    with pytest.raises(ProcessDied):
        die_after(lambda: receipts.give(again(lost), clinic_id=online.clinic.id, now=NOW))

    give(kept, online.clinic)

    assert numbers() == [1, 2]
